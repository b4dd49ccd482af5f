// How many messages of the chat a vault's memory names: what bounds the chat.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>

#include "vault/vault.h"

namespace telekv::vault {

/// Objects of the state, of the restore points, and the history itself.
inline std::size_t objects_named(const Vault& vault) {
  std::set<std::int64_t> ids{vault.manifest().history().message_id()};
  const auto add = [&ids](const format::State& state) {
    for (const format::Object& chunk : state.base().chunks()) ids.insert(chunk.message_id());
    for (const format::Object& segment : state.segments()) ids.insert(segment.message_id());
  };
  add(vault.manifest().state());
  for (const format::RestorePoint& point : vault.history().points()) add(point.state());
  return ids.size();
}

}  // namespace telekv::vault
