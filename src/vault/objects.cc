#include "vault/objects.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <string>
#include <utility>

#include "vault/pool.h"

namespace telekv::vault {

namespace asio = boost::asio;

namespace {

constexpr std::uint64_t kGroupBytes = 64u << 20;

std::string_view word_for(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::kRoot:
      return "root";
    case ObjectKind::kChunk:
      return "base";
    case ObjectKind::kSegment:
      return "segment";
    case ObjectKind::kHistory:
      return "history";
  }
  return "object";
}

Document describe_document(const ObjectIdentity& identity, SharedBytes bytes) {
  const std::string word(word_for(identity.kind));
  const std::string sequence = std::to_string(identity.sequence);
  std::string name = "telekv-" + word + "-" + sequence;
  std::string caption = "telekv " + word + " " + sequence;
  if (identity.kind == ObjectKind::kChunk) {
    name += "-" + std::to_string(identity.number);
    caption += ", chunk " + std::to_string(identity.number);
  }
  return {.name = name + ".tkv", .caption = std::move(caption), .bytes = std::move(bytes)};
}

Error about_object(const format::Object& object, ObjectKind kind, const Error& error) {
  const bool is_lost = error.code == ErrorCode::kDamaged || error.code == ErrorCode::kNotFound;
  if (!is_lost && error.code != ErrorCode::kUnavailable) return error;
  Error named = error;
  named.message = "the " + std::string(word_for(kind)) + " " + std::to_string(object.sequence()) +
                  " in message " + std::to_string(object.message_id()) +
                  " cannot be used: " + error.message;
  if (is_lost && named.hint.empty()) named.hint = "start again, in case the download was at fault";
  return named;
}

}  // namespace

std::size_t first_group(std::span<const format::Object> objects) {
  std::size_t count = 0;
  std::uint64_t bytes = 0;
  while (count < objects.size() && count < kParallelDownloads) {
    bytes += objects[count].size();
    if (count > 0 && bytes > kGroupBytes) break;
    ++count;
  }
  return count;
}

Objects::Objects(Channel& channel, const Sealer& sealer, Random& random, asio::any_io_executor pool,
                 Ring& ring, AskMessagesToKeep messages_to_keep)
    : channel_(&channel),
      sealer_(&sealer),
      random_(&random),
      pool_(std::move(pool)),
      ring_(&ring),
      messages_to_keep_(std::move(messages_to_keep)) {}

Channel::Async<format::Object> Objects::put(ObjectIdentity identity, std::function<Bytes()> encode,
                                            Patience patience) {
  auto seal = [this, identity, nonce = Sealer::make_nonce(*random_), encode = std::move(encode)] {
    auto bytes = std::make_shared<const Bytes>(sealer_->seal(identity, encode(), nonce));
    Bytes hash = content_hash(*bytes);
    return Sealed{.bytes = std::move(bytes), .hash = std::move(hash)};
  };
  const Sealed sealed = co_await run_on(pool_, std::move(seal));
  if (sealed.bytes->size() > Channel::kMaxDocumentBytes) {
    co_return Error{ErrorCode::kTooLarge, "a " + std::string(word_for(identity.kind)) + " of " +
                                              std::to_string(sealed.bytes->size()) +
                                              " bytes does not fit in a document"};
  }
  Document document = describe_document(identity, sealed.bytes);
  Result<Posted> posted = co_await place(std::move(document), patience);
  if (!posted) co_return posted.error();

  format::Object object;
  object.set_message_id(to_int(posted->id));
  object.set_file_id(posted->file.file_id);
  object.set_size(sealed.bytes->size());
  object.set_content_hash(sealed.hash);
  object.set_epoch(identity.epoch);
  object.set_writer(identity.writer);
  object.set_sequence(identity.sequence);
  object.set_number(identity.number);
  co_return object;
}

// Each attempt asks anew what is to be kept, because much may have happened in a penalty.
Channel::Async<Posted> Objects::place(Document document, Patience patience) {
  const auto attempt = [this, &document, patience] { return edit_or_post(document, patience); };
  co_return co_await retry(patience, OnUnknown::kRepeat, attempt);
}

