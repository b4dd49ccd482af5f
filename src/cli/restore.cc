#include "cli/restore.h"

#include <charconv>
#include <ctime>
#include <optional>
#include <system_error>

#include "cli/session.h"
#include "cli/stored_content.h"
#include "vault/history.h"
#include "vault/stored_bytes.h"

namespace telekv::cli {
namespace {

std::optional<std::uint64_t> parse_number(const std::string& text) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const std::from_chars_result read = std::from_chars(text.data(), end, value);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return value;
}

/// Seconds since the Unix epoch: of the last second that the text can mean.
std::optional<std::int64_t> parse_time(std::string text) {
  if (text.ends_with('Z')) text.pop_back();
  constexpr std::int64_t kDay = 86'400;
  constexpr std::int64_t kMinute = 60;
  for (const auto& [format, span] :
       {std::pair("%Y-%m-%dT%H:%M:%S", std::int64_t{1}), std::pair("%Y-%m-%dT%H:%M", kMinute),
        std::pair("%Y-%m-%d", kDay)}) {
    std::tm parts{};
    const char* end = strptime(text.c_str(), format, &parts);
    if (end != nullptr && *end == '\0') return timegm(&parts) + span - 1;
  }
  return std::nullopt;
}

const format::RestorePoint* newest_until(const format::History& history, std::int64_t time) {
  const format::RestorePoint* found = nullptr;
  for (const format::RestorePoint& point : history.points()) {
    if (point.state().committed_at() <= time) found = &point;
  }
  return found;
}

Report describe_plan(const format::RestorePoint& point, const Report& newest) {
  return Report{{"restore", describe_point(point)}, {"instead_of", newest}};
}

NewSession session_from(std::uint64_t point, const Source& source,
                        const Surroundings& surroundings) {
  vault::VaultOptions options;
  options.start_from_point = point;
  return Session::create(source, surroundings, std::move(options));
}

/// What a restore would make the newest state.
Result<void> try_out(const format::RestorePoint& point, const Source& source,
                     const Surroundings& surroundings, Report& report) {
  NewSession session = session_from(point.number(), source, surroundings);
  if (!session) return session.error();
  surroundings.tell("restoring point " + std::to_string(point.number()) + " beside the chat");
  const Result<StoredState> state = (*session)->read_state(vault::bytes_of(point.state()));
  if (!state) return state.error();
  report["users"] = state->report.at("users");
  report["still_forgotten"] = state->forgotten;
  return {};
}

Result<void> bring_back(const format::RestorePoint& chosen, Session& session,
                        const Surroundings& surroundings, Report& report) {
  // The vault's own copy of the point goes when it opens.
  const std::uint64_t number = chosen.number();
  const std::uint64_t point_bytes = vault::bytes_of(chosen.state());
  surroundings.tell("taking the vault over");
  const std::uint64_t newest_bytes = vault::bytes_of(session.vault().manifest().state());
  const Result<vault::OpenReport> opened =
      session.run(session.vault().open(session.deadline()), newest_bytes);
  if (!opened) {
    Error error = opened.error();
    if (vault::is_broken(error) || error.code == ErrorCode::kUnavailable) {
      error.hint = "should this go on, the newest state is lost: add --newest-is-lost";
    }
    return error;
  }
  surroundings.tell("restoring point " + std::to_string(number));
  const Result<vault::RestoreReport> restored =
      session.run(session.vault().restore(number, session.deadline()), point_bytes);
  if (!restored) return restored.error();
  if (restored->unsaved) return *restored->unsaved;
  report["users"] = restored->records;
  report["sequence"] = restored->sequence;
  report["still_forgotten"] = restored->forgotten;
  return {};
}

Result<void> start_from(std::uint64_t point, const Source& source, const Surroundings& surroundings,
                        Report& report) {
  NewSession session = session_from(point, source, surroundings);
  if (!session) return session.error();
  surroundings.tell("taking the vault over with point " + std::to_string(point));
  vault::Vault& vault = (*session)->vault();
  const Result<vault::OpenReport> opened = (*session)->run(vault.open((*session)->deadline()));
  if (!opened) return opened.error();
  report["users"] = opened->records;
  report["sequence"] = opened->sequence;
  report["still_forgotten"] = opened->fallback ? opened->fallback->records - opened->records : 0;
  return {};
}

}  // namespace

Result<const format::RestorePoint*> choose_point(const format::History& history,
                                                 const std::string& at) {
  const format::RestorePoint* point = nullptr;
  if (const std::optional<std::uint64_t> number = parse_number(at)) {
    point = vault::find_point(history, *number);
  } else if (const std::optional<std::int64_t> time = parse_time(at)) {
    point = newest_until(history, *time);
  } else {
    return Error{ErrorCode::kInvalidArgument, "--at needs a restore point's number or a time",
                 "for example: --at 7, --at 2026-01-31, --at 2026-01-31T12:00Z"};
  }
  if (point != nullptr) return point;
  return Error{ErrorCode::kNotFound, "there is no restore point for --at " + at,
               "telekv snapshots --chat lists them"};
}

Result<Answer> restore(const RestoreOptions& options, const Surroundings& surroundings) {
  const Source source{.chat = true, .files = {}, .plaintext = options.plaintext};
  const NewSession created = Session::create(source, surroundings);
  if (!created) return created.error();
  Session& session = **created;
  const Result<Report> newest = session.read_names();
  if (!newest) return newest.error();
  if (session.vault().history_problem()) return *session.vault().history_problem();
  Result<const format::RestorePoint*> point = choose_point(session.vault().history(), options.at);
  if (!point) return point.error();
  Answer answer{.report = describe_plan(**point, *newest)};
  answer.report["done"] = !options.dry_run;
  const Result<void> changed =
      options.dry_run          ? try_out(**point, source, surroundings, answer.report)
      : options.newest_is_lost ? start_from((*point)->number(), source, surroundings, answer.report)
                               : bring_back(**point, session, surroundings, answer.report);
  if (!changed) return changed.error();
  return answer;
}

}  // namespace telekv::cli
