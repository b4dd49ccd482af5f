// Integer columns to and from proto Integers: class bytes that compress, low bits that do not.
//
// A value below 16 is its own class and has no low bits. Above, a class is the bit length and the
// two bits after the leading one; 240 of them, so that a class fits a byte for all 64 bits. Inside
// a class values differ by a quarter at most: the low bits of anything smooth are noise there, and
// the class alone carries what entropy coding can gain.
//
// Internal to the codec. Any thread, O(values). Errors: kDamaged, kUnsupportedVersion.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kv/bytes.h"
#include "kv/error.h"

namespace telekv::format {
class Integers;
}

namespace telekv::kv {

using IntegerList = std::vector<std::uint64_t>;

/// kDamaged, saying what does not fit.
Error damaged(std::string_view what);

/// kUnsupportedVersion, saying what is newer than this build.
Error unsupported(std::string_view what);

void encode_integers(std::span<const std::uint64_t> values, format::Integers& message);

/// The `count` values; the caller has bounded `count`.
Result<IntegerList> decode_integers(const format::Integers& message, std::size_t count);

/// The same into place; after an error `values` are anything.
Result<void> decode_integers(const format::Integers& message, std::span<std::uint64_t> values);

/// What bytes are, for the way of compressing them; a reader need not know.
enum class Content : std::uint8_t { kClasses, kCharacters };

/// Bytes as they are in `stored`, or as a zstd frame in `compressed` when that is shorter.
void compress(Bytes raw, Content content, Bytes& stored, Bytes& compressed);

/// The `size` bytes that compress() was given; the caller has bounded `size`.
Result<Bytes> decompress(ByteView stored, ByteView compressed, std::size_t size);

}  // namespace telekv::kv
