// Files as the command reads and writes them. What is written appears whole or not at all: it goes
// to a temporary file beside the target, which takes the target's name at the end.
//
// Blocking; one thread. Errors name the file and what the system said: kNotFound and
// kInvalidArgument for what cannot be used, kTooLarge above a bound, kRejected for what the system
// refused to do.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "bot/output.h"
#include "kv/bytes.h"
#include "kv/error.h"

namespace telekv::cli {

/// Instead of a file's name: standard input or standard output.
inline constexpr std::string_view kStandardStream = "-";

/// The process's own, or a test's.
struct Streams {
  int input = 0;
  int output = 1;
  int error = 2;
};

/// Room that read_file() leaves behind the content, for parsers that read beyond it.
inline constexpr std::size_t kReadPadding = 64;

/// The whole content of a file, or of standard input for "-". Its capacity exceeds its size by at
/// least kReadPadding.
Result<Bytes> read_file(const std::string& path, std::size_t max_bytes, const Streams& streams);

/// What an error line calls it.
std::string shown_name(const std::string& path);

using bot::write_all;

/// A file that takes the place of `path` when it is complete, readable by its owner alone. Without
/// commit() nothing of it stays.
class NewFile {
 public:
  /// kInvalidArgument when something other than a file stands there.
  static Result<NewFile> create(const std::string& path);

  NewFile(NewFile&& other) noexcept;
  NewFile& operator=(NewFile&&) = delete;
  ~NewFile();

  int descriptor() const { return descriptor_; }
  const std::string& temporary_path() const { return temporary_; }

  /// Puts the content on the disk, then gives it its name.
  Result<void> commit();

 private:
  NewFile(std::string target, std::string temporary, int descriptor);

  std::string target_;
  std::string temporary_;  // empty once it has its name
  int descriptor_;
};

}  // namespace telekv::cli
