// Contests of rankings in one operation: the same members in the same order for all.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "engine/measure.h"
#include "engine/random.h"

namespace telekv::bench {

inline constexpr std::size_t kRankOperations = 200'000;
inline constexpr std::size_t kRankTop = 15;

/// Keeps the compiler from leaving an unused answer out.
template <class Value>
void use(const Value& value) {
  asm volatile("" : : "r,m"(value) : "memory");
}

class RankContest {
 public:
  /// The member of the `number`th operation.
  using Pick = std::function<std::uint32_t(Random& random, std::size_t number)>;

  RankContest(std::size_t operations, Pick pick)
      : picks_(operations), contest_([this, pick = std::move(pick)](unsigned round) {
          Random random(round);
          for (std::size_t i = 0; i < picks_.size(); ++i) picks_[i] = pick(random, i);
        }) {}
  /// Random members.
  RankContest(std::size_t operations, std::size_t members)
      : RankContest(std::min(operations, members), [members](Random& random, std::size_t) {
          return static_cast<std::uint32_t>(random.below(members));
        }) {}
  RankContest(const RankContest&) = delete;
  RankContest& operator=(const RankContest&) = delete;

  /// Before an operation every ranking's member, key and score, is in the cache, as it is for a
  /// table that has just looked the row up: what is measured is the ranking. Otherwise the cost of
  /// getting at the old score counts too, which is most of the time for a fast ranking.
  void set_at_hand(bool at_hand) { at_hand_ = at_hand; }

  /// Enters the time of one `operation(ranking, member)`.
  template <class Ranking, class Operation>
  void enter(Ranking& ranking, Operation operation, const std::string& what = "") {
    contest_.add(Ranking::kName + what, [this, &ranking, operation] {
      const double time = cpu_time([&] {
        for (std::size_t i = 0; i < picks_.size(); ++i) {
          if (at_hand_ && i + kFetchAhead < picks_.size()) ranking.fetch(picks_[i + kFetchAhead]);
          operation(ranking, picks_[i]);
        }
      });
      return time / static_cast<double>(picks_.size());
    });
  }
  /// Enters the longest one.
  template <class Ranking, class Operation>
  void enter_longest(Ranking& ranking, Operation operation) {
    contest_.add(Ranking::kName, [this, &ranking, operation] {
      return longest(picks_.size(), [&](std::size_t i) { operation(ranking, picks_[i]); });
    });
  }
  std::vector<Contest::Standing> run() { return contest_.run(); }

 private:
  static constexpr std::size_t kFetchAhead = 16;

  std::vector<std::uint32_t> picks_;
  bool at_hand_ = true;
  Contest contest_;
};

inline constexpr auto kIncrement = [](auto& ranking, std::uint32_t member) {
  ranking.add(member, 1);
};
inline constexpr auto kRank = [](auto& ranking, std::uint32_t member) {
  use(ranking.rank(member));
};
inline constexpr auto kPosition = [](auto& ranking, std::uint32_t member) {
  use(ranking.position(member));
};
inline constexpr auto kTop = [](auto& ranking, std::uint32_t) { use(ranking.list_top(kRankTop)); };

}  // namespace telekv::bench
