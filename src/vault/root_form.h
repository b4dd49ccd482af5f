// What a root's document says once its seal is open, and which of two roots continues further.
//
// Pure functions; any thread. Linear in the manifest's size. Hostile bytes yield an error.
#pragma once

#include <string>
#include <string_view>

#include "telekv.pb.h"
#include "vault/channel.h"
#include "vault/sealer.h"

namespace telekv::vault {

/// The name that marks a pinned document as a root.
inline constexpr std::string_view kRootName = "telekv-root.tkv";

struct Root {
  MessageId id{};
  format::Manifest manifest = {};
  bool under_other_key = false;  ///< VaultOptions::other_key has opened it
};

/// Whether `a` continues further than `b`. Polling: more updates applied, then more commits, then
/// the higher ballot; histories of writers that followed the protocol are prefixes of one another.
/// With a webhook chats come in parallel and neither is a prefix: the higher ballot.
bool is_longer(const format::Manifest& a, const format::Manifest& b);

/// The content of a root whose seal has been opened. kDamaged when it cannot be read or contradicts
/// its header; kUnsupportedVersion when it needs a feature that this version does not have.
Result<Root> parse_root(MessageId id, const ObjectIdentity& identity, ByteView body);

/// A root that is not what it should be. Nothing has been changed yet.
Error damaged_root(MessageId id, std::string what);

}  // namespace telekv::vault
