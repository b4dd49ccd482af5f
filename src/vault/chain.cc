#include "vault/chain.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>
#include <string>
#include <utility>

#include "vault/finally.h"

namespace telekv::vault {

namespace asio = boost::asio;

namespace {

// Records copied before the thread looks at its other work again: well below 200 us.
constexpr std::size_t kRecordsPerSlice = 500;

// Bounds on what a hostile or broken manifest can make us download: 1,000 chunks are 19 GB.
constexpr int kMaxChunks = 1000;
constexpr int kMaxSegments = 1000;

// A walk holds as much beside the table as a chunk may take, so a base of a small table is cut into
// small chunks: of one with a million players (50 MB) they take 8 MB.
constexpr std::uint64_t kChunkBytesPerRecord = 8;
constexpr std::uint64_t kSmallChunkBytes = std::uint64_t{4} << 20U;

std::size_t chunk_bytes(std::uint64_t records) {
  constexpr std::uint64_t kMost = Objects::kMaxBodyBytes;
  return std::clamp(std::min(records, kMost) * kChunkBytesPerRecord, kSmallChunkBytes, kMost);
}

Error damaged(std::string what) {
  return Error{ErrorCode::kDamaged, std::move(what),
               "nothing was changed; start again, in case the download was at fault"};
}

/// Applies deltas in order: those at or below the base are in it already, every other one must
/// follow the one before.
class Follower {
 public:
  Follower(kv::Durable& table, std::uint64_t base_sequence, const kv::KeyRange& keys)
      : table_(&table), base_sequence_(base_sequence), sequence_(base_sequence), keys_(keys) {}

  Result<void> apply(const format::Delta& delta) {
    if (delta.sequence() <= base_sequence_) return {};
    if (delta.gap() >= delta.sequence() || delta.sequence() - delta.gap() - 1 != sequence_) {
      return damaged("delta " + std::to_string(delta.sequence()) + " does not follow " +
                     std::to_string(sequence_));
    }
    sequence_ = delta.sequence();
    return delta.columns().empty() ? Result<void>{} : table_->load_delta(delta.columns(), keys_);
  }

  template <class Deltas>
  Result<void> apply_all(const Deltas& deltas) {
    for (const format::Delta& delta : deltas) {
      if (Result<void> applied = apply(delta); !applied) return applied;
    }
    return {};
  }

  std::uint64_t sequence() const { return sequence_; }

