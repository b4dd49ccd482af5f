// The clicker's record, keyed by chat id and ranked by clicks.
#pragma once

#include <cstdint>
#include <string_view>

#include "kv/schema.h"

namespace telekv::bot {

struct User {
  std::string_view name;  ///< as shown in the rating; already made safe (names.h)
  std::uint64_t clicks = 0;
  std::uint32_t state = 0;  ///< kept from the store that telekv replaces; not used yet
};

}  // namespace telekv::bot

template <>
inline constexpr auto telekv::kv::schema_of<telekv::bot::User> =
    telekv::kv::schema(telekv::kv::field(1, "name", &telekv::bot::User::name),
                       telekv::kv::ranking_field(2, "clicks", &telekv::bot::User::clicks),
                       telekv::kv::field(3, "state", &telekv::bot::User::state));
