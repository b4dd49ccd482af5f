#include "vault/chain.h"

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

Error damaged(std::string what) {
  return Error{ErrorCode::kDamaged, std::move(what),
               "nothing was changed; start again, in case the download was at fault"};
}

bool proves(const format::State& state, const kv::Durable& table) {
  const kv::Digest digest = table.digest();
  return table.size() == state.records() && state.digest().size() == digest.size() &&
         std::memcmp(state.digest().data(), digest.data(), digest.size()) == 0;
}

/// Applies deltas in order: those at or below the base are in it already, every other one must
/// follow the one before.
class Follower {
 public:
  Follower(kv::Durable& table, std::uint64_t base_sequence)
      : table_(&table), base_sequence_(base_sequence), sequence_(base_sequence) {}

  Result<void> apply(const format::Delta& delta) {
    if (delta.sequence() <= base_sequence_) return {};
    if (delta.gap() >= delta.sequence() || delta.sequence() - delta.gap() - 1 != sequence_) {
      return damaged("delta " + std::to_string(delta.sequence()) + " does not follow " +
                     std::to_string(sequence_));
    }
    sequence_ = delta.sequence();
    return delta.columns().empty() ? Result<void>{} : table_->load_delta(delta.columns());
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
};

Result<void> apply(const Chain::Parts& parts, kv::Durable& table) {
  for (const Bytes& chunk : parts.chunks) {
    if (Result<void> loaded = table.load_chunk(chunk); !loaded) return loaded;
  }
  Follower follower(table, parts.state.base().sequence());
  for (const auto& segment : parts.segments) {
    if (Result<void> applied = follower.apply_all(segment->deltas()); !applied) return applied;
  }
  if (Result<void> applied = follower.apply_all(parts.state.tail()); !applied) return applied;
  if (follower.sequence() != parts.state.sequence()) {
    return damaged("the chain ends before sequence " + std::to_string(parts.state.sequence()));
  }
  if (!proves(parts.state, table)) {
    return damaged("the restored state does not have the digest its root promises");
  }
  return {};
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
  if (Result<void> applied = apply(parts, table); !applied) {
    table.clear();
    return applied.error();
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

Channel::Async<Chain::Loaded> Chain::load(format::State state, kv::Durable& table,
                                          Patience patience) {
  Result<Parts> parts = co_await download(std::move(state), patience);
  if (!parts) co_return parts.error();
  co_return fill(*std::move(parts), table);
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
  run->walk = table.begin_snapshot(Objects::kMaxBodyBytes);
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
