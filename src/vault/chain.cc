#include "vault/chain.h"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>
#include <string>
#include <utility>

#include "vault/pool.h"

namespace telekv::vault {

namespace asio = boost::asio;

namespace {

// Records copied before the thread looks at its other work again: well below 200 us.
constexpr std::size_t kRecordsPerSlice = 1000;

// A bound on what a hostile or broken manifest can make us download: 1,000 chunks are 19 GB.
constexpr int kMaxChunks = 1000;

constexpr std::size_t kMaxChunkBytes = Channel::kMaxDocumentBytes - Sealer::kOverhead;

Error damaged(std::string what) {
  return Error{ErrorCode::kDamaged, std::move(what),
               "nothing was changed; start again, in case the download was at fault"};
}

bool digest_matches(const kv::Durable& state, const format::Manifest& manifest) {
  const kv::Digest digest = state.digest();
  return manifest.digest().size() == digest.size() &&
         std::memcmp(manifest.digest().data(), digest.data(), digest.size()) == 0;
}

std::string chunk_name(const ObjectIdentity& identity) {
  return "telekv-base-" + std::to_string(identity.sequence) + "-" +
         std::to_string(identity.number) + ".tkv";
}

}  // namespace

Chain::Chain(Channel& channel, const Sealer& sealer, Random& random, kv::Durable& state,
             asio::any_io_executor pool)
    : channel_(&channel),
      sealer_(&sealer),
      random_(&random),
      state_(&state),
      pool_(std::move(pool)) {}

Channel::Async<std::uint64_t> Chain::load(format::Manifest manifest, Patience patience) {
  if (digest_matches(*state_, manifest) && state_->size() == manifest.records()) {
    co_return std::uint64_t{0};
  }
  state_->clear();
  Result<std::uint64_t> downloaded = co_await load_base(manifest.base(), patience);
  Result<void> applied = downloaded ? apply_tail(manifest, manifest.base().sequence())
                                    : Result<void>(downloaded.error());
  if (applied && !(digest_matches(*state_, manifest) && state_->size() == manifest.records())) {
    applied = damaged("the restored state does not have the digest its root promises");
  }
  if (!applied) {
    state_->clear();
    co_return applied.error();
  }
  state_->finish_loading();
  co_return *downloaded;
}

Channel::Async<std::uint64_t> Chain::load_base(format::Base base, Patience patience) {
  if (base.chunks_size() > kMaxChunks) co_return damaged("the root names too many chunks");
  std::uint64_t downloaded = 0;
  for (int i = 0; i < base.chunks_size(); ++i) {
    const format::Object& object = base.chunks(i);
    if (object.sequence() != base.sequence() || object.number() != static_cast<std::uint32_t>(i)) {
      co_return damaged("the root names its chunks in the wrong order");
    }
    Result<Bytes> chunk = co_await fetch_chunk(object, patience);
    if (!chunk) co_return chunk.error();
    downloaded += object.size();
    if (Result<void> loaded = state_->load_chunk(*chunk); !loaded) co_return loaded.error();
  }
  co_return downloaded;
}

Channel::Async<Bytes> Chain::fetch_chunk(format::Object object, Patience patience) {
  const FileRef file{.file_id = object.file_id(), .size = object.size()};
  const auto fetch = [this, &file] { return channel_->fetch(file, Channel::kMaxDocumentBytes); };
  Result<Bytes> sealed = co_await retry(patience, OnUnknown::kRepeat, fetch);
  if (!sealed) co_return sealed.error();
  const std::string name = "chunk " + std::to_string(object.number()) + " (message " +
                           std::to_string(object.message_id()) + ")";
  const ObjectIdentity identity{.kind = ObjectKind::kChunk,
                                .epoch = object.epoch(),
                                .writer = object.writer(),
                                .sequence = object.sequence(),
                                .number = object.number()};
  auto verify = [this, identity, &object, &sealed]() -> Result<Bytes> {
    if (sealed->size() != object.size() || content_hash(*sealed) != object.content_hash()) {
      return Error{ErrorCode::kDamaged, "it is not the document the root names"};
    }
    return sealer_->open(identity, *sealed);
  };
  Result<Bytes> body = co_await run_on(pool_, std::move(verify));
  if (!body && body.error().code == ErrorCode::kDamaged) {
    co_return damaged(name + ": " + body.error().message);
  }
  co_return body;
}

Result<void> Chain::apply_tail(const format::Manifest& manifest, std::uint64_t from_sequence) {
  std::uint64_t sequence = from_sequence;
  for (const format::InlineDelta& delta : manifest.tail()) {
    if (delta.sequence() != sequence + 1)
      return damaged("a delta is missing from the root's chain");
    sequence = delta.sequence();
    if (Result<void> loaded = state_->load_delta(delta.columns()); !loaded) return loaded.error();
  }
  if (sequence != manifest.sequence()) return damaged("the root's chain ends before its sequence");
  return {};
}

Channel::Async<format::Base> Chain::write_base(std::int64_t epoch, std::uint64_t writer,
                                               std::uint64_t sequence,
                                               std::vector<MessageId>& posted, Patience patience) {
  format::Base base;
  base.set_sequence(sequence);
  const std::unique_ptr<kv::SnapshotWalk> walk = state_->begin_snapshot(kMaxChunkBytes);
  while (!walk->done()) {
    std::shared_ptr<const kv::Encodable> chunk = walk->step(kRecordsPerSlice);
    if (chunk) {
      const ObjectIdentity identity{.kind = ObjectKind::kChunk,
                                    .epoch = epoch,
                                    .writer = writer,
                                    .sequence = sequence,
                                    .number = static_cast<std::uint32_t>(base.chunks_size())};
      Result<format::Object> object = co_await post_chunk(std::move(chunk), identity, patience);
      if (!object) co_return object.error();
      posted.push_back(MessageId{object->message_id()});
      *base.add_chunks() = *std::move(object);
    } else {
      co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    }
  }
  co_return base;
}

Channel::Async<format::Object> Chain::post_chunk(std::shared_ptr<const kv::Encodable> chunk,
                                                 ObjectIdentity identity, Patience patience) {
  struct Sealed {
    SharedBytes bytes;
    Bytes hash;
  };
  auto encode = [this, identity, nonce = Sealer::make_nonce(*random_), chunk = std::move(chunk)] {
    auto bytes = std::make_shared<const Bytes>(sealer_->seal(identity, chunk->encode(), nonce));
    Bytes hash = content_hash(*bytes);
    return Sealed{.bytes = std::move(bytes), .hash = std::move(hash)};
  };
  const Sealed sealed = co_await run_on(pool_, std::move(encode));

  format::Object object;
  object.set_size(sealed.bytes->size());
  object.set_content_hash(sealed.hash);
  object.set_epoch(identity.epoch);
  object.set_writer(identity.writer);
  object.set_sequence(identity.sequence);
  object.set_number(identity.number);

  const Document document{.name = chunk_name(identity),
                          .caption = "telekv base " + std::to_string(identity.sequence) +
                                     ", chunk " + std::to_string(identity.number),
                          .bytes = sealed.bytes};
  const auto post = [this, &document] { return channel_->post(document); };
  Result<Posted> posted = co_await retry(patience, OnUnknown::kRepeat, post);
  if (!posted) co_return posted.error();
  object.set_message_id(to_int(posted->id));
  object.set_file_id(posted->file.file_id);
  co_return object;
}

}  // namespace telekv::vault
