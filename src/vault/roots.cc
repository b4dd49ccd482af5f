#include "vault/roots.h"

#include <utility>

namespace telekv::vault {
namespace {

/// The same error, naming the root it is about.
Error about_root(MessageId id, const Error& error) {
  if (error.code == ErrorCode::kDamaged) return damaged_root(id, error.message);
  if (error.code != ErrorCode::kUnavailable && error.code != ErrorCode::kNotFound) return error;
  Error named = error;
  named.message =
      "the root in message " + std::to_string(to_int(id)) + " cannot be read: " + error.message;
  return named;
}

}  // namespace

Roots::Roots(Channel& channel, const Sealer& sealer, const std::optional<Sealer>& other,
             Random& random, std::uint64_t writer)
    : channel_(&channel), sealer_(&sealer), other_(&other), random_(&random), writer_(writer) {}

Channel::Async<Root> Roots::read(MessageId id, Patience patience) {
  const auto look_up = [this, id]() -> Channel::Async<FileRef> {
    Result<FileRef> file = co_await channel_->look_up(id);
    if (!file) co_return about_root(id, file.error());
    co_return file;
  };
  Result<FileRef> file = co_await retry(patience, OnUnknown::kRepeat, look_up);
  if (!file) co_return file.error();
  co_return co_await read_document(id, *file, patience);
}

Channel::Async<Root> Roots::read_document(MessageId id, FileRef file, Patience patience) {
  const auto fetch = [this, id, &file]() -> Channel::Async<Bytes> {
    Result<Bytes> bytes = co_await channel_->fetch(file, Channel::kMaxDocumentBytes);
    if (!bytes) co_return about_root(id, bytes.error());
    co_return bytes;
  };
  for (int attempt = 1;; ++attempt) {
    Result<Bytes> object = co_await retry(patience, OnUnknown::kRepeat, fetch);
    if (!object) co_return object.error();
    Result<Root> root = open(id, *object);
    const bool damaged = !root && root.error().code == ErrorCode::kDamaged;
    if (!damaged || attempt == kDownloads) co_return root;
    co_await patience.clock->sleep_for(kDownloadAgainAfter);
  }
}

Channel::Async<MessageId> Roots::post_candidate(std::vector<MessageId> predecessors,
                                                Patience patience) {
  format::Manifest manifest;
  manifest.set_standing(format::Manifest::CANDIDATE);
  manifest.set_writer(writer_);
  for (const MessageId id : predecessors) manifest.add_predecessors(to_int(id));
  Result<Document> document = seal(manifest);
  if (!document) co_return document.error();
  const auto post = [this, &document] { return channel_->post(*document); };
  Result<Posted> posted = co_await retry(patience, OnUnknown::kRepeat, post);
  if (!posted) co_return posted.error();
  co_return posted->id;
}

Channel::Async<std::uint64_t> Roots::write_active(MessageId id, format::Manifest manifest,
                                                  Patience patience) {
  manifest.set_standing(format::Manifest::ACTIVE);
  manifest.set_ballot(to_int(id));
  manifest.set_writer(writer_);
  Result<Document> document = seal(manifest);
  if (!document) co_return document.error();
  const auto replace = [this, id, &document] { return channel_->replace(id, *document); };
  Result<Posted> posted = co_await retry(patience, OnUnknown::kReturn, replace);
  if (!posted) co_return posted.error();
  co_return document->bytes->size();
}

Result<Document> Roots::seal(const format::Manifest& manifest) {
  const ObjectIdentity identity{.kind = ObjectKind::kRoot,
                                .epoch = manifest.ballot(),
                                .writer = manifest.writer(),
                                .sequence = manifest.state().sequence()};
  auto object = std::make_shared<const Bytes>(
      sealer_->seal(identity, manifest.SerializeAsString(), Sealer::make_nonce(*random_)));
  if (object->size() > Channel::kMaxDocumentBytes) {
    return Error{ErrorCode::kTooLarge, "the root would have " + std::to_string(object->size()) +
                                           " bytes, the limit is " +
                                           std::to_string(Channel::kMaxDocumentBytes)};
  }
  std::string caption = manifest.standing() == format::Manifest::CANDIDATE
                            ? "telekv: a writer is taking over"
                            : "telekv root, sequence " +
                                  std::to_string(manifest.state().sequence()) + ", " +
                                  std::to_string(manifest.state().records()) + " records";
  return Document{
      .name = std::string(kRootName), .caption = std::move(caption), .bytes = std::move(object)};
}

Result<Root> Roots::open(MessageId id, ByteView object) const {
  const Result<ObjectIdentity> identity = Sealer::peek(object);
  if (!identity) return about_root(id, identity.error());
  // A candidate was sealed before its message had an id.
  if (identity->kind == ObjectKind::kRoot && identity->epoch != 0 &&
      identity->epoch != to_int(id)) {
    return damaged_root(id, "it is another message's root");
  }
  Result<Bytes> body = sealer_->open(*identity, object);
  bool under_other_key = false;
  if (!body && body.error().code == ErrorCode::kWrongKey && *other_) {
    Result<Bytes> opened = (*other_)->open(*identity, object);
    under_other_key = opened.has_value();
    if (opened) body = std::move(opened);
  }
  if (!body) return about_root(id, body.error());
  // Roots too old to be deleted become messages of the ring.
  if (identity->kind != ObjectKind::kRoot) {
    return Error{ErrorCode::kNotFound, "message " + std::to_string(to_int(id)) +
                                           " carries no root any more, but another object"};
  }

  Result<Root> root = parse_root(id, *identity, *body);
  if (root) root->under_other_key = under_other_key;
  return root;
}

}  // namespace telekv::vault
