// The bytes of uploaded files, by number: in memory, or one file each in a folder. A file is
// complete in the folder before the journal names it. Single-threaded; failures of the disk are
// errors with a message.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace telekv::emulator {

class FileStore {
 public:
  using Bytes = std::shared_ptr<const std::string>;

  /// In memory.
  FileStore() = default;
  /// In `folder`, which must exist. `local`: bots read it themselves, as with a server's `--local`.
  explicit FileStore(std::filesystem::path folder, bool local = false)
      : folder_(std::filesystem::absolute(folder)), local_(local) {}

  bool is_local() const { return local_; }

  /// Absolute; only of a store in a folder.
  std::filesystem::path path_of(std::uint64_t number) const;

  /// False when the disk refuses.
  bool put(std::uint64_t number, std::string_view bytes);

  /// Null when there is no such file or it cannot be read.
  Bytes get(std::uint64_t number) const;

 private:
  std::optional<std::filesystem::path> folder_;
  bool local_ = false;
  std::unordered_map<std::uint64_t, Bytes> in_memory_;
};

}  // namespace telekv::emulator
