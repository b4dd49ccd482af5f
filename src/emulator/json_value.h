// Parsed JSON written out again in a normal form. Linear; the parser bounds the nesting.
#pragma once

#include <simdjson.h>

#include <string>

#include "emulator/json_writer.h"

namespace telekv::emulator {

void write_json(JsonWriter& writer, simdjson::dom::element value);

/// The value as JSON text.
std::string to_json(simdjson::dom::element value);

}  // namespace telekv::emulator
