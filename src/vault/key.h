// The vault's key: 32 secret bytes kept outside Telegram, as its developer terms require. Purposes
// get keys of their own, derived with BLAKE2b (libsodium crypto_kdf), so that no two uses share
// one. Immutable after construction; any thread may read it. The bytes are wiped when the object
// dies.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "kv/error.h"
#include "vault/random.h"

namespace telekv::vault {

class Key {
 public:
  static constexpr std::size_t kBytes = 32;

  /// Reads 64 hexadecimal digits, or 43 characters of base64 / base64url (44 with padding).
  /// kInvalidArgument otherwise; the message never repeats the text.
  static Result<Key> parse(std::string_view text);

  /// From a passphrase of at least kMinPassphrase bytes, by Argon2id (RFC 9106; libsodium, 3 passes
  /// over 64 MiB: some 0.2 s). `salt` is public and tells two bots apart that have the same one.
  /// kInvalidArgument when it is shorter, kUnavailable without the memory.
  static constexpr std::size_t kMinPassphrase = 16;
  static Result<Key> from_passphrase(std::string_view passphrase, std::string_view salt);

  /// What TELEKV_KEY holds: this and a passphrase, or what parse() reads.
  static constexpr std::string_view kPassphrasePrefix = "passphrase:";
  static Result<Key> from_setting(std::string_view text, std::string_view salt);

  static Key generate(Random& random);

  Key(const Key&) = default;
  Key& operator=(const Key&) = default;
  ~Key();

  /// What Key::parse() reads back: 64 hexadecimal digits.
  std::string to_hex() const;

  /// Seals the vault's objects.
  std::array<std::uint8_t, 32> sealing_key() const;

  /// Keys the table's digest; the same in every run, so that a restore can prove itself.
  std::array<std::uint8_t, 16> digest_key() const;

  /// Names the key without revealing it, so that a wrong key can be told from damaged bytes.
  std::array<std::uint8_t, 8> id() const;

 private:
  Key() = default;
  template <std::size_t N>
  std::array<std::uint8_t, N> derive(std::uint64_t purpose) const;

  std::array<std::uint8_t, kBytes> bytes_{};
};

}  // namespace telekv::vault
