#include "cli/text_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>
#include <utility>

#include "bot/decimal.h"
#include "bot/user_lines.h"

namespace telekv::cli {
namespace {

using bot::append_number;

constexpr std::size_t kBufferBytes = std::size_t{1} << 18;

void append_dump_row(std::string& out, kv::Key chat_id, const bot::User& user) {
  out += '[';
  append_number(out, chat_id);
  out += ", ";
  bot::append_json_text(out, user.name);
  out += ", ";
  append_number(out, user.clicks);
  out += ", ";
  append_number(out, user.state);
  out += ']';
}

// RFC 4180, 2: fields with line breaks, quotes or commas are quoted, quotes inside are doubled.
void append_csv_text(std::string& out, std::string_view text) {
  if (text.find_first_of("\",\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

void append_csv_row(std::string& out, kv::Key chat_id, const bot::User& user) {
  append_number(out, chat_id);
  out += ',';
  append_csv_text(out, user.name);
  out += ',';
  append_number(out, user.clicks);
  out += ',';
  append_number(out, user.state);
  out += "\r\n";
}

class TextWriter final : public TableWriter {
 public:
  TextWriter(const TextFormat& format, std::string name, int descriptor,
             std::optional<NewFile> file)
      : format_(&format),
        name_(std::move(name)),
        descriptor_(descriptor),
        file_(std::move(file)),
        buffer_(format.head) {}
  TextWriter(const TextWriter&) = delete;
  TextWriter& operator=(const TextWriter&) = delete;
  ~TextWriter() override {
    if (!file_) close(descriptor_);
  }

  Result<void> add(kv::Key chat_id, const bot::User& user) override {
    if (!std::exchange(first_, false)) buffer_ += format_->separator;
    format_->append(buffer_, chat_id, user);
    return buffer_.size() < kBufferBytes ? Result<void>{} : flush();
  }

  Result<void> finish() override {
    buffer_ += format_->tail;
    if (Result<void> flushed = flush(); !flushed) return flushed;
    return file_ ? file_->commit() : Result<void>{};
  }

 private:
  Result<void> flush() {
    Result<void> written = write_all(descriptor_, buffer_, name_);
    buffer_.clear();
    return written;
  }

  const TextFormat* format_;
  std::string name_;
  int descriptor_;
  std::optional<NewFile> file_;  // absent: a stream, which is written directly
  std::string buffer_;
  bool first_ = true;
};

bool is_stream(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

}  // namespace

const TextFormat kJsonLines{
    .head = "", .separator = "", .tail = "", .append = bot::append_json_line};
const TextFormat kCsv{.head = kCsvHeader, .separator = "", .tail = "", .append = append_csv_row};
const TextFormat kJsonDump{
    .head = "[", .separator = ",\n", .tail = "]\n", .append = append_dump_row};

Result<std::unique_ptr<TableWriter>> open_text_writer(const TextFormat& format,
                                                      const std::string& path,
                                                      const Streams& streams) {
  if (path == kStandardStream || is_stream(path)) {
    const bool standard = path == kStandardStream;
    const int descriptor =
        standard ? dup(streams.output) : open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (descriptor < 0) {
      return Error{ErrorCode::kRejected,
                   "cannot open " + (standard ? std::string("standard output") : path)};
    }
    return std::make_unique<TextWriter>(format, standard ? "standard output" : path, descriptor,
                                        std::nullopt);
  }
  Result<NewFile> file = NewFile::create(path);
  if (!file) return file.error();
  const int descriptor = file->descriptor();
  return std::make_unique<TextWriter>(format, path, descriptor, *std::move(file));
}

}  // namespace telekv::cli
