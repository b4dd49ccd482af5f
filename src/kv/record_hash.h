// The keyed hash of a record's values whose XOR over all records is a table's digest.
// docs/format.md defines it and has a worked example.
//
// SipHash over a record's bytes took some 60 ns, a third of it to lay the bytes out; this takes 5.
//  1. Two lanes of 64 bits with keys of their own. A lane is a sum with one term a field, so terms
//     are computed in any order, by column too, and a text's term once for many rows.
//  2. A term is one folded multiplication, 64x64 -> 128 bits (as in wyhash), with two secrets that
//     SipHash derives from the digest's key, the field's number and its type.
//  3. A zero or empty field has no term: a field that a newer version adds changes no old record.
//  4. The end mixes the lanes, so that values which change places between records do not cancel.
//
// It finds accidents: any difference goes unnoticed with a chance of some 2^-64 at most. Against
// forgery there is the seal. Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "kv/schema.h"

namespace telekv::kv {

/// A sum of terms, or a finished hash.
struct HashLanes {
  std::uint64_t a = 0;
  std::uint64_t b = 0;

  HashLanes& operator+=(const HashLanes& other) {
    a += other.a;
    b += other.b;
    return *this;
  }
  HashLanes& operator^=(const HashLanes& other) {
    a ^= other.a;
    b ^= other.b;
    return *this;
  }
  bool operator==(const HashLanes&) const = default;
};

class RecordHash {
 public:
  /// The secrets of one field: what is XORed to a value and what it is multiplied by.
  struct FieldSecrets {
    std::array<std::uint64_t, 2> a;
    std::array<std::uint64_t, 2> b;
  };

  explicit RecordHash(const std::array<std::uint8_t, 16>& key);

  /// O(1), some 0.1 us.
  FieldSecrets field(std::uint32_t number, FieldType type) const;

  HashLanes key_term(Key key) const { return mixed(key_, static_cast<std::uint64_t>(key)); }

  static HashLanes integer_term(const FieldSecrets& field, std::uint64_t value) {
    return value == 0 ? HashLanes{} : mixed(field, value);
  }

  /// O(length).
  HashLanes text_term(const FieldSecrets& field, std::string_view text) const;

  /// The hash of a record from the sum of its terms.
  HashLanes finish(const HashLanes& sum) const {
    const HashLanes first = mixed(finish_, sum);
    return mixed(again_, {.a = first.a ^ sum.b, .b = first.b ^ sum.a});
  }

 private:
  static std::uint64_t fold(std::uint64_t x, std::uint64_t y) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(x) * y;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
  }
  static HashLanes mixed(const FieldSecrets& secrets, const HashLanes& lanes) {
    return {.a = fold(lanes.a ^ secrets.a[0], secrets.a[1]),
            .b = fold(lanes.b ^ secrets.b[0], secrets.b[1])};
  }
  static HashLanes mixed(const FieldSecrets& secrets, std::uint64_t value) {
    return mixed(secrets, HashLanes{.a = value, .b = value});
  }
  FieldSecrets secrets(std::uint64_t tag) const;

  std::array<std::uint8_t, 16> digest_key_;
  FieldSecrets key_;
  FieldSecrets text_;
  FieldSecrets finish_;
  FieldSecrets again_;
};

}  // namespace telekv::kv
