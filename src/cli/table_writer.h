// Exports: the clicker's users, one after another, in a format that other programs read.
//
//   jsonl    {"chat_id":1,"name":"Аня","clicks":57,"state":0}  one line a user
//   csv      RFC 4180: a header, CRLF, quotes where they are needed
//   sqlite   a database with the table `users`, indexed by clicks
//   json     [[chat id, name, clicks, state], ...], as the bot before telekv kept it
//
// Blocking; one thread. Memory is a buffer of a fixed size, whatever the number of users. A file
// appears when finish() succeeds; until then what stood there stays.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "bot/user.h"
#include "cli/files.h"
#include "kv/error.h"
#include "kv/table.h"

namespace telekv::cli {

enum class ExportFormat : std::uint8_t { kJsonLines, kCsv, kSqlite, kJson };

class TableWriter {
 public:
  virtual ~TableWriter() = default;

  /// `user.name` is valid UTF-8.
  virtual Result<void> add(kv::Key chat_id, const bot::User& user) = 0;

  /// Completes what was written; nothing can be added after it.
  virtual Result<void> finish() = 0;
};

/// To a file, or to standard output for "-" (not SQLite).
Result<std::unique_ptr<TableWriter>> open_writer(ExportFormat format, const std::string& path,
                                                 const Streams& streams);

struct ExportCounts {
  std::uint64_t users = 0;
  std::uint64_t names_mended = 0;  ///< names that were not UTF-8, written without what was broken
};

/// Writes every user, by ascending chat id, and completes the output. 8 bytes a user.
Result<ExportCounts> write_table(const kv::Table<bot::User>& users, TableWriter& writer);

}  // namespace telekv::cli
