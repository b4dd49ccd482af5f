#include "cli/sqlite_writer.h"

#include <sqlite3.h>

#include <cstdint>
#include <limits>
#include <utility>

namespace telekv::cli {
namespace {

// Without a journal: an unfinished file is thrown away as a whole.
constexpr const char* kPrepare =
    "PRAGMA journal_mode = OFF;"
    "PRAGMA synchronous = OFF;"
    "CREATE TABLE users ("
    "  chat_id INTEGER PRIMARY KEY,"
    "  name TEXT NOT NULL,"
    "  clicks INTEGER NOT NULL,"
    "  state INTEGER NOT NULL"
    ");"
    "BEGIN;";
constexpr const char* kComplete =
    "COMMIT;"
    "CREATE INDEX users_by_clicks ON users (clicks DESC, chat_id);";

struct Close {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, Close>;
using Statement = std::unique_ptr<sqlite3_stmt, Close>;

class SqliteWriter final : public TableWriter {
 public:
  SqliteWriter(std::string name, NewFile file) : name_(std::move(name)), file_(std::move(file)) {}

  Result<void> open() {
    sqlite3* opened = nullptr;
    const int code = sqlite3_open(file_.temporary_path().c_str(), &opened);
    database_.reset(opened);
    if (code != SQLITE_OK) return failure();
    if (Result<void> ran = run(kPrepare); !ran) return ran;
    sqlite3_stmt* prepared = nullptr;
    const int prepared_code = sqlite3_prepare_v2(
        database_.get(), "INSERT INTO users VALUES (?, ?, ?, ?)", -1, &prepared, nullptr);
    insert_.reset(prepared);
    return prepared_code == SQLITE_OK ? Result<void>{} : failure();
  }

  Result<void> add(kv::Key chat_id, const bot::User& user) override {
    if (user.clicks > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
      return Error{ErrorCode::kTooLarge,
                   "user " + std::to_string(chat_id) + " has " + std::to_string(user.clicks) +
                       " clicks, more than an SQLite integer holds",
                   "export to another format"};
    }
    sqlite3_stmt* row = insert_.get();
    const bool bound =
        sqlite3_bind_int64(row, 1, chat_id) == SQLITE_OK &&
        sqlite3_bind_text(row, 2, user.name.data() != nullptr ? user.name.data() : "",
                          static_cast<int>(user.name.size()), SQLITE_STATIC) == SQLITE_OK &&
        sqlite3_bind_int64(row, 3, static_cast<sqlite3_int64>(user.clicks)) == SQLITE_OK &&
        sqlite3_bind_int64(row, 4, user.state) == SQLITE_OK;
    if (!bound || sqlite3_step(row) != SQLITE_DONE) return failure();
    sqlite3_reset(row);
    return {};
  }

  Result<void> finish() override {
    insert_.reset();
    if (Result<void> ran = run(kComplete); !ran) return ran;
    database_.reset();
    return file_.commit();
  }

 private:
  Result<void> run(const char* sql) {
    const int code = sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr);
    return code == SQLITE_OK ? Result<void>{} : failure();
  }

  Error failure() const {
    const char* why = database_ ? sqlite3_errmsg(database_.get()) : "out of memory";
    return Error{ErrorCode::kRejected, "cannot write " + name_ + ": SQLite says: " + why,
                 "nothing that was there before has been changed"};
  }

  std::string name_;
  NewFile file_;
  Database database_;
  Statement insert_;
};

}  // namespace

Result<std::unique_ptr<TableWriter>> open_sqlite_writer(const std::string& path) {
  if (path == kStandardStream) {
    return Error{ErrorCode::kInvalidArgument, "an SQLite database cannot be written to a stream",
                 "name a file with --output"};
  }
  Result<NewFile> file = NewFile::create(path);
  if (!file) return file.error();
  auto writer = std::make_unique<SqliteWriter>(path, *std::move(file));
  if (Result<void> opened = writer->open(); !opened) return opened.error();
  return writer;
}

}  // namespace telekv::cli
