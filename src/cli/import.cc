#include "cli/import.h"

#include <vector>

#include "cli/session.h"
#include "cli/table_reader.h"

namespace telekv::cli {
namespace {

using Users = kv::Table<bot::User>;

Error not_empty(std::uint64_t users) {
  return Error{ErrorCode::kNeedsDecision,
               "the store holds " + std::to_string(users) + " users already",
               "with --replace the imported users take their place"};
}

struct Merged {
  std::uint64_t forgotten = 0;  ///< users that the import does not have
};

/// Makes `users` hold exactly what `imported` holds. A user that stays is changed in place, because
/// one that is erased could not be brought back by a restore point.
Result<Merged> take_over(const Users& imported, Users& users) {
  std::vector<kv::Key> gone;
  users.for_each([&](kv::Key key, const bot::User&) {
    if (!imported.find(key)) gone.push_back(key);
  });
  for (const kv::Key key : gone) users.erase(key);
  Result<void> outcome;
  imported.for_each([&](kv::Key key, const bot::User& user) {
    if (!outcome) return;
    const bool known = users.find(key).has_value();
    outcome = known ? users.update(key, [&](bot::User& stored) { stored = user; })
                    : users.insert(key, user);
  });
  if (!outcome) return outcome.error();
  return Merged{.forgotten = gone.size()};
}

/// A first look, before anything is claimed.
Result<void> check_store(const ImportOptions& options, Session& session) {
  const Result<vault::OpenReport> opened = session.run(session.vault().read(session.deadline()));
  if (!opened) return opened.error();
  if (opened->records > 0 && !options.replace) return not_empty(opened->records);
  return {};
}

Result<Report> put(const ImportOptions& options, const Users& imported, Session& session,
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
  const Result<Merged> merged = take_over(imported, session.users());
  if (!merged) return merged.error();
  surroundings.tell("saving " + std::to_string(imported.size()) + " users");
  const Result<vault::CommitReport> saved = session.run(session.vault().commit(session.deadline()));
  if (!saved) return saved.error();
  return Report{{"users_before", before},
                {"users_forgotten", merged->forgotten},
                {"root", vault::to_int(session.vault().root())},
                {"sequence", saved->sequence},
                {"bytes", saved->root_bytes + saved->object_bytes}};
}

}  // namespace

Result<Answer> import_file(const ImportOptions& options, const Surroundings& surroundings) {
  surroundings.tell("reading " + shown_name(options.file));
  const Result<Bytes> text = read_file(options.file, kMaxImportBytes, surroundings.streams);
  if (!text) return text.error();
  vault::SystemRandom random;
  Users imported({.hash_seed = random.next_u64(), .digest_key = {}});
  const Result<ImportCounts> counts = import_users(*text, shown_name(options.file), imported);
  if (!counts) return counts.error();

  vault::VaultOptions vault_options;
  // Users in this number are a base, not a change of one.
  vault_options.delta_bound_records = 0;
  if (options.init) vault_options.when_absent = vault::WhenAbsent::kStartEmpty;
  const Source source{.chat = true, .files = {}, .plaintext = options.plaintext};
  Result<std::unique_ptr<Session>> session =
      Session::create(source, surroundings, std::move(vault_options));
  if (!session) return session.error();
  if (Result<void> checked = check_store(options, **session); !checked) return checked.error();
  Result<Report> put_report = put(options, imported, **session, surroundings);
  if (!put_report) return put_report.error();

  Answer answer{.report = {{"rows", counts->rows},
                           {"users", counts->users},
                           {"duplicates", counts->duplicates},
                           {"names_changed", counts->names_changed}}};
  for (const auto& [name, value] : *put_report) answer.report[name] = value;
  return answer;
}

}  // namespace telekv::cli
