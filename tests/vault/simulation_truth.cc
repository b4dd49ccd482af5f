#include "simulation_truth.h"

#include <utility>

namespace telekv::vault {

namespace {

// User ids do not fit into 32 bits.
constexpr kv::Key kFirstUser = 5'000'000'000;
constexpr kv::Key kUserStep = 1'000'003;

/// A mark that no sum of a few others equals (SplitMix64's finalizer).
std::uint64_t mark_of(int index) {
  std::uint64_t z = (static_cast<std::uint64_t>(index) + 1) * 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

}  // namespace

kv::Key key_of_user(int user) { return kFirstUser + kUserStep * user; }

void TrueState::apply(const SimUpdates& updates, int index) {
  const SimUpdates::Update& update = updates[index];
  User& user = users[static_cast<std::size_t>(update.user)];
  if (update.kind == SimUpdates::Kind::kForget) {
    forgets.set(static_cast<std::size_t>(index));
    user = {};
  } else {
    user = {.there = true, .clicks = user.clicks + 1, .marks = user.marks + mark_of(index)};
  }
  dealt.set(static_cast<std::size_t>(index));
}

void TrueState::forget_as_in(const TrueState& newer, const SimUpdates& updates) {
  const UpdateSet since = newer.forgets & ~forgets;
  for (int i = 0; i < updates.size(); ++i) {
    if (!since.test(static_cast<std::size_t>(i))) continue;
    users[static_cast<std::size_t>(updates[i].user)] = {};
  }
}

std::string describe(const TrueState::Users& users) {
  std::string text;
  for (std::size_t i = 0; i < users.size(); ++i) {
    if (!users[i].there) continue;
    text += (text.empty() ? "user " : ", user ") + std::to_string(i) + ": " +
            std::to_string(users[i].clicks) + " clicks (mark " +
            std::to_string(users[i].marks & 0xffff) + ")";
  }
  return text.empty() ? "nobody" : text;
}

std::optional<TrueState::Users> users_of(const kv::Table<Player>& table) {
  TrueState::Users users{};
  std::size_t known = 0;
  for (int i = 0; i < kMaxUsers; ++i) {
    const std::optional<Player> player = table.find(key_of_user(i));
    if (!player) continue;
    users[static_cast<std::size_t>(i)] = {
        .there = true, .clicks = player->clicks, .marks = player->marks};
    ++known;
  }
  if (known != table.size()) return std::nullopt;
  return users;
}

WrittenStates::Name WrittenStates::name_of(const format::State& state) {
  return {.sequence = state.sequence(),
          .applied_updates = state.applied_updates(),
          .digest = state.digest(),
          .applied = state.applied().SerializeAsString()};
}

WrittenStates::Name WrittenStates::name_of(const format::Manifest& manifest) {
  Name name = name_of(manifest.state());
  name.lost = manifest.lost_updates();
  return name;
}

WrittenStates::WrittenStates() {
  add({.digest = std::string(sizeof(kv::Digest), '\0'), .applied = {}}, {});
}

const TrueState* WrittenStates::find(const Name& name) const {
  for (auto entry = states_.rbegin(); entry != states_.rend(); ++entry) {
    if (entry->name == name) return &entry->state;
  }
  return nullptr;
}

const TrueState* WrittenStates::find_renumbered(Name name) const {
  for (auto entry = states_.rbegin(); entry != states_.rend(); ++entry) {
    if (entry->name.sequence > name.sequence) continue;
    Name written = entry->name;
    written.sequence = name.sequence;
    if (written == name) return &entry->state;
  }
  return nullptr;
}

const TrueState* WrittenStates::find_fallback(std::string_view applied,
                                              const TrueState::Users& users) const {
  for (auto entry = states_.rbegin(); entry != states_.rend(); ++entry) {
    if (entry->name.applied != applied) continue;
    bool matches = true;
    for (std::size_t i = 0; i < users.size(); ++i) {
      if (users[i].there && users[i] != entry->state.users[i]) matches = false;
    }
    if (matches) return &entry->state;
  }
  return nullptr;
}

// A restore to what the state is already changes nothing but that it has happened.
void WrittenStates::add(Name name, const TrueState& state) {
  for (Entry& entry : states_) {
    if (entry.name != name) continue;
    entry.state.restores |= state.restores;
    return;
  }
  states_.push_back({std::move(name), state});
}

}  // namespace telekv::vault
