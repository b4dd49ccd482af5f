#include "cli/rekey.h"

#include "cli/session.h"

namespace telekv::cli {
namespace {

// Of no consequence: the chunks never leave the process.
constexpr std::size_t kChunkBytes = std::size_t{1} << 22;

using Users = kv::Table<bot::User>;

/// The same records under another table's digest key, with whatever a newer version has added.
Result<void> copy(Users& from, Users& to) {
  const std::unique_ptr<kv::SnapshotWalk> walk = from.begin_snapshot(kChunkBytes);
  while (!walk->done()) {
    const std::unique_ptr<const kv::Encodable> chunk = walk->step(from.size() + 1);
    if (!chunk) continue;
    if (Result<void> loaded = to.load_chunk(chunk->encode()); !loaded) return loaded;
  }
  to.finish_loading();
  return {};
}

}  // namespace

Result<Answer> rekey(const RekeyOptions& options, const Surroundings& surroundings) {
  const Source source{.chat = true, .files = {}, .plaintext = options.plaintext};
  const Result<vault::Key> next = read_new_key(surroundings.environment, options.plaintext);
  if (!next) return next.error();
  Result<std::unique_ptr<Session>> created = Session::create(source, surroundings);
  if (!created) return created.error();
  Session& session = **created;
  if (const Result<StoredState> state = session.read_state(); !state) return state.error();

  surroundings.tell("taking the vault over");
  const Result<vault::OpenReport> opened = session.run(session.vault().open(session.deadline()));
  if (!opened) return opened.error();
  vault::SystemRandom random;
  Users users({.hash_seed = random.next_u64(), .digest_key = next->digest_key()});
  if (Result<void> copied = copy(session.users(), users); !copied) return copied.error();
  surroundings.tell("sealing everything with the new key");
  const Result<vault::CommitReport> saved =
      session.run(session.vault().rekey(vault::Sealer::with_key(*next), users, session.deadline()));
  if (!saved) return saved.error();
  const std::array<std::uint8_t, 8> id = next->id();
  return Answer{
      .report = {{"root", vault::to_int(session.vault().root())},
                 {"sequence", saved->sequence},
                 {"users", saved->records},
                 {"key_id", hex(ByteView(reinterpret_cast<const char*>(id.data()), id.size()))},
                 {"next", "set TELEKV_KEY to what TELEKV_NEW_KEY holds, then start the bot"}}};
}

}  // namespace telekv::cli
