// What a vault's states ought to be: the simulation's own bookkeeping, beside the real table and
// the real vault, of what every state that was ever written holds. Whatever an opener restores is
// looked up here. Values; single thread.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kv/durable.h"
#include "kv/table.h"
#include "simulation_updates.h"
#include "telekv.pb.h"

namespace telekv::vault {

inline constexpr int kMaxUsers = 6;
inline constexpr std::size_t kMaxUpdates = 160;
using UpdateSet = std::bitset<kMaxUpdates>;
using RestoreSet = std::bitset<16>;

/// The record of the simulation's bot: a count, and a sum that names the updates it came from.
struct Player {
  std::uint64_t clicks = 0;
  std::uint64_t marks = 0;
};

kv::Key key_of_user(int user);

/// A state, told by the updates in it.
struct TrueState {
  struct User {
    bool there = false;
    std::uint64_t clicks = 0;
    std::uint64_t marks = 0;
    friend bool operator==(const User&, const User&) = default;
  };
  using Users = std::array<User, kMaxUsers>;

  Users users{};
  UpdateSet dealt;     ///< applied, undone by a restore, or given up: never to be applied again
  UpdateSet given_up;  ///< of these, the ones lost in a gap
  UpdateSet counted;   ///< of those, the ones whose number can be known
  UpdateSet forgets;   ///< those that have asked for a user to be forgotten
  RestoreSet restores;
  bool fell_back = false;  ///< continues a restore point in the place of a state that was damaged

  void apply(const SimUpdates& updates, int index);
  /// Drops the users whom updates that are in `newer` but not here have erased.
  void forget_as_in(const TrueState& newer, const SimUpdates& updates);
};

/// "user 0: 3 clicks (mark 1f)" for those that are there.
std::string describe(const TrueState::Users& users);

/// What the table holds, in the same terms; users beyond the simulation's are an error.
std::optional<TrueState::Users> users_of(const kv::Table<Player>& table);

/// The states that were written into roots.
class WrittenStates {
 public:
  /// Knows the empty state only.
  WrittenStates();

  /// What names a state in the chat.
  struct Name {
    std::uint64_t sequence = 0;
    std::uint64_t applied_updates = 0;
    std::string digest;
    std::string applied;
    std::optional<std::uint64_t> lost = {};  ///< nothing: not known
    friend bool operator==(const Name& a, const Name& b) {
      return a.sequence == b.sequence && a.applied_updates == b.applied_updates &&
             a.digest == b.digest && a.applied == b.applied &&
             (!a.lost || !b.lost || a.lost == b.lost);
    }
  };
  static Name name_of(const format::State& state);
  static Name name_of(const format::Manifest& manifest);

  const TrueState* find(const Name& name) const;
  /// One that goes on under another sequence: absorbed by a writer that has handed out higher ones.
  const TrueState* find_renumbered(Name name) const;
  /// The state whose applied position is `applied` and whose users, but for forgotten ones, are
  /// `users`: a restore point that an opener has fallen back to.
  const TrueState* find_fallback(std::string_view applied, const TrueState::Users& users) const;
  void add(Name name, const TrueState& state);
  std::size_t size() const { return states_.size(); }

 private:
  struct Entry {
    Name name;
    TrueState state;
  };
  std::vector<Entry> states_;
};

}  // namespace telekv::vault

template <>
inline constexpr auto telekv::kv::schema_of<telekv::vault::Player> =
    telekv::kv::schema(telekv::kv::ranking_field(1, "clicks", &telekv::vault::Player::clicks),
                       telekv::kv::field(2, "marks", &telekv::vault::Player::marks));
