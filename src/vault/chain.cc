#include "vault/chain.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>
#include <string>
#include <utility>

#include "vault/finally.h"
#include "vault/pool.h"
#include "vault/stored_bytes.h"

namespace telekv::vault {

namespace asio = boost::asio;

namespace {

// Records copied before the thread looks at its other work again: well below 200 us.
constexpr std::size_t kRecordsPerSlice = 500;

// Bounds on what a hostile or broken manifest can make us download: 1,000 chunks are 19 GB.
constexpr int kMaxChunks = 1000;
constexpr int kMaxSegments = 1000;

// A walk holds as much beside the table as a chunk may take, so a base of a small table is cut into
// small chunks: of one with a million players (50 MB) they take 4 MB.
constexpr std::uint64_t kChunkBytesPerRecord = 4;
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
Result<void> follow(const format::State& state, const Chain::Segments& segments,
                    const kv::KeyRange& keys, kv::Durable& table) {
  Follower follower(table, state.base().sequence(), keys);
  for (const auto& segment : segments) {
    if (Result<void> applied = follower.apply_all(segment->deltas()); !applied) return applied;
  }
  if (Result<void> applied = follower.apply_all(state.tail()); !applied) return applied;
  if (follower.sequence() != state.sequence()) {
    return damaged("the chain ends before sequence " + std::to_string(state.sequence()));
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

Result<void> check_order(const format::Base& base) {
  if (base.chunks_size() > kMaxChunks) return damaged("the root names too many chunks");
  for (int i = 0; i < base.chunks_size(); ++i) {
    const format::Object& chunk = base.chunks(i);
    if (chunk.sequence() != base.sequence() || chunk.number() != static_cast<std::uint32_t>(i)) {
      return damaged("the root names its chunks in the wrong order");
    }
  }
  return {};
}

Result<void> restore(const Chain::Parts& parts, kv::Durable& table) {
  for (const Bytes& chunk : parts.chunks) {
    if (Result<void> loaded = table.load_chunk(chunk); !loaded) return loaded;
  }
  if (Result<void> followed = follow(parts.state, parts.segments, {}, table); !followed)
    return followed;
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
  return Loaded{.downloaded_bytes = bytes_of(parts.state.base()) + bytes_of_segments(parts.state),
                .segments = std::move(parts.segments)};
}

Rehearsal::Rehearsal(format::State state, Chain::Segments segments,
                     std::unique_ptr<kv::Durable> scratch)
    : state_(std::move(state)), segments_(std::move(segments)), scratch_(std::move(scratch)) {}

Result<void> Rehearsal::add(ByteView chunk) {
  const Result<std::optional<kv::KeyRange>> keys = scratch_->keys_of_chunk(chunk);
  if (!keys) return keys.error();
  if (!*keys) return {};
  if (loaded_up_to_ && *loaded_up_to_ < (*keys)->first) {
    if (Result<void> proven = end_piece(*loaded_up_to_); !proven) return proven;
    rest_.first = *loaded_up_to_ + 1;
    loaded_up_to_.reset();
  }
  if ((*keys)->first < rest_.first) return damaged("a chunk has keys below those of earlier ones");
  if (!loaded_up_to_) scratch_->clear();
  loaded_up_to_ = std::max(loaded_up_to_.value_or((*keys)->last), (*keys)->last);
  return scratch_->load_chunk(chunk);
}

Result<void> Rehearsal::finish() {
  if (!loaded_up_to_) scratch_->clear();
  if (Result<void> proven = end_piece(rest_.last); !proven) return proven;
  return prove(state_, records_, digest_);
}

// With what the deltas make of it: they may add keys anywhere, so the pieces leave none out.
Result<void> Rehearsal::end_piece(std::int64_t last) {
  Result<void> followed =
      follow(state_, segments_, {.first = rest_.first, .last = last}, *scratch_);
  if (!followed) return followed;
  records_ += scratch_->size();
  const kv::Digest digest = scratch_->digest();
  for (std::size_t i = 0; i < digest.size(); ++i) digest_[i] ^= digest[i];
  return {};
}

Channel::Async<void> Chain::rehearse(format::State state, std::unique_ptr<kv::Durable> scratch,
                                     Patience patience) {
  if (Result<void> checked = check_order(state.base()); !checked) co_return checked;
  Result<Segments> segments = co_await fetch_segments(state, patience);
  if (!segments) co_return segments.error();
  const std::vector<format::Object> chunks(state.base().chunks().begin(),
                                           state.base().chunks().end());
  Rehearsal rehearsal(std::move(state), *std::move(segments), std::move(scratch));
  for (const format::Object& chunk : chunks) {
    const Result<Bytes> body = co_await objects_->fetch(chunk, ObjectKind::kChunk, patience);
    if (!body) co_return body.error();
    std::function<Result<void>()> add = [&] { return rehearsal.add(*body); };
    Result<void> added = co_await run_on(objects_->pool(), std::move(add));
    if (!added) co_return added;
  }
  std::function<Result<void>()> finish = [&] { return rehearsal.finish(); };
  co_return co_await run_on(objects_->pool(), std::move(finish));
}

Channel::Async<std::vector<Bytes>> Chain::fetch_base(const format::Base& base, Patience patience) {
  if (Result<void> checked = check_order(base); !checked) co_return checked.error();
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
