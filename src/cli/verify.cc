#include "cli/verify.h"

#include "cli/session.h"

namespace telekv::cli {

Result<Answer> verify(const VerifyOptions& options, const Surroundings& surroundings) {
  Result<std::unique_ptr<Session>> session = Session::create(options.source, surroundings);
  if (!session) return session.error();
  surroundings.tell("restoring the newest state");
  const Result<StoredState> state = (*session)->read_state();
  if (!state) return state.error();
  Answer answer{.report = state->report};
  answer.report["restore_points"] = (*session)->vault().history().points_size();
  if (state->fell_back) {
    answer.problem = Error{ErrorCode::kDamaged, "the newest state cannot be restored",
                           "the next start of the bot would bring back the state shown here"};
  }
  return answer;
}

}  // namespace telekv::cli
