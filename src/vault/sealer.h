// Seals objects for the chat and opens them again: a 64-byte header that says what the object is, a
// nonce, and the body under XChaCha20-Poly1305 with the header as associated data, so that an
// object can be neither changed nor put in another's place. docs/format.md has the layout.
//
// Immutable; any thread. Linear in the object's size. Opening hostile bytes yields kDamaged,
// kWrongKey or kUnsupportedVersion and never reads outside them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "kv/bytes.h"
#include "kv/error.h"
#include "vault/key.h"
#include "vault/random.h"

namespace telekv::vault {

enum class ObjectKind : std::uint8_t { kRoot = 1, kChunk = 2, kSegment = 3, kHistory = 4 };

/// What an object is; sealed with it and demanded at opening.
struct ObjectIdentity {
  ObjectKind kind{};
  std::int64_t epoch = 0;      ///< ballot of the writer's root; 0 in a candidate root
  std::uint64_t writer = 0;    ///< the writing process's random nonce
  std::uint64_t sequence = 0;  ///< position in the history
  std::uint32_t number = 0;    ///< position within its base, from 0

  friend bool operator==(const ObjectIdentity&, const ObjectIdentity&) = default;
};

/// All that an object's header says. Nothing of it is proven.
struct ObjectHeader {
  ObjectIdentity identity;
  bool sealed = false;                   ///< under a key; otherwise with a checksum only
  std::array<std::uint8_t, 8> key_id{};  ///< Key::id() of that key
};

class Sealer {
 public:
  /// Bytes an object is larger than its body.
  static constexpr std::size_t kOverhead = 64 + 24 + 16;

  static Sealer with_key(const Key& key);

  /// No secrecy: the body stays readable and a BLAKE2b checksum stands in the place of the seal.
  /// For operators who chose it explicitly; a sealer with a key refuses to open such objects.
  static Sealer plaintext();

  /// Must never repeat under one key; 24 random bytes do not.
  using Nonce = std::array<std::uint8_t, 24>;
  static Nonce make_nonce(Random& random);

  Bytes seal(const ObjectIdentity& identity, ByteView body, const Nonce& nonce) const;

  /// Who an object says it is. Only open() proves it.
  static Result<ObjectIdentity> peek(ByteView object);

  static Result<ObjectHeader> read_header(ByteView object);

  /// The body of an object that is exactly `expected`.
  Result<Bytes> open(const ObjectIdentity& expected, ByteView object) const;

 private:
  struct Keyed {
    std::array<std::uint8_t, 32> sealing_key;
    std::array<std::uint8_t, 8> id;
  };
  explicit Sealer(std::optional<Keyed> keyed) : keyed_(keyed) {}

  Bytes header(const ObjectIdentity& identity) const;

  std::optional<Keyed> keyed_;
};

/// BLAKE2b-256 of stored bytes: the content hash by which a manifest names an object.
Bytes content_hash(ByteView bytes);

}  // namespace telekv::vault
