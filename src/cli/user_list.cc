#include "cli/user_list.h"

#include <algorithm>
#include <string_view>

namespace telekv::cli {

Result<std::uint64_t> UserList::put_into(kv::Table<bot::User>& table) const {
  const Result<std::uint64_t> lost = table.size() == 0 ? 0 : erase_others(table);
  if (!lost) return lost;
  std::string_view names = names_;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const Row& row = rows_[i];
    // Half the time: the memory that the next users need is asked for ahead.
    const std::size_t ahead = i + kv::TableCore::kExpectAhead;
    if (ahead < rows_.size()) table.expect(rows_[ahead].chat_id);
    const bot::User user{
        .name = names.substr(0, row.name_bytes), .clicks = row.clicks, .state = row.state};
    names.remove_prefix(row.name_bytes);
    Result<void> placed = table.insert(row.chat_id, user);
    if (!placed && placed.error().code == ErrorCode::kRejected) {
      placed = table.update(row.chat_id, [&user](bot::User& stored) { stored = user; });
    }
    if (!placed) return placed.error();
  }
  return lost;
}

Result<std::uint64_t> UserList::erase_others(kv::Table<bot::User>& table) const {
  std::vector<kv::Key> kept;
  kept.reserve(rows_.size());
  for (const Row& row : rows_) kept.push_back(row.chat_id);
  std::sort(kept.begin(), kept.end());
  std::vector<kv::Key> others;
  table.for_each([&](kv::Key key, const bot::User&) {
    if (!std::binary_search(kept.begin(), kept.end(), key)) others.push_back(key);
  });
  for (const kv::Key key : others) {
    if (Result<void> erased = table.erase(key); !erased) return erased.error();
  }
  return others.size();
}

}  // namespace telekv::cli
