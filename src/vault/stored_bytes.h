// How much of the chat a state takes: documents as they were uploaded, the deltas beside them as
// they are encoded. Pure.
#pragma once

#include <cstdint>

#include "telekv.pb.h"

namespace telekv::vault {

inline std::uint64_t bytes_of(const format::Base& base) {
  std::uint64_t bytes = 0;
  for (const format::Object& chunk : base.chunks()) bytes += chunk.size();
  return bytes;
}

inline std::uint64_t bytes_of_segments(const format::State& state) {
  std::uint64_t bytes = 0;
  for (const format::Object& segment : state.segments()) bytes += segment.size();
  return bytes;
}

inline std::uint64_t bytes_of_tail(const format::State& state) {
  std::uint64_t bytes = 0;
  for (const format::Delta& delta : state.tail()) bytes += delta.columns().size();
  return bytes;
}

inline std::uint64_t bytes_of(const format::State& state) {
  return bytes_of(state.base()) + bytes_of_segments(state) + bytes_of_tail(state);
}

}  // namespace telekv::vault
