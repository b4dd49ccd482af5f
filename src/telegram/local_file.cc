#include "telegram/local_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

namespace telekv::telegram {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kPieceBytes = std::size_t{256} << 10;

class OpenFile {
 public:
  /// A pipe would keep the caller waiting for ever, so opening does not block.
  explicit OpenFile(const std::string& path)
      : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~OpenFile() {
    if (is_open()) ::close(descriptor_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  bool is_open() const { return descriptor_ >= 0; }

  bool is_regular() const {
    struct stat facts {};
    return ::fstat(descriptor_, &facts) == 0 && S_ISREG(facts.st_mode);
  }

  /// The bytes read, 0 at the end, -1 with errno.
  ssize_t read(std::vector<char>& into) const {
    for (;;) {
      const ssize_t count = ::read(descriptor_, into.data(), into.size());
      if (count >= 0 || errno != EINTR) return count;
    }
  }

 private:
  int descriptor_;
};

Error cannot_open(const std::string& path, const std::string& why) {
  return Error{.code = ErrorCode::kRejected,
               .message = "file download: the Bot API server keeps the file at " + path +
                          ", which cannot be opened here: " + why,
               .hint =
                   "let this program read the server's folder, or start the server without "
                   "--local"};
}

std::string reason(int number) { return std::generic_category().message(number); }

}  // namespace

Async<void> read_local_file(std::string path, DownloadSink sink) {
  const OpenFile file(path);
  if (!file.is_open()) co_return cannot_open(path, reason(errno));
  if (!file.is_regular()) co_return cannot_open(path, "it is no regular file");
  std::vector<char> piece(kPieceBytes);
  for (;;) {
    const ssize_t count = file.read(piece);
    if (count < 0) {
      co_return Error{.code = ErrorCode::kUnavailable,
                      .message = "file download: reading " + path + ": " + reason(errno)};
    }
    if (count == 0) co_return Result<void>{};
    const Result<void> taken = sink({piece.data(), static_cast<std::size_t>(count)});
    if (!taken) co_return taken.error();
    co_await asio::post(asio::use_awaitable);
  }
}

}  // namespace telekv::telegram
