// Bytes in memory: owned and borrowed. Text and binary share one type because every library the
// project speaks to (Protocol Buffers, zstd, libsodium, Beast) takes either.
#pragma once

#include <string>
#include <string_view>

namespace telekv {

using Bytes = std::string;
using ByteView = std::string_view;

}  // namespace telekv
