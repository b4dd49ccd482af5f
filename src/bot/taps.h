// What the bot writes on its inline buttons and reads again from a tap. A tap's data is whatever
// the sender's client sent, so it proves nothing: who may do what is decided by who tapped, and by
// which buttons the tapped message carries.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "telegram/types.h"

namespace telekv::bot {

enum class TapKind : std::uint8_t { kForget, kKeep, kExportPlain };

struct Tap {
  TapKind kind{};
  telegram::UserId asked{};  ///< whom the question was asked of
};

/// At most 64 bytes.
std::string tap_data(const Tap& tap);

/// nullopt when the data is not of a button of today's.
std::optional<Tap> parse_tap(std::string_view data);

}  // namespace telekv::bot