// An edit with an unknown outcome may land at any later time, so its slot is left alone, as is one
// that cannot be edited; a slot that the operator has deleted is forgotten. A post of an unknown
// outcome may leave a message that nobody knows of.
Channel::Async<Posted> Objects::edit_or_post(Document document, Patience patience) {
  for (;;) {
    auto asking = messages_to_keep_(patience);
    Result<MessagesToKeep> kept = co_await std::move(asking);
    if (!kept) co_return kept.error();
    std::optional<MessageId> slot;
    if (*kept) {
      (*kept)->insert(held_.begin(), held_.end());
      slot = ring_->free_slot(**kept);
    }
    if (!slot) break;
    held_.insert(*slot);
    Result<Posted> replaced = co_await channel_->replace(*slot, document);
    if (replaced) co_return replaced;
    release({*slot});
    const ErrorCode code = replaced.error().code;
    if (code == ErrorCode::kNotFound) {
      ring_->remove(*slot);
    } else if (code == ErrorCode::kRejected) {
      ring_->abandon(*slot);
    } else {
      if (code == ErrorCode::kOutcomeUnknown) ring_->abandon(*slot);
      co_return replaced;
    }
  }
  Result<Posted> posted = co_await channel_->post(document);
  if (posted) {
    held_.insert(posted->id);
    ring_->add(posted->id);
  }
  co_return posted;
}

Channel::Async<void> Objects::overwrite(MessageId id, ObjectIdentity identity, Patience patience) {
  auto bytes =
      std::make_shared<const Bytes>(sealer_->seal(identity, Bytes(), Sealer::make_nonce(*random_)));
  const Document document = describe_document(identity, std::move(bytes));
  const auto replace = [this, id, &document] { return channel_->replace(id, document); };
  Result<Posted> replaced = co_await retry(patience, OnUnknown::kRepeat, replace);
  if (!replaced) co_return replaced.error();
  co_return Result<void>{};
}

void Objects::release(const std::vector<MessageId>& ids) {
  for (const MessageId id : ids) {
    const auto at = held_.find(id);
    if (at != held_.end()) held_.erase(at);
  }
}

Channel::Async<Bytes> Objects::fetch(format::Object object, ObjectKind kind, Patience patience) {
  const FileRef file{.file_id = object.file_id(), .size = object.size()};
  const auto download = [this, &file, &object, kind]() -> Channel::Async<Bytes> {
    Result<Bytes> bytes = co_await channel_->fetch(file, Channel::kMaxDocumentBytes);
    if (!bytes) co_return about_object(object, kind, bytes.error());
    co_return bytes;
  };
  Result<Bytes> sealed = co_await retry(patience, OnUnknown::kRepeat, download);
  if (!sealed) co_return sealed;
  const ObjectIdentity identity{.kind = kind,
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
  if (!body) co_return about_object(object, kind, body.error());
  co_return body;
}

Channel::Async<std::vector<Bytes>> Objects::fetch_all(std::vector<format::Object> objects,
                                                      ObjectKind kind, Patience patience) {
  const auto executor = co_await asio::this_coro::executor;
  std::vector<Bytes> bodies;
  bodies.reserve(objects.size());
  const std::span<const format::Object> all(objects);
  while (bodies.size() < objects.size()) {
    const auto group = all.subspan(bodies.size(), first_group(all.subspan(bodies.size())));
    using Download = decltype(asio::co_spawn(executor, fetch({}, kind, patience), asio::deferred));
    std::vector<Download> downloads;
    downloads.reserve(group.size());
    for (const format::Object& object : group) {
      downloads.push_back(asio::co_spawn(executor, fetch(object, kind, patience), asio::deferred));
    }
    auto together = asio::experimental::make_parallel_group(std::move(downloads));
    auto [order, failures, results] =
        co_await together.async_wait(asio::experimental::wait_for_all(), asio::use_awaitable);
    for (const std::exception_ptr& failure : failures) {
      if (failure) std::rethrow_exception(failure);
    }
    for (Result<Bytes>& body : results) {
      if (!body) co_return body.error();
      bodies.push_back(*std::move(body));
    }
  }
  co_return bodies;
}

}  // namespace telekv::vault
