#include "cli/stored_files.h"

#include <utility>

namespace telekv::cli {
namespace {

// What pinned() calls the root's document; no file id of Telegram's looks like this.
constexpr const char* kRootFileId = "the root among the files";

Error about(const std::string& path, const Error& error) {
  Error named = error;
  named.message = shown_name(path) + ": " + error.message;
  return named;
}

Error read_only() { return Error{ErrorCode::kRejected, "downloaded files cannot be changed"}; }

}  // namespace

Result<StoredFiles> StoredFiles::read(const std::vector<std::string>& paths,
                                      const vault::Sealer& sealer, const Streams& streams) {
  StoredFiles files(streams);
  for (const std::string& path : paths) {
    if (Result<void> added = files.add(path, sealer); !added) return about(path, added.error());
  }
  if (!files.root_) {
    return Error{ErrorCode::kNotFound, "none of the files is an active root",
                 "download the pinned document of the vault's chat as well"};
  }
  return files;
}

// What is damaged and no root is left out. Without a damaged root an older one would pass for the
// newest.
Result<void> StoredFiles::add(const std::string& path, const vault::Sealer& sealer) {
  Result<Bytes> content = read_file(path, kMaxDocumentBytes, streams_);
  if (!content) return content.error();
  const Result<vault::ObjectIdentity> identity = vault::Sealer::peek(*content);
  if (!identity) return identity.error();
  const Result<Bytes> body = sealer.open(*identity, *content);
  const bool damaged = !body && body.error().code == ErrorCode::kDamaged;
  if (damaged && identity->kind != vault::ObjectKind::kRoot) {
    damaged_.push_back(about(path, body.error()));
    return {};
  }
  if (!body) return body.error();
  Bytes hash = vault::content_hash(*content);

  if (identity->kind == vault::ObjectKind::kRoot) {
    Result<vault::Root> root =
        vault::parse_root(vault::MessageId{identity->epoch}, *identity, *body);
    if (!root) return root.error();
    if (root->manifest.standing() == format::Manifest::ACTIVE) {
      note(root->manifest.state());
      if (root->manifest.has_history()) note(root->manifest.history());
      if (!root_ || vault::is_longer(root->manifest, root_->manifest)) {
        root_ = *std::move(root);
        root_hash_ = hash;
      }
    }
  } else if (identity->kind == vault::ObjectKind::kHistory) {
    format::History history;
    if (!history.ParseFromString(*body)) {
      return Error{ErrorCode::kDamaged, "its history cannot be read"};
    }
    for (const format::RestorePoint& point : history.points()) note(point.state());
  }
  File& file = files_[std::move(hash)];
  file.path = path;
  if (path == kStandardStream) file.content = *std::move(content);
  return {};
}

void StoredFiles::note(const format::Object& object) {
  named_[object.file_id()] = {.content_hash = object.content_hash(),
                              .message_id = object.message_id()};
}

void StoredFiles::note(const format::State& state) {
  for (const format::Object& chunk : state.base().chunks()) note(chunk);
  for (const format::Object& segment : state.segments()) note(segment);
}

vault::Channel::Async<std::optional<vault::Pinned>> StoredFiles::pinned() {
  co_return vault::Pinned{.id = root_->id,
                          .document = vault::FileRef{.file_id = kRootFileId, .size = 0},
                          .document_name = std::string(vault::kRootName)};
}

vault::Channel::Async<Bytes> StoredFiles::fetch(vault::FileRef file, std::size_t max_bytes) {
  const auto named = named_.find(file.file_id);
  const bool is_root = file.file_id == kRootFileId;
  const auto found = files_.find(is_root                 ? root_hash_
                                 : named != named_.end() ? named->second.content_hash
                                                         : Bytes{});
  if (found == files_.end()) {
    const std::string which = named == named_.end() ? "a document"
                                                    : "the document of message " +
                                                          std::to_string(named->second.message_id);
    co_return Error{ErrorCode::kNotFound, which + " is not among the files",
                    "download it from the vault's chat and name it too"};
  }
  if (found->second.content) co_return *found->second.content;
  co_return read_file(found->second.path, max_bytes, streams_);
}

vault::Channel::Async<vault::FileRef> StoredFiles::look_up(vault::MessageId id) {
  co_return Error{ErrorCode::kNotFound,
                  "message " + std::to_string(vault::to_int(id)) + " is not among the files"};
}

vault::Channel::Async<std::optional<vault::MessageId>> StoredFiles::pointer() {
  co_return std::optional<vault::MessageId>();
}

vault::Channel::Async<vault::Posted> StoredFiles::post(vault::Document) { co_return read_only(); }
vault::Channel::Async<vault::Posted> StoredFiles::replace(vault::MessageId, vault::Document) {
  co_return read_only();
}
vault::Channel::Async<void> StoredFiles::pin(vault::MessageId) { co_return read_only(); }
vault::Channel::Async<void> StoredFiles::unpin(vault::MessageId) { co_return read_only(); }
vault::Channel::Async<void> StoredFiles::set_pointer(vault::MessageId) { co_return read_only(); }
vault::Channel::Async<void> StoredFiles::recycle(vault::MessageId) { co_return read_only(); }

}  // namespace telekv::cli
