#include "cli/export.h"

#include "cli/session.h"

namespace telekv::cli {

Result<Answer> export_users(const ExportOptions& options, const Surroundings& surroundings) {
  // First, so that a place that cannot be written costs no download.
  Result<std::unique_ptr<TableWriter>> writer =
      open_writer(options.format, options.output, surroundings.streams);
  if (!writer) return writer.error();
  NewSession session = Session::create(options.source, surroundings);
  if (!session) return session.error();
  surroundings.tell("restoring the newest state");
  const Result<StoredState> state = (*session)->read_state();
  if (!state) return state.error();
  surroundings.tell("writing " + std::to_string((*session)->users().size()) + " users");
  const Result<ExportCounts> written = write_table((*session)->users(), **writer);
  if (!written) return written.error();

  Answer answer{.report = state->report};
  answer.report["output"] = options.output;
  answer.report["names_mended"] = written->names_mended;
  if (state->fallback) {
    answer.problem =
        Error{ErrorCode::kDamaged, "the newest state cannot be restored",
              "restore point " + std::to_string(state->fallback->number) + " was exported instead"};
  }
  if (!answer.problem) answer.problem = (*session)->damaged_file();
  return answer;
}

}  // namespace telekv::cli
