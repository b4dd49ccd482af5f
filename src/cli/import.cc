#include "cli/import.h"

#include "cli/session.h"
#include "cli/table_reader.h"

namespace telekv::cli {
namespace {

Error not_empty(std::uint64_t users) {
  return Error{ErrorCode::kNeedsDecision,
               "the store holds " + std::to_string(users) + " users already",
               "with --replace the imported users take their place"};
}

/// A first look, before anything is claimed.
Result<void> check_store(const ImportOptions& options, Session& session) {
  const Result<vault::OpenReport> opened = session.run(session.vault().read(session.deadline()));
  if (!opened) return opened.error();
  if (opened->records > 0 && !options.replace) return not_empty(opened->records);
  return {};
}

Result<Report> put(const ImportOptions& options, const UserList& imported, Session& session,
                   const Surroundings& surroundings) {
  surroundings.tell("taking the vault over");
  const Result<vault::OpenReport> opened = session.run(session.vault().open(session.deadline()));
  if (!opened) return opened.error();
  const std::uint64_t before = session.users().size();
  if (before > 0 && !options.replace) return not_empty(before);
  if (before > 0) {
    const auto kept = session.run(session.vault().make_point(session.deadline()));
    if (!kept) return kept.error();
  }
  const Result<std::uint64_t> forgotten = imported.put_into(session.users());
  if (!forgotten) return forgotten.error();
  const std::uint64_t users = session.users().size();
  surroundings.tell("saving " + std::to_string(users) + " users");
  const Result<vault::CommitReport> saved = session.run(session.vault().commit(session.deadline()));
  if (!saved) return saved.error();
  return Report{{"rows", imported.size()},
                {"users", users},
                {"duplicates", imported.size() - users},
                {"users_before", before},
                {"users_forgotten", *forgotten},
                {"root", vault::to_int(session.vault().root())},
                {"sequence", saved->sequence},
                {"bytes", saved->root_bytes + saved->object_bytes}};
}

Result<Import> read_input(const ImportOptions& options, const Surroundings& surroundings) {
  surroundings.tell("reading " + shown_name(options.file));
  const Result<Bytes> text = read_file(options.file, kMaxImportBytes, surroundings.streams);
  if (!text) return text.error();
  return read_import(*text, shown_name(options.file));
}

}  // namespace

Result<Answer> import_file(const ImportOptions& options, const Surroundings& surroundings) {
  const Result<Import> import = read_input(options, surroundings);
  if (!import) return import.error();

  vault::VaultOptions vault_options;
  // Users in this number are a base, not a change of one.
  vault_options.delta_bound_records = 0;
  if (options.init) vault_options.when_absent = vault::WhenAbsent::kStartEmpty;
  const Source source{.chat = true, .files = {}, .plaintext = options.plaintext};
  NewSession session = Session::create(source, surroundings, std::move(vault_options));
  if (!session) return session.error();
  if (Result<void> checked = check_store(options, **session); !checked) return checked.error();
  Result<Report> report = put(options, import->users, **session, surroundings);
  if (!report) return report.error();
  (*report)["names_changed"] = import->names_changed;
  return Answer{.report = *std::move(report)};
}

}  // namespace telekv::cli
