#include "cli/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <system_error>
#include <utility>

namespace telekv::cli {

using bot::cannot_write;

namespace {

constexpr std::size_t kBlockBytes = std::size_t{1} << 20;

std::string reason(int error) { return std::generic_category().message(error); }

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (value_ >= 0) close(value_);
  }
  int get() const { return value_; }

 private:
  int value_;
};

Result<Bytes> read_all(int descriptor, std::size_t expected, std::size_t max_bytes,
                       const std::string& name) {
  Bytes bytes;
  // With room for the last look, which finds the end.
  bytes.reserve(std::min(expected, max_bytes) + kBlockBytes);
  for (;;) {
    const std::size_t before = bytes.size();
    // One byte more than allowed tells that there is more.
    const std::size_t room = std::min(kBlockBytes, max_bytes + 1 - before);
    bytes.resize(before + room);
    const ssize_t got = read(descriptor, bytes.data() + before, room);
    const int error = errno;
    bytes.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0 && error == EINTR) continue;
    if (got < 0) {
      return Error{ErrorCode::kInvalidArgument, "cannot read " + name + ": " + reason(error)};
    }
    if (bytes.size() > max_bytes) {
      return Error{ErrorCode::kTooLarge,
                   name + " has more than " + std::to_string(max_bytes) + " bytes"};
    }
    if (got == 0) break;
  }
  bytes.reserve(bytes.size() + kReadPadding);
  return bytes;
}

}  // namespace

std::string shown_name(const std::string& path) {
  return path == kStandardStream ? "standard input" : path;
}

Result<Bytes> read_file(const std::string& path, std::size_t max_bytes, const Streams& streams) {
  if (path == kStandardStream) return read_all(streams.input, 0, max_bytes, shown_name(path));
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) {
    const ErrorCode code = errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kInvalidArgument;
    return Error{code, "cannot open " + path + ": " + reason(errno)};
  }
  struct stat status {};
  const bool sized = fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode);
  return read_all(file.get(), sized ? static_cast<std::size_t>(status.st_size) : 0, max_bytes,
                  path);
}

NewFile::NewFile(std::string target, std::string temporary, int descriptor)
    : target_(std::move(target)), temporary_(std::move(temporary)), descriptor_(descriptor) {}

NewFile::NewFile(NewFile&& other) noexcept
    : target_(std::move(other.target_)),
      temporary_(std::exchange(other.temporary_, {})),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

NewFile::~NewFile() {
  if (descriptor_ >= 0) close(descriptor_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

Result<NewFile> NewFile::create(const std::string& path) {
  // Through a link, what it points to is replaced, as an ordinary write would do.
  const std::unique_ptr<char, decltype(&std::free)> resolved(realpath(path.c_str(), nullptr),
                                                             &std::free);
  std::string target = resolved ? resolved.get() : path;
  struct stat status {};
  if (stat(target.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    return Error{ErrorCode::kInvalidArgument, path + " is not a file", "name a file to write"};
  }
  std::string temporary = target + ".XXXXXX";
  const int descriptor = mkostemp(temporary.data(), O_CLOEXEC);
  if (descriptor < 0) return cannot_write(path, errno);
  return NewFile(std::move(target), std::move(temporary), descriptor);
}

Result<void> NewFile::commit() {
  if (fsync(descriptor_) != 0) return cannot_write(target_, errno);
  if (close(std::exchange(descriptor_, -1)) != 0) return cannot_write(target_, errno);
  if (rename(temporary_.c_str(), target_.c_str()) != 0) return cannot_write(target_, errno);
  temporary_.clear();
  return {};
}

}  // namespace telekv::cli
