// What a bound of the chat's messages is counted in: the objects that a writer's root and its
// restore points name, and a base under way beside them.
#pragma once

#include <cstddef>
#include <set>

#include "vault/vault.h"

namespace telekv::vault {

inline std::size_t objects_named(const Vault& vault) {
  std::set<std::int64_t> ids{vault.manifest().history().message_id()};
  const auto add = [&ids](const format::State& state) {
    for (const format::Object& chunk : state.base().chunks()) ids.insert(chunk.message_id());
    for (const format::Object& segment : state.segments()) ids.insert(segment.message_id());
  };
  add(vault.manifest().state());
  for (const format::RestorePoint& point : vault.history().points()) add(point.state());
  const auto next_base = static_cast<std::size_t>(vault.manifest().state().base().chunks_size());
  return ids.size() + next_base;
}

/// Messages in a chat whose writers never named more than `named` objects, without leaks
/// (docs/reliability.md).
inline std::size_t most_messages(std::size_t named) { return 3 * named + 1; }

}  // namespace telekv::vault
