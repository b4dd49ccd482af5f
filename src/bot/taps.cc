#include "bot/taps.h"

#include <limits>
#include <utility>

#include "bot/commands.h"

namespace telekv::bot {
namespace {

constexpr std::pair<std::string_view, TapKind> kNames[] = {
    {"forget", TapKind::kForget},
    {"keep", TapKind::kKeep},
    {"export-plain", TapKind::kExportPlain},
};

}  // namespace

std::string tap_data(const Tap& tap) {
  std::string data;
  for (const auto& [name, kind] : kNames) {
    if (kind == tap.kind) data = name;
  }
  return data + ":" + std::to_string(telegram::to_int(tap.asked));
}

std::optional<Tap> parse_tap(std::string_view data) {
  const std::size_t colon = data.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::optional<std::uint64_t> id = number_of(data.substr(colon + 1));
  if (!id || *id > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return std::nullopt;
  }
  for (const auto& [name, kind] : kNames) {
    if (name == data.substr(0, colon)) {
      return Tap{kind, telegram::UserId{static_cast<std::int64_t>(*id)}};
    }
  }
  return std::nullopt;
}

}  // namespace telekv::bot
