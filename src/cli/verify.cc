#include "cli/verify.h"

#include <boost/json/array.hpp>

#include "cli/session.h"
#include "cli/stored_content.h"

namespace telekv::cli {
namespace {

/// Restores every restore point beside the table. A document that was not downloaded proves
/// nothing; everything else is a problem.
void verify_points(const Source& source, Session& session, const Surroundings& surroundings,
                   Answer& answer) {
  boost::json::array points;
  const format::History& history = session.vault().history();
  for (const format::RestorePoint& point : history.points()) {
    const std::string name = "restore point " + std::to_string(point.number());
    surroundings.tell("restoring " + name + ", " + std::to_string(points.size() + 1) + " of " +
                      std::to_string(history.points_size()));
    Report row = describe_point(point);
    const Result<void> restored = session.try_restoring(point.state());
    row["restored"] = restored ? "yes" : "no: " + restored.error().message;
    points.push_back(std::move(row));
    const bool unproven =
        !restored && !source.chat && restored.error().code == ErrorCode::kNotFound;
    if (restored || unproven || answer.problem) continue;
    answer.problem = restored.error();
    answer.problem->message = name + " cannot be restored: " + restored.error().message;
  }
  answer.report["restore_points"] = std::move(points);
}

}  // namespace

Result<Answer> verify(const VerifyOptions& options, const Surroundings& surroundings) {
  Result<std::unique_ptr<Session>> session = Session::create(options.source, surroundings);
  if (!session) return session.error();
  surroundings.tell("restoring the newest state");
  const Result<StoredState> state = (*session)->read_state();
  if (!state) return state.error();
  Answer answer{.report = state->report};
  if (state->fell_back) {
    answer.problem = Error{ErrorCode::kDamaged, "the newest state cannot be restored",
                           "the next start of the bot would bring back the state shown here"};
  }
  verify_points(options.source, **session, surroundings, answer);
  return answer;
}

}  // namespace telekv::cli
