// What the readers of the three import formats share: one function each, and the check of a row.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cli/table_reader.h"

namespace telekv::cli {

/// Where the rows come from and where they go. `text` has kReadPadding bytes behind it.
struct Rows {
  std::string_view text;
  const std::string& name;
  const TakeUser& take;

  /// "users.csv, line 7: ..."
  Error wrong(const char* unit, std::uint64_t number, std::string_view what) const;

  /// Checks the chat id and hands the user over.
  Result<void> add(const char* unit, std::uint64_t number, kv::Key chat_id,
                   const bot::User& user) const;
};

/// [[chat id, name, clicks, state], ...]
Result<void> read_json_dump(const Rows& rows);

/// {"chat_id": ..., "name": ..., "clicks": ..., "state": ...}, a line each, fields in any order.
Result<void> read_json_lines(const Rows& rows);

/// RFC 4180, with the header that the export writes; lines may end with LF alone.
Result<void> read_csv(const Rows& rows);

}  // namespace telekv::cli
