// Rankings behind one face: members are numbered in order of insertion; everybody keeps key and
// score of a member in 16 bytes beside the ranking, and finds its old score there. Scores
// descending, equal ones by key ascending, for all.
#pragma once

#include <cstdint>
#include <cstring>
#include <ext/pb_ds/assoc_container.hpp>
#include <ext/pb_ds/tree_policy.hpp>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include "engine/peers/skip_list.h"
#include "kv/rank_tree.h"
#include "kv/row_store.h"

namespace telekv::bench {

struct Member {
  kv::Key key;
  kv::Score score;
};

class TelekvRanking {
 public:
  static constexpr const char* kName = "telekv";

  void insert(kv::Key key, kv::Score score) {
    const kv::Slot slot = rows_.append(key);
    set_score(slot, score);
    tree_.insert(slot, score);
  }
  void add(std::uint32_t member, std::int64_t delta) {
    const kv::Score from = score(member);
    tree_.move(member, from, from + delta);
    set_score(member, from + delta);
  }
  void erase(std::uint32_t member) { tree_.erase(member, score(member)); }
  std::uint64_t rank(std::uint32_t member) const { return tree_.rank(score(member)); }
  std::vector<kv::Key> top(std::size_t count) const {
    std::vector<kv::Key> keys;
    keys.reserve(count);
    for (const kv::RankMember& member : tree_.top(count)) keys.push_back(member.key);
    return keys;
  }
  /// As callers have it, without the copy of the keys.
  std::size_t list_top(std::size_t count) const { return tree_.top(count).size(); }

  [[gnu::always_inline]] void fetch(std::uint32_t member) const {
    // A row of 20 bytes may lie in two cache lines.
    __builtin_prefetch(rows_.row(member));
    __builtin_prefetch(rows_.row(member) + kRowBytes - 1);
  }
  kv::Score score(std::uint32_t member) const {
    kv::Score score = 0;
    std::memcpy(&score, rows_.row(member) + kScoreAt, sizeof score);
    return score;
  }

 private:
  void set_score(kv::Slot slot, kv::Score score) {
    std::memcpy(rows_.row(slot) + kScoreAt, &score, sizeof score);
  }

  static constexpr std::size_t kScoreAt = sizeof(kv::Key) + kv::RankTree::kRowBytes;
  static constexpr std::size_t kRowBytes = kScoreAt + sizeof(kv::Score);

  kv::RowStore rows_{kRowBytes};
  kv::RankTree tree_{rows_};
};

template <class Structure>
class PeerRanking {
 public:
  static constexpr const char* kName = Structure::kName;

  void insert(kv::Key key, kv::Score score) {
    members_.push_back({key, score});
    structure_.insert(score, key);
  }
  void add(std::uint32_t member, std::int64_t delta) {
    Member& entry = members_[member];
    structure_.move(entry.score, entry.key, entry.score + delta);
    entry.score += delta;
  }
  void erase(std::uint32_t member) {
    structure_.erase(members_[member].score, members_[member].key);
  }
  std::uint64_t rank(std::uint32_t member) const { return structure_.rank(members_[member].score); }
  /// How many stand before the member, equal scores by key: what Redis's ZREVRANK answers.
  std::uint64_t position(std::uint32_t member) const {
    return structure_.position(members_[member].score, members_[member].key);
  }
  std::vector<kv::Key> top(std::size_t count) const { return structure_.top(count); }
  std::size_t list_top(std::size_t count) const { return structure_.top(count).size(); }
  [[gnu::always_inline]] void fetch(std::uint32_t member) const {
    __builtin_prefetch(&members_[member]);
  }
  kv::Score score(std::uint32_t member) const { return members_[member].score; }

 private:
  std::vector<Member> members_;
  Structure structure_;
};

/// Ordered sets of (score turned round, key).
template <class Set>
class OrderedMembers {
 public:
  void insert(kv::Score score, kv::Key key) { set_.insert({~score, key}); }
  void erase(kv::Score score, kv::Key key) { set_.erase({~score, key}); }
  void move(kv::Score from, kv::Key key, kv::Score to) {
    set_.erase({~from, key});
    set_.insert({~to, key});
  }
  std::vector<kv::Key> top(std::size_t count) const {
    std::vector<kv::Key> keys;
    keys.reserve(count);
    for (auto place = set_.begin(); place != set_.end() && keys.size() < count; ++place) {
      keys.push_back(place->second);
    }
    return keys;
  }

 protected:
  Set set_;
};

using OrderedMember = std::pair<kv::Score, kv::Key>;

/// Cannot count: rank() would pass over all members before one.
struct StdSet : OrderedMembers<std::set<OrderedMember>> {
  static constexpr const char* kName = "std::set";
};

struct OrderStatistics
    : OrderedMembers<__gnu_pbds::tree<OrderedMember, __gnu_pbds::null_type, std::less<>,
                                      __gnu_pbds::rb_tree_tag,
                                      __gnu_pbds::tree_order_statistics_node_update>> {
  static constexpr const char* kName = "__gnu_pbds order statistics";

  std::uint64_t rank(kv::Score score) const {
    return 1 + position(score, std::numeric_limits<kv::Key>::min());
  }
  std::uint64_t position(kv::Score score, kv::Key key) const {
    return set_.order_of_key({~score, key});
  }
};

}  // namespace telekv::bench
