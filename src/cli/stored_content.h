// The bodies of stored objects as reports: a root's manifest, a chunk's records, a segment's
// deltas, a history's restore points. Pure.
#pragma once

#include <string_view>

#include "cli/report.h"
#include "kv/bytes.h"
#include "telekv.pb.h"
#include "vault/sealer.h"

namespace telekv::cli {

/// "root", "chunk", "segment", "history", or "unknown".
std::string_view word_for(vault::ObjectKind kind);

/// kDamaged or kUnsupportedVersion when the body is not what its kind promises.
Result<Report> describe_content(const vault::ObjectIdentity& identity, ByteView body);

/// An active root's: the state, the documents it names and its tail. A candidate names none.
Result<Report> describe_manifest(const format::Manifest& manifest);

/// The restore points and the documents they name.
Report describe_history(const format::History& history);

/// A restore point as a row of a table.
Report describe_point(const format::RestorePoint& point);

}  // namespace telekv::cli
