#include "cli/stored_content.h"

#include <boost/json/array.hpp>

#include "kv/column_codec.h"
#include "vault/history.h"
#include "vault/roots.h"

namespace telekv::cli {
namespace {

namespace json = boost::json;

Error unreadable(const char* what) {
  return Error{ErrorCode::kDamaged, std::string("its ") + what + " cannot be read"};
}

Report describe_object(const char* role, const format::Object& object) {
  return Report{{"role", role},
                {"message", object.message_id()},
                {"sequence", object.sequence()},
                {"number", object.number()},
                {"epoch", object.epoch()},
                {"bytes", object.size()},
                {"content_hash", hex(object.content_hash())}};
}

void add_state(const format::State& state, json::array& objects) {
  for (const format::Object& chunk : state.base().chunks()) {
    objects.push_back(describe_object("chunk", chunk));
  }
  for (const format::Object& segment : state.segments()) {
    objects.push_back(describe_object("segment", segment));
  }
}

template <class Deltas>
Result<json::array> describe_deltas(const Deltas& deltas) {
  json::array rows;
  for (const format::Delta& delta : deltas) {
    Report row{{"sequence", delta.sequence()},
               {"changed", 0},
               {"erased", 0},
               {"bytes", delta.columns().size()}};
    if (!delta.columns().empty()) {
      const Result<kv::ChangeSet> changes = kv::decode_columns(delta.columns());
      if (!changes) return changes.error();
      row["changed"] = changes->records() - changes->erased.size();
      row["erased"] = changes->erased.size();
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

Result<Report> describe_root(const vault::ObjectIdentity& identity, ByteView body) {
  const Result<vault::Root> root =
      vault::parse_root(vault::MessageId{identity.epoch}, identity, body);
  if (!root) return root.error();
  return describe_manifest(root->manifest);
}

Result<Report> describe_chunk(ByteView body) {
  const Result<kv::ChangeSet> changes = kv::decode_columns(body);
  if (!changes) return changes.error();
  Report report{{"users", changes->records()}};
  if (!changes->blocks.empty() && !changes->blocks.front().keys.empty()) {
    kv::Key lowest = changes->blocks.front().keys.front();
    kv::Key highest = lowest;
    for (const kv::RowBlock& block : changes->blocks) {
      lowest = std::min(lowest, block.keys.front());
      highest = std::max(highest, block.keys.back());
    }
    report["lowest_chat_id"] = lowest;
    report["highest_chat_id"] = highest;
  }
  return report;
}

Result<Report> describe_segment(ByteView body) {
  format::Deltas deltas;
  if (!deltas.ParseFromArray(body.data(), static_cast<int>(body.size()))) {
    return unreadable("deltas");
  }
  Result<json::array> rows = describe_deltas(deltas.deltas());
  if (!rows) return rows.error();
  return Report{{"deltas", *std::move(rows)}};
}

Result<Report> describe_history_body(ByteView body) {
  format::History history;
  if (!history.ParseFromArray(body.data(), static_cast<int>(body.size()))) {
    return unreadable("restore points");
  }
  return describe_history(history);
}

}  // namespace

std::string_view word_for(vault::ObjectKind kind) {
  switch (kind) {
    case vault::ObjectKind::kRoot:
      return "root";
    case vault::ObjectKind::kChunk:
      return "chunk";
    case vault::ObjectKind::kSegment:
      return "segment";
    case vault::ObjectKind::kHistory:
      return "history";
  }
  return "unknown";
}

Result<Report> describe_content(const vault::ObjectIdentity& identity, ByteView body) {
  switch (identity.kind) {
    case vault::ObjectKind::kRoot:
      return describe_root(identity, body);
    case vault::ObjectKind::kChunk:
      return describe_chunk(body);
    case vault::ObjectKind::kSegment:
      return describe_segment(body);
    case vault::ObjectKind::kHistory:
      return describe_history_body(body);
  }
  return Error{ErrorCode::kUnsupportedVersion, "it is of a kind this version does not know",
               "use the newer version that wrote it"};
}

Result<Report> describe_manifest(const format::Manifest& manifest) {
  const format::State& state = manifest.state();
  const bool active = manifest.standing() == format::Manifest::ACTIVE;
  json::array predecessors;
  for (const std::int64_t id : manifest.predecessors()) predecessors.push_back(id);
  if (!active) {
    return Report{{"standing", "candidate"}, {"predecessors", std::move(predecessors)}};
  }
  json::array objects;
  add_state(state, objects);
  if (manifest.has_history()) objects.push_back(describe_object("history", manifest.history()));
  Result<json::array> tail = describe_deltas(state.tail());
  if (!tail) return tail.error();
  return Report{{"standing", "active"},
                {"predecessors", std::move(predecessors)},
                {"sequence", state.sequence()},
                {"committed_at", utc_time(state.committed_at())},
                {"users", state.records()},
                {"digest", hex(state.digest())},
                {"applied_update", state.applied().last()},
                {"applied_updates", state.applied_updates()},
                {"lost_updates", manifest.lost_updates()},
                {"base_sequence", state.base().sequence()},
                {"objects", std::move(objects)},
                {"tail", *std::move(tail)}};
}

Report describe_history(const format::History& history) {
  json::array points;
  json::array objects;
  for (const format::RestorePoint& point : history.points()) {
    points.push_back(describe_point(point));
    add_state(point.state(), objects);
  }
  std::int64_t erased = 0;
  for (const format::Tombstones& each : history.tombstones()) erased += each.key_steps_size();
  return {
      {"points", std::move(points)}, {"objects", std::move(objects)}, {"erased_chat_ids", erased}};
}

Report describe_point(const format::RestorePoint& point) {
  const vault::PointInfo info = vault::describe_point(point);
  return Report{{"point", info.number},
                {"committed_at", utc_time(info.committed_at)},
                {"sequence", info.sequence},
                {"users", info.records},
                {"bytes", info.bytes}};
}

}  // namespace telekv::cli
