#include "cli/table_reader.h"

#include <simdjson.h>

#include "bot/names.h"
#include "cli/files.h"
#include "cli/row_reader.h"
#include "telegram/update_parser.h"

namespace telekv::cli {
namespace {

static_assert(kReadPadding >= simdjson::SIMDJSON_PADDING);

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

}  // namespace

Error Rows::wrong(const char* unit, std::uint64_t number, std::string_view what) const {
  return Error{ErrorCode::kInvalidArgument,
               name + ", " + unit + " " + std::to_string(number) + ": " + std::string(what),
               "nothing was imported; mend the file and try again"};
}

Result<void> Rows::add(const char* unit, std::uint64_t number, kv::Key chat_id,
                       const bot::User& user) const {
  if (chat_id == 0 || chat_id > telegram::kMaxId || chat_id < -telegram::kMaxId) {
    return wrong(unit, number, "the chat id is out of range");
  }
  take(chat_id, user);
  return {};
}

Result<void> read_users(const Bytes& text, const std::string& name, const TakeUser& take) {
  std::string_view content = text;
  if (content.starts_with(kByteOrderMark)) content.remove_prefix(kByteOrderMark.size());
  const std::size_t start = content.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) {
    return Error{ErrorCode::kInvalidArgument, name + " is empty", "an empty list of users is: []"};
  }
  const Rows rows{.text = content, .name = name, .take = take};
  switch (content[start]) {
    case '[':
      return read_json_dump(rows);
    case '{':
      return read_json_lines(rows);
    default:
      return read_csv(rows);
  }
}

Result<Import> read_import(const Bytes& text, const std::string& name) {
  Import import;
  const auto take = [&import](kv::Key chat_id, const bot::User& user) {
    const std::string safe = bot::display_name(user.name);
    if (safe != user.name) ++import.names_changed;
    import.users.add(chat_id, {.name = safe, .clicks = user.clicks, .state = user.state});
  };
  if (Result<void> read = read_users(text, name, take); !read) return read.error();
  return import;
}

}  // namespace telekv::cli
