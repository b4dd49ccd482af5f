// Documents of the vault's chat, downloaded one by one, as a chat of their own that can only be
// read: what works on a live chat works on a folder of files, offline.
//
// Every file is opened and verified when it is added; its content is not kept, but for standard
// input's. A damaged one is left out, unless it may be the newest root. One thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/files.h"
#include "telekv.pb.h"
#include "vault/channel.h"
#include "vault/roots.h"
#include "vault/sealer.h"

namespace telekv::cli {

class StoredFiles final : public vault::Channel {
 public:
  /// kWrongKey, kUnsupportedVersion and, of what may be a root, kDamaged name the file; kNotFound
  /// when no active root is among them.
  static Result<StoredFiles> read(const std::vector<std::string>& paths,
                                  const vault::Sealer& sealer, const Streams& streams);

  /// Of each file that was left out, with its name.
  const std::vector<Error>& damaged() const { return damaged_; }

  /// The root that continues furthest, as if it were pinned.
  Async<std::optional<vault::Pinned>> pinned() override;

  /// kNotFound names the message whose document is missing.
  Async<Bytes> fetch(vault::FileRef file, std::size_t max_bytes) override;

  /// Only pinned() leads anywhere, and nothing can be changed.
  Async<vault::FileRef> look_up(vault::MessageId id) override;
  Async<std::optional<vault::MessageId>> pointer() override;
  Async<vault::Posted> post(vault::Document document) override;
  Async<vault::Posted> replace(vault::MessageId id, vault::Document document) override;
  Async<void> pin(vault::MessageId id) override;
  Async<void> unpin(vault::MessageId id) override;
  Async<void> set_pointer(vault::MessageId id) override;
  Async<void> recycle(vault::MessageId id) override;

 private:
  struct File {
    std::string path;
    std::optional<Bytes> content;  // of standard input, which cannot be read twice
  };
  /// What a root or a history says about a document.
  struct Named {
    Bytes content_hash;
    std::int64_t message_id;
  };

  explicit StoredFiles(const Streams& streams) : streams_(streams) {}
  Result<void> add(const std::string& path, const vault::Sealer& sealer);
  void note(const format::Object& object);
  void note(const format::State& state);

  Streams streams_;
  std::map<Bytes, File> files_;         // by content hash
  std::map<std::string, Named> named_;  // by file id
  std::vector<Error> damaged_;
  std::optional<vault::Root> root_;
  Bytes root_hash_;
};

}  // namespace telekv::cli
