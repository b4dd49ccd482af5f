// Row-wise encodings of people, each plain and through zstd -3: an array of JSON arrays, as the
// bots write that telekv replaces, and Protocol Buffers. Decoding reads into the engine's table, so
// that the formats differ and nothing else.
#pragma once

#include <string>
#include <string_view>

#include "engine/dataset.h"
#include "engine/user.h"

namespace telekv::bench {

struct JsonRows {
  static constexpr const char* kName = "JSON rows";
  static std::string encode(const Dataset& data);
  static void decode(std::string_view encoded, Users& users);
};

struct ProtobufRows {
  static constexpr const char* kName = "protobuf rows";
  static std::string encode(const Dataset& data);
  static void decode(std::string_view encoded, Users& users);
};

std::string compressed(std::string_view plain);
std::string decompressed(std::string_view compressed);

}  // namespace telekv::bench
