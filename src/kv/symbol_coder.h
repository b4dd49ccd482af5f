// Bytes of unequal frequency, coded in fractions of a bit, without a table in front: for the short
// streams of deltas, where zstd's frame and table cost more than they describe and its coder of
// whole bits loses a tenth.
//
// Eight binary decisions a byte, from the highest bit down, each with a probability of its own for
// every value of the bits before it, which follows what was seen (Krichevsky and Trofimov's
// estimate); a carrying range coder after Martin (1979) as in LZMA. Integers only: the same bytes
// everywhere.
//
// Internal to the codec. Any thread. O(bytes), some 50 ns each: not for long streams.
#pragma once

#include <span>

#include "kv/bytes.h"

namespace telekv::kv {

Bytes encode_symbols(ByteView raw);

/// Fills `raw` with what encode_symbols() was given; false when there is more than it takes. Any
/// other bytes decode to something.
bool decode_symbols(ByteView coded, std::span<char> raw);

}  // namespace telekv::kv
