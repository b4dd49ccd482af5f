// Users on their way into a table: as they were read, in their order, packed end to end. One
// thread; 24 bytes a user and the name.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bot/user.h"
#include "kv/error.h"
#include "kv/table.h"

namespace telekv::cli {

class UserList {
 public:
  void add(kv::Key chat_id, const bot::User& user) {
    names_ += user.name;
    rows_.push_back({.chat_id = chat_id,
                     .clicks = user.clicks,
                     .state = user.state,
                     .name_bytes = static_cast<std::uint32_t>(user.name.size())});
  }

  std::uint64_t size() const { return rows_.size(); }

  /// Makes `table` hold exactly these users; of two with one chat id the later one. A user that
  /// stays is changed in place, because one that was erased could not be brought back by a restore
  /// point. Returns how many users the table has lost. After an error it holds a part of them.
  Result<std::uint64_t> put_into(kv::Table<bot::User>& table) const;

 private:
  struct Row {
    kv::Key chat_id;
    std::uint64_t clicks;
    std::uint32_t state;
    std::uint32_t name_bytes;
  };

  Result<std::uint64_t> erase_others(kv::Table<bot::User>& table) const;

  std::vector<Row> rows_;
  std::string names_;  // in the order of `rows_`
};

}  // namespace telekv::cli
