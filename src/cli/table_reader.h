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
#include "cli/user_list.h"
#include "kv/bytes.h"
#include "kv/error.h"
#include "kv/schema.h"

namespace telekv::cli {

/// An import, which is held as a whole: some 20 million users.
inline constexpr std::size_t kMaxImportBytes = std::size_t{1} << 30;

/// `user.name` is good until the call returns.
using TakeUser = std::function<void(kv::Key chat_id, const bot::User& user)>;

/// Reads all of `text`, whose capacity exceeds its size by kReadPadding at least. `name` is what
/// errors call it.
Result<void> read_users(const Bytes& text, const std::string& name, const TakeUser& take);

struct Import {
  UserList users;
  std::uint64_t names_changed = 0;  ///< names made safe to show (bot/names.h)
};

/// The users of a text, ready for a table of the bot's.
Result<Import> read_import(const Bytes& text, const std::string& name);

}  // namespace telekv::cli
