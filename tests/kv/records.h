// Two record types that have little in common: what holds for both holds for any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "kv/table.h"

namespace telekv::kv {

/// As the clicker has it.
struct User {
  std::string_view name = {};
  std::uint64_t clicks = 0;
  std::uint32_t state = 0;
};

template <>
inline constexpr auto schema_of<User> = schema(field(1, "name", &User::name),
                                               ranking_field(2, "clicks", &User::clicks),
                                               field(3, "state", &User::state));

/// A signed score that ranks, two texts, more fields than have a change flag of their own, and
/// numbers with gaps.
struct Player {
  std::string_view alias = {};
  std::int64_t rating = 0;
  std::string_view club = {};
  std::uint32_t wins = 0;
  std::uint32_t losses = 0;
  std::uint64_t seen_at = 0;
  std::int64_t balance = 0;
  std::uint32_t flags = 0;
};

template <>
inline constexpr auto schema_of<Player> =
    schema(field(2, "alias", &Player::alias), ranking_field(3, "rating", &Player::rating),
           field(5, "club", &Player::club), field(8, "wins", &Player::wins),
           field(9, "losses", &Player::losses), field(40, "seen_at", &Player::seen_at),
           field(300, "balance", &Player::balance), field(65535, "flags", &Player::flags));

inline auto tied(const User& user) { return std::tie(user.name, user.clicks, user.state); }
inline auto tied(const Player& player) {
  return std::tie(player.alias, player.rating, player.club, player.wins, player.losses,
                  player.seen_at, player.balance, player.flags);
}

inline bool operator==(const User& a, const User& b) { return tied(a) == tied(b); }
inline bool operator==(const Player& a, const Player& b) { return tied(a) == tied(b); }

inline TableOptions test_options(std::uint64_t hash_seed = 1) {
  return {.hash_seed = hash_seed, .digest_key = {1, 2, 3}};
}

/// The chunk of a table that needs only one; empty when it gives more.
inline Bytes only_chunk(Durable& table) {
  std::vector<Bytes> chunks;
  const auto walk = table.begin_snapshot(std::size_t{1} << 20U);
  while (!walk->done()) {
    if (const auto chunk = walk->step(100)) chunks.push_back(chunk->encode());
  }
  return chunks.size() == 1 ? chunks[0] : Bytes();
}

}  // namespace telekv::kv
