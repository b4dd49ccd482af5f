// The players in a std::map and their order in a std::set, as one keeps them in C++ without
// telekv's store, and what the bot answers. JSON is read and written by the code of `telekv import`
// and `telekv export`.
//
// One thread. The own place is counted by a walk of the set, because a std::set knows no places.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "cli/files.h"
#include "cli/table_reader.h"
#include "cli/text_writer.h"

namespace telekv::bench {

class StdPlayers {
 public:
  /// From a dump.
  static Result<StdPlayers> restore(const std::string& file) {
    const Result<Bytes> text = cli::read_file(file, cli::kMaxImportBytes, {});
    if (!text) return text.error();
    StdPlayers players;
    const auto take = [&](std::int64_t id, const bot::User& user) {
      players.add(id, {std::string(user.name), user.clicks, user.state});
    };
    if (Result<void> read = cli::read_users(*text, file, take); !read) return read.error();
    return players;
  }

  bool changed = false;  ///< since the last dump

  std::size_t size() const { return users_.size(); }

  std::string start(std::int64_t id, const std::string& name) {
    if (add(id, {name, 0, 0})) changed = true;
    return "Приветствую " + name;
  }

  std::string click(std::int64_t id) {
    const auto found = users_.find(id);
    if (found == users_.end()) return kNotRegistered;
    User& user = found->second;
    ranking_.erase({user.clicks, id});
    ++user.clicks;
    ranking_.insert({user.clicks, id});
    changed = true;
    return "Кликов: " + std::to_string(user.clicks);
  }

  std::string rating(std::int64_t id) const {
    const auto found = users_.find(id);
    if (found == users_.end()) return kNotRegistered;
    std::string text = "Всего: " + std::to_string(users_.size());
    bool is_among_them = false;
    std::size_t place = 0;
    for (auto each = ranking_.begin(); each != ranking_.end() && place < kTopSize; ++each) {
      text.append("\n").append(std::to_string(++place)).append(": ");
      text.append(users_.at(each->id).name).append(" - ").append(std::to_string(each->clicks));
      is_among_them |= each->id == id;
    }
    if (is_among_them) return text;
    const std::uint64_t clicks = found->second.clicks;
    text.append("\nВы: место ").append(std::to_string(place_of(clicks)));
    return text.append(", кликов: ").append(std::to_string(clicks));
  }

  std::string hint(std::int64_t id) const {
    return users_.contains(id) ? "Нажмите «Клик» или «Рейтинг»" : kNotRegistered;
  }

  Bytes dump() const {
    const cli::TextFormat& format = cli::kJsonDump;
    Bytes out(format.head);
    for (const auto& [id, user] : users_) {
      if (out.size() > format.head.size()) out += format.separator;
      format.append(out, id, {user.name, user.clicks, user.state});
    }
    return out += format.tail;
  }

 private:
  static constexpr std::size_t kTopSize = 15;
  static constexpr const char* kNotRegistered = "Вы не зарегистрированы, нажмите /start";

  struct User {
    std::string name;
    std::uint64_t clicks = 0;
    std::uint32_t state = 0;
  };

  struct Place {
    std::uint64_t clicks = 0;
    std::int64_t id = 0;

    /// More clicks come first.
    bool operator<(const Place& other) const {
      return clicks != other.clicks ? clicks > other.clicks : id < other.id;
    }
  };

  /// False for who is known.
  bool add(std::int64_t id, User user) {
    const Place place{user.clicks, id};
    if (!users_.try_emplace(id, std::move(user)).second) return false;
    ranking_.insert(place);
    return true;
  }

  /// Who is level shares a place.
  std::ptrdiff_t place_of(std::uint64_t clicks) const {
    const Place first_of_the_level{clicks, std::numeric_limits<std::int64_t>::min()};
    return 1 + std::distance(ranking_.begin(), ranking_.lower_bound(first_of_the_level));
  }

  std::map<std::int64_t, User> users_;
  std::set<Place> ranking_;
};

}  // namespace telekv::bench
