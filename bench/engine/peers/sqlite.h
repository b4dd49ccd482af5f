// SQLite in memory through its C API, with prepared statements: as small bots have it (no key, no
// index: every click passes over the table), and tuned (id as primary key, an index for the
// rating).
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "engine/dataset.h"

struct sqlite3;
struct sqlite3_stmt;

namespace telekv::bench {

class Sqlite {
 public:
  enum class Layout : std::uint8_t { kPlain, kTuned };
  static constexpr const char* kPlainName = "SQLite without index";
  static constexpr const char* kTunedName = "SQLite tuned";

  /// With everybody in it.
  Sqlite(Layout layout, const Dataset& data);

  /// Adds one to a person's clicks, as a transaction of its own.
  void click(kv::Key id);
  std::int64_t clicks(kv::Key id);

 private:
  struct Close {
    void operator()(sqlite3* database) const;
    void operator()(sqlite3_stmt* statement) const;
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Close>;

  void execute(const char* sql);
  Statement prepare(const char* sql);
  void insert_all(const Dataset& data);

  std::unique_ptr<sqlite3, Close> database_;
  Statement click_;
};

}  // namespace telekv::bench
