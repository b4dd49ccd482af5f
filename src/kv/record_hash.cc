#include "kv/record_hash.h"

#include <sodium/crypto_shorthash.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace telekv::kv {
namespace {

// Fields have tags from 4 on: their number is at least 1.
constexpr unsigned kTypeBits = 2;
constexpr std::uint64_t kKeyTag = 0;
constexpr std::uint64_t kTextTag = 1;
constexpr std::uint64_t kFinishTag = 2;
constexpr std::uint64_t kAgainTag = 3;

template <class Integer>
std::uint64_t load(const char* bytes) {
  Integer value{};
  std::memcpy(&value, bytes, sizeof value);
  if constexpr (std::endian::native == std::endian::big) {
    return sizeof value == sizeof(std::uint64_t) ? __builtin_bswap64(value)
                                                 : __builtin_bswap32(value);
  }
  return value;
}

/// One to eight bytes, little endian, filled up with zeros. Shorter ones by reads that overlap.
std::uint64_t word(std::string_view bytes) {
  const std::size_t size = bytes.size();
  const char* const data = bytes.data();
  if (size == sizeof(std::uint64_t)) return load<std::uint64_t>(data);
  if (size >= sizeof(std::uint32_t)) {
    const std::size_t rest = size - sizeof(std::uint32_t);
    return load<std::uint32_t>(data) | (load<std::uint32_t>(data + rest) << (8 * rest));
  }
  const auto at = [&](std::size_t i) {
    return static_cast<std::uint64_t>(static_cast<std::uint8_t>(data[i])) << (8 * i);
  };
  return at(0) | at(size / 2) | at(size - 1);
}

}  // namespace

RecordHash::RecordHash(const std::array<std::uint8_t, 16>& key)
    : digest_key_(key),
      key_(secrets(kKeyTag)),
      text_(secrets(kTextTag)),
      finish_(secrets(kFinishTag)),
      again_(secrets(kAgainTag)) {}

RecordHash::FieldSecrets RecordHash::field(std::uint32_t number, FieldType type) const {
  return secrets((std::uint64_t{number} << kTypeBits) | static_cast<std::uint64_t>(type));
}

RecordHash::FieldSecrets RecordHash::secrets(std::uint64_t tag) const {
  static_assert(crypto_shorthash_siphashx24_KEYBYTES == sizeof digest_key_);
  const auto lane = [&](std::uint8_t number) {
    std::array<std::uint8_t, sizeof tag + 1> input{};
    for (unsigned i = 0; i < sizeof tag; ++i) input[i] = static_cast<std::uint8_t>(tag >> (8 * i));
    input.back() = number;
    std::array<std::uint8_t, crypto_shorthash_siphashx24_BYTES> bytes{};
    crypto_shorthash_siphashx24(bytes.data(), input.data(), input.size(), digest_key_.data());
    const std::string_view view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    // An odd factor: multiplying by it loses nothing.
    return std::array<std::uint64_t, 2>{word(view.substr(0, 8)), word(view.substr(8)) | 1U};
  };
  return {.a = lane(0), .b = lane(1)};
}

HashLanes RecordHash::text_term(const FieldSecrets& field, std::string_view text) const {
  if (text.empty()) return {};
  HashLanes lanes{.a = text.size(), .b = text.size()};
  for (; !text.empty(); text.remove_prefix(std::min<std::size_t>(text.size(), 8))) {
    const std::uint64_t next = word(text.substr(0, 8));
    lanes = mixed(text_, {.a = lanes.a ^ next, .b = lanes.b ^ next});
  }
  return mixed(field, lanes);
}

}  // namespace telekv::kv
