#include "cli/verify.h"

#include <boost/json/array.hpp>

#include "cli/session.h"
#include "cli/stored_content.h"

namespace telekv::cli {
namespace {

// The newest state has had its time: a point whose document is not served must not keep the answer
// back for as long again.
constexpr std::chrono::seconds kPointFailingFor{60};

/// A document that was not downloaded proves nothing; everything else is a problem.
bool is_problem(const Error& error, const Source& source) {
  return source.chat || error.code != ErrorCode::kNotFound;
}

/// Restores every restore point beside the table.
void verify_points(const Source& source, Session& session, const Surroundings& surroundings,
                   Answer& answer) {
  if (const std::optional<Error>& unknown = session.vault().history_problem()) {
    answer.report["restore_points"] = "unknown: " + unknown->message;
    if (!answer.problem && is_problem(*unknown, source)) answer.problem = *unknown;
    return;
  }
  boost::json::array points;
  const format::History& history = session.vault().history();
  for (const format::RestorePoint& point : history.points()) {
    const std::string name = "restore point " + std::to_string(point.number());
    surroundings.tell("restoring " + name + ", " + std::to_string(points.size() + 1) + " of " +
                      std::to_string(history.points_size()));
    Report row = describe_point(point);
    const Result<void> restored = session.try_restoring(point.state(), kPointFailingFor);
    row["restored"] = restored ? "yes" : "no: " + restored.error().message;
    points.push_back(std::move(row));
    if (restored || answer.problem || !is_problem(restored.error(), source)) continue;
    answer.problem = restored.error();
    answer.problem->message = name + " cannot be restored: " + restored.error().message;
  }
  answer.report["restore_points"] = std::move(points);
}

}  // namespace

Result<Answer> verify(const VerifyOptions& options, const Surroundings& surroundings) {
  NewSession session = Session::create(options.source, surroundings);
  if (!session) return session.error();
  surroundings.tell("restoring the newest state");
  const Result<StoredState> state = (*session)->read_state();
  if (!state) return state.error();
  Answer answer{.report = state->report};
  if (state->fallback) {
    answer.problem = Error{ErrorCode::kDamaged, "the newest state cannot be restored",
                           options.source.chat
                               ? "the next start of the bot would bring back the state shown here"
                               : "download what is missing or left out again"};
  }
  verify_points(options.source, **session, surroundings, answer);
  if (!answer.problem) answer.problem = (*session)->damaged_file();
  return answer;
}

}  // namespace telekv::cli