 private:
  kv::Durable* table_;
  std::uint64_t base_sequence_;
  std::uint64_t sequence_;
  kv::KeyRange keys_;
};

/// The deltas after the base, those of `keys` alone.
Result<void> follow(const Chain::Parts& parts, const kv::KeyRange& keys, kv::Durable& table) {
  Follower follower(table, parts.state.base().sequence(), keys);
  for (const auto& segment : parts.segments) {
    if (Result<void> applied = follower.apply_all(segment->deltas()); !applied) return applied;
  }
  if (Result<void> applied = follower.apply_all(parts.state.tail()); !applied) return applied;
  if (follower.sequence() != parts.state.sequence()) {
    return damaged("the chain ends before sequence " + std::to_string(parts.state.sequence()));
  }
  return {};
}

Result<void> prove(const format::State& state, std::uint64_t records, const kv::Digest& digest) {
  if (records == state.records() && state.digest().size() == digest.size() &&
      std::memcmp(state.digest().data(), digest.data(), digest.size()) == 0) {
    return {};
  }
  return damaged("the restored state does not have the digest its root promises");
}

Result<void> restore(const Chain::Parts& parts, kv::Durable& table) {
  for (const Bytes& chunk : parts.chunks) {
    if (Result<void> loaded = table.load_chunk(chunk); !loaded) return loaded;
  }
  if (Result<void> followed = follow(parts, {}, table); !followed) return followed;
  return prove(parts.state, table.size(), table.digest());
}

}  // namespace

std::vector<MessageId> messages_of(const format::Base& base) {
  std::vector<MessageId> ids;
  for (const format::Object& chunk : base.chunks()) ids.push_back(MessageId{chunk.message_id()});
  return ids;
}

Channel::Async<Chain::Parts> Chain::download(format::State state, Patience patience) {
  Result<std::vector<Bytes>> chunks = co_await fetch_base(state.base(), patience);
  if (!chunks) co_return chunks.error();
  Result<Segments> segments = co_await fetch_segments(state, patience);
  if (!segments) co_return segments.error();
  co_return Parts{
      .state = std::move(state), .chunks = *std::move(chunks), .segments = *std::move(segments)};
}

Result<Chain::Loaded> Chain::fill(Parts parts, kv::Durable& table) {
  table.clear();
  if (Result<void> restored = restore(parts, table); !restored) {
    table.clear();
    return restored.error();
  }
  table.finish_loading();
  Loaded loaded{.downloaded_bytes = 0, .segments = std::move(parts.segments)};
  for (const format::Object& chunk : parts.state.base().chunks()) {
    loaded.downloaded_bytes += chunk.size();
  }
  for (const format::Object& segment : parts.state.segments()) {
    loaded.downloaded_bytes += segment.size();
  }
  return loaded;
}

Rehearsal::Rehearsal(std::shared_ptr<const Chain::Parts> parts,
                     std::unique_ptr<kv::Durable> scratch)
    : parts_(std::move(parts)), scratch_(std::move(scratch)) {}

Result<bool> Rehearsal::step() {
  if (pieces_.empty()) {
    if (Result<void> cut = cut_into_pieces(); !cut) return cut.error();
  }
  const Piece& piece = pieces_[next_++];
  scratch_->clear();
  for (const ByteView chunk : piece.chunks) {
    if (Result<void> loaded = scratch_->load_chunk(chunk); !loaded) return loaded.error();
  }
  if (Result<void> followed = follow(*parts_, piece.keys, *scratch_); !followed) {
    return followed.error();
  }
  records_ += scratch_->size();
  const kv::Digest digest = scratch_->digest();
  for (std::size_t i = 0; i < digest.size(); ++i) digest_[i] ^= digest[i];
  if (next_ < pieces_.size()) return false;
  if (Result<void> proven = prove(parts_->state, records_, digest_); !proven) {
    return proven.error();
  }
  return true;
}

/// What deltas add to the chunks may lie anywhere, so the pieces cover every key.
Result<void> Rehearsal::cut_into_pieces() {
  std::vector<Piece> chunks;
  for (const Bytes& chunk : parts_->chunks) {
    Result<std::optional<kv::KeyRange>> keys = scratch_->keys_of_chunk(chunk);
    if (!keys) return keys.error();
    if (*keys) chunks.push_back({.keys = **keys, .chunks = {chunk}});
  }
  std::sort(chunks.begin(), chunks.end(),
            [](const Piece& a, const Piece& b) { return a.keys.first < b.keys.first; });
  for (Piece& chunk : chunks) {
    if (pieces_.empty() || pieces_.back().keys.last < chunk.keys.first) {
      if (!pieces_.empty()) pieces_.back().keys.last = chunk.keys.first - 1;
      pieces_.push_back(std::move(chunk));
    } else {
      pieces_.back().keys.last = std::max(pieces_.back().keys.last, chunk.keys.last);
      pieces_.back().chunks.push_back(chunk.chunks.front());
    }
  }
  if (pieces_.empty()) pieces_.emplace_back();
  pieces_.front().keys.first = kv::KeyRange{}.first;
  pieces_.back().keys.last = kv::KeyRange{}.last;
  return {};
}

Channel::Async<std::vector<Bytes>> Chain::fetch_base(const format::Base& base, Patience patience) {
  if (base.chunks_size() > kMaxChunks) co_return damaged("the root names too many chunks");
  for (int i = 0; i < base.chunks_size(); ++i) {
    const format::Object& chunk = base.chunks(i);
    if (chunk.sequence() != base.sequence() || chunk.number() != static_cast<std::uint32_t>(i)) {
      co_return damaged("the root names its chunks in the wrong order");
    }
  }
  std::vector<format::Object> objects(base.chunks().begin(), base.chunks().end());
  co_return co_await objects_->fetch_all(std::move(objects), ObjectKind::kChunk, patience);
}

Channel::Async<Chain::Segments> Chain::fetch_segments(const format::State& state,
                                                      Patience patience) {
  if (state.segments_size() > kMaxSegments) co_return damaged("the root names too many segments");
  std::vector<format::Object> objects(state.segments().begin(), state.segments().end());
  Result<std::vector<Bytes>> bodies =
      co_await objects_->fetch_all(std::move(objects), ObjectKind::kSegment, patience);
  if (!bodies) co_return bodies.error();
  Segments segments;
  for (const Bytes& body : *bodies) {
    auto deltas = std::make_shared<format::Deltas>();
    if (!deltas->ParseFromString(body)) co_return damaged("a segment cannot be read");
    segments.push_back(std::move(deltas));
  }
  co_return segments;
}

Channel::Async<format::Base> Chain::write_base(std::shared_ptr<BaseRun> run, kv::Durable& table,
                                               BaseIdentity identity, Patience patience) {
  patience.given_up = &run->given_up;
  format::Base base;
  base.set_sequence(identity.sequence);
  bool complete = false;
  const Finally release_unused([&] {
    if (!complete) objects_->release(messages_of(base));
  });
  run->walk = table.begin_snapshot(chunk_bytes(table.size()));
  for (;;) {
    Result<format::Object> object{format::Object{}};
    if (run->given_up) {
      object = Error{ErrorCode::kCancelled, "writing the base was given up"};
    } else if (run->walk->done()) {
      break;
    } else if (std::shared_ptr<const kv::Encodable> chunk = run->walk->step(kRecordsPerSlice)) {
      const ObjectIdentity chunk_identity{.kind = ObjectKind::kChunk,
                                          .epoch = identity.epoch,
                                          .writer = identity.writer,
                                          .sequence = identity.sequence,
                                          .number = static_cast<std::uint32_t>(base.chunks_size())};
      std::function<Bytes()> encode = [chunk = std::move(chunk)] { return chunk->encode(); };
      object = co_await objects_->put(chunk_identity, std::move(encode), patience);
      if (object) *base.add_chunks() = *object;
    } else {
      co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    }
    if (!object) co_return object.error();
  }
  run->walk.reset();
  complete = true;
  co_return base;
}

}  // namespace telekv::vault
