#include "vault/key.h"

#include <sodium.h>

namespace telekv::vault {
namespace {

// Numbers of crypto_kdf subkeys. Stored data depends on them: never change or reuse one.
constexpr std::uint64_t kPurposeSealing = 1;
constexpr std::uint64_t kPurposeDigest = 2;
constexpr std::uint64_t kPurposeId = 3;
constexpr char kContext[crypto_kdf_CONTEXTBYTES + 1] = "telekv01";

static_assert(Key::kBytes == crypto_kdf_KEYBYTES);

// Stored data depends on them as well.
constexpr unsigned long long kArgonPasses = 3;
constexpr std::size_t kArgonBytes = 64u << 20;

bool decode_hex(std::string_view text, std::array<std::uint8_t, Key::kBytes>& out) {
  std::size_t size = 0;
  return text.size() == 2 * Key::kBytes &&
         sodium_hex2bin(out.data(), out.size(), text.data(), text.size(), nullptr, &size,
                        nullptr) == 0 &&
         size == out.size();
}

bool decode_base64(std::string_view text, int variant, std::array<std::uint8_t, Key::kBytes>& out) {
  std::size_t size = 0;
  return sodium_base642bin(out.data(), out.size(), text.data(), text.size(), nullptr, &size,
                           nullptr, variant) == 0 &&
         size == out.size();
}

}  // namespace

Result<Key> Key::parse(std::string_view text) {
  Key key;
  if (decode_hex(text, key.bytes_)) return key;
  for (const int variant :
       {sodium_base64_VARIANT_ORIGINAL, sodium_base64_VARIANT_ORIGINAL_NO_PADDING,
        sodium_base64_VARIANT_URLSAFE, sodium_base64_VARIANT_URLSAFE_NO_PADDING}) {
    if (decode_base64(text, variant, key.bytes_)) return key;
  }
  return Error{
      ErrorCode::kInvalidArgument,
      "the vault key must be 32 bytes, as 64 hexadecimal digits or in base64; this one has " +
          std::to_string(text.size()) + " characters",
      "make one with: telekv keygen"};
}

Result<Key> Key::from_passphrase(std::string_view passphrase, std::string_view salt) {
  if (passphrase.size() < kMinPassphrase) {
    return Error{ErrorCode::kInvalidArgument,
                 "the passphrase has " + std::to_string(passphrase.size()) +
                     " characters, at least " + std::to_string(kMinPassphrase) + " are needed",
                 "take several words, or make a key with: telekv keygen"};
  }
  std::array<std::uint8_t, crypto_pwhash_argon2id_SALTBYTES> hashed_salt{};
  crypto_generichash(hashed_salt.data(), hashed_salt.size(),
                     reinterpret_cast<const unsigned char*>(salt.data()), salt.size(), nullptr, 0);
  Key key;
  if (crypto_pwhash_argon2id(key.bytes_.data(), key.bytes_.size(), passphrase.data(),
                             passphrase.size(), hashed_salt.data(), kArgonPasses, kArgonBytes,
                             crypto_pwhash_argon2id_ALG_ARGON2ID13) != 0) {
    return Error{ErrorCode::kUnavailable, "there is not enough memory to derive the vault key",
                 "64 MiB are needed at the start"};
  }
  return key;
}

Result<Key> Key::from_setting(std::string_view text, std::string_view salt) {
  if (text.starts_with(kPassphrasePrefix)) {
    return from_passphrase(text.substr(kPassphrasePrefix.size()), salt);
  }
  return parse(text);
}

Key Key::generate(Random& random) {
  Key key;
  random.fill(key.bytes_.data(), key.bytes_.size());
  return key;
}

Key::~Key() { sodium_memzero(bytes_.data(), bytes_.size()); }

std::string Key::to_hex() const {
  std::string text(2 * kBytes + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), bytes_.data(), bytes_.size());
  text.pop_back();
  return text;
}

template <std::size_t N>
std::array<std::uint8_t, N> Key::derive(std::uint64_t purpose) const {
  // crypto_kdf makes at least 16 bytes; shorter ones are a prefix.
  std::array < std::uint8_t, N<crypto_kdf_BYTES_MIN ? crypto_kdf_BYTES_MIN : N> derived{};
  crypto_kdf_derive_from_key(derived.data(), derived.size(), purpose, kContext, bytes_.data());
  std::array<std::uint8_t, N> out{};
  std::copy_n(derived.begin(), N, out.begin());
  sodium_memzero(derived.data(), derived.size());
  return out;
}

std::array<std::uint8_t, 32> Key::sealing_key() const { return derive<32>(kPurposeSealing); }
std::array<std::uint8_t, 16> Key::digest_key() const { return derive<16>(kPurposeDigest); }
std::array<std::uint8_t, 8> Key::id() const { return derive<8>(kPurposeId); }

}  // namespace telekv::vault
