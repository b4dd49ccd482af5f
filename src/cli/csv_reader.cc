// The import format that is CSV.
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <string_view>
#include <system_error>

#include "cli/row_reader.h"
#include "cli/text_writer.h"

namespace telekv::cli {
namespace {

constexpr std::size_t kColumnCount = 4;

/// Goes through a text record by record. A quoted field may hold line breaks.
class CsvText {
 public:
  explicit CsvText(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }

  /// Where the next record begins, from 1.
  std::uint64_t line() const { return line_; }

  /// The next record's fields; what is wrong with it, or nullptr.
  const char* read_record(std::array<std::string_view, kColumnCount>& fields) {
    const char* const begin = rest_.data();
    for (std::size_t index = 0; index < kColumnCount; ++index) {
      if (const char* what = read_field(index, fields[index])) return what;
      const bool last = index + 1 == kColumnCount;
      if (!last && !skip(",")) return "it has fewer than four fields";
    }
    if (rest_.starts_with(',')) return "it has more than four fields";
    if (!done() && !skip("\r\n") && !skip("\n")) return "something follows a field";
    line_ += static_cast<std::uint64_t>(std::count(begin, rest_.data(), '\n'));
    return nullptr;
  }

 private:
  bool skip(std::string_view what) {
    if (!rest_.starts_with(what)) return false;
    rest_.remove_prefix(what.size());
    return true;
  }

  const char* read_field(std::size_t index, std::string_view& field) {
    if (!skip("\"")) {
      const std::size_t end = std::min(rest_.find_first_of(",\r\n\""), rest_.size());
      field = rest_.substr(0, end);
      rest_.remove_prefix(end);
      return rest_.starts_with('"') ? "a quote inside a field without quotes" : nullptr;
    }
    std::string& text = unquoted_[index];
    text.clear();
    for (;;) {
      const std::size_t end = rest_.find('"');
      if (end == std::string_view::npos) return "a quoted field that does not end";
      text += rest_.substr(0, end);
      rest_.remove_prefix(end + 1);
      if (!skip("\"")) break;
      text += '"';
    }
    field = text;
    return nullptr;
  }

  std::string_view rest_;
  std::uint64_t line_ = 1;
  std::array<std::string, kColumnCount> unquoted_;
};

template <class Integer>
bool read_number(std::string_view text, Integer& value) {
  const std::from_chars_result end = std::from_chars(text.data(), text.data() + text.size(), value);
  return end.ec == std::errc() && end.ptr == text.data() + text.size();
}

const char* read_numbers(const std::array<std::string_view, kColumnCount>& fields, kv::Key& chat_id,
                         bot::User& user) {
  if (!read_number(fields[0], chat_id)) return "the chat id is not an integer";
  if (!read_number(fields[2], user.clicks)) return "the clicks are not a count";
  return read_number(fields[3], user.state) ? nullptr : "the state is not a count";
}

}  // namespace

Result<void> read_csv(const Rows& rows) {
  std::string_view header = kCsvHeader;
  header.remove_suffix(2);
  std::array<std::string_view, kColumnCount> fields;
  CsvText csv(rows.text);
  if (!rows.text.starts_with(header) || csv.read_record(fields) != nullptr ||
      fields.back() != header.substr(header.rfind(',') + 1)) {
    return Error{ErrorCode::kInvalidArgument, rows.name + " is in no format that can be imported",
                 "it must be a JSON dump ([[...), JSON lines ({...), or CSV that begins with " +
                     std::string(header)};
  }
  if (!simdjson::validate_utf8(rows.text)) {
    return Error{ErrorCode::kInvalidArgument, rows.name + " is not UTF-8",
                 "save it as UTF-8 and try again"};
  }
  while (!csv.done()) {
    const std::uint64_t line = csv.line();
    const char* what = csv.read_record(fields);
    kv::Key chat_id = 0;
    bot::User user{.name = fields[1]};
    if (what == nullptr) what = read_numbers(fields, chat_id, user);
    if (what != nullptr) return rows.wrong("line", line, what);
    if (Result<void> added = rows.add("line", line, chat_id, user); !added) return added;
  }
  return {};
}

}  // namespace telekv::cli
