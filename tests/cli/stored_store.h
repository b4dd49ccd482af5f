// A store as documents in a folder, as somebody downloaded them: a root, a base of one chunk, a
// segment, a tail and a history with one restore point.
#pragma once

#include <string>
#include <vector>

#include "cli/settings.h"
#include "scratch.h"
#include "telekv.pb.h"
#include "vault/roots.h"
#include "vault/sealer.h"

namespace telekv::cli {

inline constexpr const char* kKey =
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
inline constexpr const char* kOtherKey =
    "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// An environment of these variables alone.
inline Environment environment(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  };
}

class StoredStore {
 public:
  static constexpr std::int64_t kRootId = 900;

  explicit StoredStore(const Scratch& scratch)
      : scratch_(scratch), key_(vault::Key::parse(kKey).value()) {
    Users users({.hash_seed = 3, .digest_key = key_.digest_key()});
    for (kv::Key key = 1; key <= 100; ++key) {
      (void)users.insert(key, {.name = "somebody", .clicks = 7});
    }
    (void)users.take_changes();
    format::State state;
    state.set_sequence(10);
    add_base(users, state);
    describe(users, state);
    add_history(state);
    write_root(state, kRootId - 1, "older_root.tkv");
    (void)users.update(5, [](bot::User& user) { user.clicks = 8; });
    format::Deltas segment;
    append_delta(users, 11, *segment.add_deltas());
    format::Object* named = state.add_segments();
    *named = store({.kind = vault::ObjectKind::kSegment, .sequence = 11, .number = 1},
                   segment.SerializeAsString(), "segment.tkv");
    users.erase(6);
    append_delta(users, 12, *state.add_tail());
    state.set_sequence(12);
    describe(users, state);
    write_root(std::move(state), kRootId, "root.tkv");
    content_ = content(users);
  }

  const Content& users() const { return content_; }
  std::string root() const { return scratch_.path("root.tkv"); }
  /// Of the restore point, superseded since.
  std::string older_root() const { return scratch_.path("older_root.tkv"); }
  std::string chunk() const { return scratch_.path("chunk.tkv"); }
  std::string segment() const { return scratch_.path("segment.tkv"); }
  std::string history() const { return scratch_.path("history.tkv"); }
  std::vector<std::string> all() const { return {chunk(), history(), root(), segment()}; }

 private:
  static constexpr std::uint64_t kWriter = 0x1122334455667788;

  static void append_delta(Users& users, std::uint64_t sequence, format::Delta& delta) {
    delta.set_sequence(sequence);
    delta.set_columns(users.take_changes()->encode());
  }

  static void describe(const Users& users, format::State& state) {
    const kv::Digest digest = users.digest();
    state.set_digest(digest.data(), digest.size());
    state.set_records(users.size());
    state.set_committed_at(1'769'860'800);  // 2026-01-31T12:00:00Z
  }

  Bytes seal(const vault::ObjectIdentity& identity, const Bytes& body) {
    return vault::Sealer::with_key(key_).seal(identity, body, {++nonce_});
  }

  format::Object store(vault::ObjectIdentity identity, const Bytes& body, const std::string& name) {
    identity.epoch = kRootId;
    identity.writer = kWriter;
    const Bytes sealed = seal(identity, body);
    scratch_.write(name, sealed);
    format::Object object;
    object.set_message_id(++message_);
    object.set_file_id("file of " + name);
    object.set_size(sealed.size());
    object.set_content_hash(vault::content_hash(sealed));
    object.set_epoch(identity.epoch);
    object.set_writer(identity.writer);
    object.set_sequence(identity.sequence);
    object.set_number(identity.number);
    return object;
  }

  void add_base(Users& users, format::State& state) {
    const auto walk = users.begin_snapshot(std::size_t{1} << 20);
    std::unique_ptr<const kv::Encodable> chunk;
    while (!chunk) chunk = walk->step(1000);
    state.mutable_base()->set_sequence(10);
    *state.mutable_base()->add_chunks() =
        store({.kind = vault::ObjectKind::kChunk, .sequence = 10}, chunk->encode(), "chunk.tkv");
  }

  void add_history(const format::State& state) {
    format::History history;
    format::RestorePoint* point = history.add_points();
    point->set_number(4);
    *point->mutable_state() = state;
    history.set_last_number(4);
    history_ = store({.kind = vault::ObjectKind::kHistory, .sequence = 10},
                     history.SerializeAsString(), "history.tkv");
  }

  void write_root(format::State state, std::int64_t id, const std::string& name) {
    format::Manifest manifest;
    manifest.set_standing(format::Manifest::ACTIVE);
    manifest.set_ballot(id);
    manifest.set_writer(kWriter);
    *manifest.mutable_history() = history_;
    const vault::ObjectIdentity identity{.kind = vault::ObjectKind::kRoot,
                                         .epoch = id,
                                         .writer = kWriter,
                                         .sequence = state.sequence()};
    *manifest.mutable_state() = std::move(state);
    scratch_.write(name, seal(identity, manifest.SerializeAsString()));
  }

  const Scratch& scratch_;
  vault::Key key_;
  std::uint8_t nonce_ = 0;
  std::int64_t message_ = 700;
  format::Object history_;
  Content content_;
};

}  // namespace telekv::cli
