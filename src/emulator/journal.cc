#include "emulator/journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <utility>

namespace telekv::emulator {
namespace {

constexpr std::string_view kMagic = "TKEMU4\n";
constexpr std::size_t kFrameHeaderBytes = 16;

std::uint64_t checksum(std::string_view bytes) {  // FNV-1a: against torn writes, not against malice
  std::uint64_t hash = 0xCBF29CE484222325ull;
  for (const char byte : bytes) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001B3ull;
  }
  return hash;
}

ApiError trouble(const std::filesystem::path& path, std::string_view what) {
  return {500, "state folder: " + std::string(what) + " " + path.string()};
}

bool write_fully(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// Applies the complete frames of a log; the number of bytes behind the last one, or an error when a
// complete frame does not make sense.
Answer<std::uint64_t> replay(const std::filesystem::path& path, World& world) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::uint64_t{0};
  const std::string log{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (in.bad()) return trouble(path, "cannot read");
  if (!log.starts_with(kMagic)) return trouble(path, "not written by this program:");
  std::string_view rest = std::string_view(log).substr(kMagic.size());
  while (rest.size() >= kFrameHeaderBytes) {
    Decoder header(rest.substr(0, kFrameHeaderBytes));
    std::uint64_t length = 0;
    std::uint64_t expected = 0;
    header(length);
    header(expected);
    if (length > rest.size() - kFrameHeaderBytes) break;
    const std::string_view records = rest.substr(kFrameHeaderBytes, length);
    if (checksum(records) != expected) break;
    if (!world.apply(records)) return trouble(path, "records that make no sense in");
    rest.remove_prefix(kFrameHeaderBytes + length);
  }
  return rest.size();
}

}  // namespace

Answer<Journal::Opened> Journal::open(const std::filesystem::path& folder, World& world) {
  std::error_code error;
  std::filesystem::create_directories(folder / "files", error);
  if (error) return trouble(folder, "cannot create");
  Opened opened{std::unique_ptr<Journal>(new Journal(folder))};
  Journal& journal = *opened.journal;
  if (!journal.lock()) return trouble(folder, "another emulator uses, or cannot lock,");

  const std::filesystem::path path = folder / "journal";
  const std::filesystem::path fresh = folder / "journal.new";
  auto dropped = replay(path, world);
  if (dropped.has_error()) return dropped.error();
  opened.dropped_bytes = *dropped;

  // The new log takes the old one's place only when it is complete.
  journal.file_ = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  bool written = journal.file_ >= 0 && write_fully(journal.file_, kMagic);
  world.write_all([&](std::string_view records) { written = written && journal.append(records); });
  if (!written) return trouble(fresh, "cannot write");
  std::filesystem::rename(fresh, path, error);
  if (error) return trouble(path, "cannot replace");
  world.set_journal(journal.records());
  return opened;
}

Journal::~Journal() {
  if (file_ >= 0) ::close(file_);
  if (lock_ >= 0) ::close(lock_);
}

bool Journal::lock() {
  lock_ = ::open((folder_ / "lock").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  return lock_ >= 0 && ::flock(lock_, LOCK_EX | LOCK_NB) == 0;
}

bool Journal::commit() {
  if (records_.empty()) return true;
  const bool written = append(records_);
  records_.clear();
  return written;
}

bool Journal::append(std::string_view records) {
  std::string frame;
  frame.reserve(kFrameHeaderBytes + records.size());
  Encoder encode(frame);
  encode(records.size());
  encode(checksum(records));
  frame += records;
  return write_fully(file_, frame);
}

}  // namespace telekv::emulator
