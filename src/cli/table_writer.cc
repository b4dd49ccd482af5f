#include "cli/table_writer.h"

#include <simdjson.h>

#include <algorithm>
#include <vector>

#include "bot/names.h"
#include "cli/sqlite_writer.h"
#include "cli/text_writer.h"

namespace telekv::cli {

Result<std::unique_ptr<TableWriter>> open_writer(ExportFormat format, const std::string& path,
                                                 const Streams& streams) {
  switch (format) {
    case ExportFormat::kSqlite:
      return open_sqlite_writer(path);
    case ExportFormat::kJsonLines:
      return open_text_writer(kJsonLines, path, streams);
    case ExportFormat::kCsv:
      return open_text_writer(kCsv, path, streams);
    case ExportFormat::kJson:
      return open_text_writer(kJsonDump, path, streams);
  }
  return Error{ErrorCode::kInvalidArgument, "an export format that does not exist"};
}

Result<ExportCounts> write_table(const kv::Table<bot::User>& users, TableWriter& writer) {
  std::vector<kv::Key> keys;
  keys.reserve(users.size());
  users.for_each([&](kv::Key key, const bot::User&) { keys.push_back(key); });
  std::sort(keys.begin(), keys.end());

  ExportCounts counts;
  std::string mended;
  for (const kv::Key key : keys) {
    bot::User user = users.find(key).value();
    if (!simdjson::validate_utf8(user.name)) {
      mended = bot::display_name(user.name);
      user.name = mended;
      ++counts.names_mended;
    }
    if (Result<void> added = writer.add(key, user); !added) return added.error();
    ++counts.users;
  }
  if (Result<void> finished = writer.finish(); !finished) return finished.error();
  return counts;
}

}  // namespace telekv::cli
