#include "bot/output.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "bot/chat_settings.h"

namespace telekv::bot {
namespace {

std::string reason(int error) { return std::generic_category().message(error); }

Result<int> make_private_file(const std::string& path) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file >= 0) return file;
  if (errno != EEXIST) return cannot_write(path, errno);
  return wrong(path + " is there already", "choose another name, or move it away");
}

}  // namespace

Error cannot_write(const std::string& name, int error) {
  return Error{ErrorCode::kRejected, "cannot write " + name + ": " + reason(error),
               "nothing that was there before has been changed"};
}

Result<void> write_all(int descriptor, std::string_view bytes, const std::string& name) {
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return cannot_write(name, errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> try_private_file(const std::string& path) {
  const Result<int> file = make_private_file(path);
  if (!file) return file.error();
  close(*file);
  if (unlink(path.c_str()) != 0) return cannot_write(path, errno);
  return {};
}

Result<void> write_private_file(const std::string& path, std::string_view bytes) {
  const Result<int> file = make_private_file(path);
  if (!file) return file.error();
  Result<void> written = write_all(*file, bytes, path);
  if (written && fsync(*file) != 0) written = cannot_write(path, errno);
  if (close(*file) != 0 && written) written = cannot_write(path, errno);
  if (!written) unlink(path.c_str());
  return written;
}

}  // namespace telekv::bot
