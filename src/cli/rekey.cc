#include "cli/rekey.h"

#include <array>
#include <boost/json/array.hpp>
#include <memory>
#include <optional>
#include <utility>

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

/// Takes over a vault whose newest state the key in use opens.
NewSession take_over(bool plaintext, vault::Sealer other_key, const Surroundings& surroundings) {
  vault::VaultOptions options;
  options.other_key = std::move(other_key);
  const Source source{.chat = true, .files = {}, .plaintext = plaintext};
  NewSession created = Session::create(source, surroundings, std::move(options));
  if (!created) return created;
  Session& session = **created;
  if (const Result<StoredState> state = session.read_state(); !state) return state.error();
  surroundings.tell("taking the vault over");
  const Result<vault::OpenReport> opened = session.run(session.vault().open(session.deadline()));
  if (!opened) return opened.error();
  return created;
}

Answer describe(const vault::RekeyReport& done, const vault::Key& key, Session& session,
                const Surroundings& surroundings) {
  const std::array<std::uint8_t, 8> id = key.id();
  boost::json::array left;
  for (const vault::MessageId message : done.left) left.push_back(vault::to_int(message));
  if (!left.empty()) {
    surroundings.warn(
        "Telegram neither edits nor deletes some messages that the old key opens: "
        "delete them by hand, where you can");
  }
  return Answer{
      .report = {{"root", vault::to_int(session.vault().root())},
                 {"sequence", done.sequence},
                 {"users", done.records},
                 {"key_id", hex(ByteView(reinterpret_cast<const char*>(id.data()), id.size()))},
                 {"still_under_the_old_key", std::move(left)},
                 {"next", "set TELEKV_KEY to what TELEKV_NEW_KEY holds, then start the bot"}}};
}

Result<Answer> put_in_force(const vault::Key& next, bool plaintext,
                            const Surroundings& surroundings) {
  const NewSession session = take_over(plaintext, vault::Sealer::with_key(next), surroundings);
  if (!session) return session.error();
  vault::SystemRandom random;
  Users users({.hash_seed = random.next_u64(), .digest_key = next.digest_key()});
  const auto copy_users = [&]() -> Result<kv::Durable*> {
    if (Result<void> copied = copy((*session)->users(), users); !copied) return copied.error();
    return &users;
  };
  surroundings.tell("sealing everything with the new key");
  const Result<vault::RekeyReport> done = (*session)->run(
      (*session)->vault().rekey(vault::Sealer::with_key(next), copy_users, (*session)->deadline()));
  if (!done) return done.error();
  return describe(*done, next, **session, surroundings);
}

/// Where an earlier run has put the new key in force, but did not come to its end.
Result<Answer> finish(const vault::Key& next, const std::optional<vault::Key>& old,
                      const Surroundings& surroundings) {
  Surroundings renewed = surroundings;
  renewed.environment = with_new_key(surroundings.environment);
  vault::Sealer old_sealer = old ? vault::Sealer::with_key(*old) : vault::Sealer::plaintext();
  const NewSession session = take_over(false, std::move(old_sealer), renewed);
  if (!session) return session.error();
  surroundings.warn("the new key is in force already: what is left of the old one is overwritten");
  const Result<vault::RekeyReport> done =
      (*session)->run((*session)->vault().finish_rekey((*session)->deadline()));
  if (!done) return done.error();
  return describe(*done, next, **session, surroundings);
}

}  // namespace

Result<Answer> rekey(const RekeyOptions& options, const Surroundings& surroundings) {
  const Result<vault::Key> next = read_new_key(surroundings.environment, options.plaintext);
  if (!next) return next.error();
  const Result<std::optional<vault::Key>> old =
      read_key(surroundings.environment, options.plaintext);
  if (!old) return old.error();
  Result<Answer> done = put_in_force(*next, options.plaintext, surroundings);
  if (done || done.error().code != ErrorCode::kWrongKey) return done;
  done = finish(*next, *old, surroundings);
  if (done || done.error().code != ErrorCode::kWrongKey) return done;
  return Error{ErrorCode::kWrongKey, "neither key opens the newest state that the chat holds",
               "set TELEKV_KEY to the key that the bot has used last"};
}

}  // namespace telekv::cli
