// Imports: users from the texts that table_writer.h writes, and from the dump of the bot before
// telekv. Which format it is shows in the first character.
//
// Pure; linear; the text is hostile. The first row that is not exactly a user refuses the whole
// import, with its number: kInvalidArgument. Rows are handed over as they are read.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "bot/user.h"
#include "kv/bytes.h"
#include "kv/error.h"
#include "kv/table.h"

namespace telekv::cli {

/// An import, which is held as a whole: some 20 million users.
inline constexpr std::size_t kMaxImportBytes = std::size_t{1} << 30;

/// `user.name` is good until the call returns.
using TakeUser = std::function<Result<void>(kv::Key chat_id, const bot::User& user)>;

/// Reads all of `text`, whose capacity exceeds its size by kReadPadding at least. `name` is what
/// errors call it.
Result<void> read_users(const Bytes& text, const std::string& name, const TakeUser& take);

struct ImportCounts {
  std::uint64_t rows = 0;
  std::uint64_t users = 0;          ///< different chat ids
  std::uint64_t duplicates = 0;     ///< rows whose chat id came again later: the last one counts
  std::uint64_t names_changed = 0;  ///< names made safe to show (bot/names.h)
};

/// Puts every user into `users`, which is empty. After an error it holds a part of them.
Result<ImportCounts> import_users(const Bytes& text, const std::string& name,
                                  kv::Table<bot::User>& users);

}  // namespace telekv::cli
