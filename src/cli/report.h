// What a command has to say: one JSON object. People see the same facts as lines and tables, so
// that the two can never differ. Pure.
#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "bot/printable.h"
#include "kv/bytes.h"
#include "kv/error.h"

namespace telekv::cli {

using Report = boost::json::object;

/// "name: value" lines; a list of objects becomes a table under its name. Ends with a line break.
std::string as_text(const Report& report);

/// One line of JSON.
std::string as_json(const Report& report);

/// One line for standard error: "telekv: message (hint)", or the same as JSON.
std::string as_error_line(const Error& error, bool json);

using bot::printable;

std::string hex(ByteView bytes);
std::string hex(std::uint64_t value);

/// 2026-01-31T12:00:00Z; empty for 0.
std::string utc_time(std::int64_t unix_seconds);

}  // namespace telekv::cli
