// The entropy bound: how few bytes a table can take when nothing is known of it but itself. Every
// column alone (no column is guessed from another), by code lengths nobody has to reach:
//
//  - Keys. A snapshot says which keys there are, not in which order: k keys that could be any of
//  the
//    w integers of a range cost log2(w choose k) bits. Ranges are halved again and again where the
//    keys' density differs: a node of that tree costs one bit (halved or not), a halved one also
//    log2(k + 1) bits for how many keys lie in its left half; whichever is cheaper stays. So the
//    histogram adapts to the data, and its own description is part of the bound.
//  - Numbers (clicks, state), in the keys' order. The same tree over the values; a value of a leaf
//    costs log2(w) bits, and a halved node log2(k choose left) bits for whose values lie where. In
//    leaves of one value that is the empirical entropy and the cost of the alphabet.
//  - Names, in the keys' order. Who shares a name with whom: n!/(prod c_i! prod m_k!) ways, for
//  names
//    that c_i people have, m_k names being had by k people each; as a dictionary in free order,
//    names that only one has costing no index. Beside it the m_k themselves (Elias gamma). Then
//    each distinct name once: its length and its symbols (Unicode's) at their empirical entropy,
//    with the cost of both alphabets; names of one person and of several apart, or together if
//    cheaper.
//
// Counted to the bit, given in bytes. Pure. O(n log n).
#pragma once

#include "engine/dataset.h"

namespace telekv::bench {

struct EntropyBound {
  double keys = 0;  ///< bytes, like all
  double clicks = 0;
  double names = 0;
  double states = 0;

  double total() const { return keys + clicks + names + states; }
};

EntropyBound entropy_bound(const Dataset& data);

}  // namespace telekv::bench
