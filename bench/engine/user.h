// The record that is measured: what a clicker keeps of a person.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "engine/dataset.h"
#include "kv/schema.h"
#include "kv/table.h"

namespace telekv::bench {

struct User {
  std::string_view name;
  std::uint64_t clicks = 0;
  std::uint32_t state = 0;
};

}  // namespace telekv::bench

template <>
inline constexpr auto telekv::kv::schema_of<telekv::bench::User> =
    telekv::kv::schema(telekv::kv::field(1, "name", &telekv::bench::User::name),
                       telekv::kv::ranking_field(2, "clicks", &telekv::bench::User::clicks),
                       telekv::kv::field(3, "state", &telekv::bench::User::state));

namespace telekv::bench {

using Users = kv::Table<User>;

inline std::unique_ptr<Users> make_users() {
  return std::make_unique<Users>(kv::TableOptions{.hash_seed = 0x5eed, .digest_key = {1}});
}

/// Everybody, as a bot meets them: saved now and then, nothing unsaved at the end. Ends the run
/// when a record is refused.
std::unique_ptr<Users> filled_users(const Dataset& data);

/// One click of a person who is there.
inline void click(Users& users, kv::Key key) {
  static_cast<void>(
      users.update(key, [](User& user) { user.clicks = kv::saturating_add(user.clicks, 1); }));
}

}  // namespace telekv::bench
