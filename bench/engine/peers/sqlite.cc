#include "engine/peers/sqlite.h"

#include <sqlite3.h>

#include <stdexcept>
#include <string>

namespace telekv::bench {
namespace {

void demand(int code, int wanted, const char* what) {
  if (code != wanted) throw std::runtime_error(std::string("SQLite: ") + what);
}

}  // namespace

void Sqlite::Close::operator()(sqlite3* database) const { sqlite3_close(database); }
void Sqlite::Close::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Sqlite::Sqlite(Layout layout, const Dataset& data) {
  sqlite3* opened = nullptr;
  const int code = sqlite3_open(":memory:", &opened);
  database_.reset(opened);
  demand(code, SQLITE_OK, "cannot open");
  const bool tuned = layout == Layout::kTuned;
  execute(tuned ? "CREATE TABLE users (chatid INTEGER PRIMARY KEY, name TEXT, click INTEGER, "
                  "state INTEGER)"
                : "CREATE TABLE users (chatid INTEGER, name TEXT, click INTEGER, state INTEGER)");
  if (tuned) execute("CREATE INDEX rating ON users (click DESC, chatid)");
  insert_all(data);
  click_ = prepare("UPDATE users SET click = click + 1 WHERE chatid = ?");
}

void Sqlite::execute(const char* sql) {
  demand(sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr), SQLITE_OK, sql);
}

Sqlite::Statement Sqlite::prepare(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  demand(sqlite3_prepare_v2(database_.get(), sql, -1, &statement, nullptr), SQLITE_OK, sql);
  return Statement(statement);
}

void Sqlite::insert_all(const Dataset& data) {
  const Statement insert = prepare("INSERT INTO users VALUES (?, ?, ?, ?)");
  execute("BEGIN");
  for (const Person& person : data.people) {
    const std::string_view name = data.name(person);
    sqlite3_bind_int64(insert.get(), 1, person.id);
    sqlite3_bind_text(insert.get(), 2, name.data(), static_cast<int>(name.size()), SQLITE_STATIC);
    sqlite3_bind_int64(insert.get(), 3, static_cast<sqlite3_int64>(person.clicks));
    sqlite3_bind_int64(insert.get(), 4, person.state);
    demand(sqlite3_step(insert.get()), SQLITE_DONE, "cannot insert");
    sqlite3_reset(insert.get());
  }
  execute("COMMIT");
}

void Sqlite::click(kv::Key id) {
  sqlite3_bind_int64(click_.get(), 1, id);
  demand(sqlite3_step(click_.get()), SQLITE_DONE, "cannot update");
  sqlite3_reset(click_.get());
}

std::int64_t Sqlite::clicks(kv::Key id) {
  const Statement select = prepare("SELECT click FROM users WHERE chatid = ?");
  sqlite3_bind_int64(select.get(), 1, id);
  demand(sqlite3_step(select.get()), SQLITE_ROW, "cannot select");
  return sqlite3_column_int64(select.get(), 0);
}

}  // namespace telekv::bench
