// Text columns to and from proto Texts: a dictionary of what repeats, single texts in row order,
// all of it coded by character.
//
// By character, because UTF-8 bytes hide from an entropy coder that the second byte depends on the
// first: on mixed Cyrillic and Latin names that costs 20%. ASCII needs no alphabet, which keeps
// short deltas short.
//
// Internal to the codec. Any thread, O(rows + characters). Errors: kDamaged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kv/change_set.h"
#include "kv/error.h"

namespace telekv::format {
class Texts;
}

namespace telekv::kv {

/// `order`: the rows as they are to be written; `index`, as long, is memory to work in.
void encode_texts(const ColumnValues& column, std::span<const std::uint32_t> order,
                  std::span<std::uint64_t> index, format::Texts& message);

/// Fills the texts of `rows` rows. `code_points_left` is lowered by what the texts take.
Result<void> decode_texts(const format::Texts& message, std::size_t rows,
                          std::size_t& code_points_left, ColumnValues& column);

}  // namespace telekv::kv
