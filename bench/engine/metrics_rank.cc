#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <string>
#include <tuple>

#include "engine/metrics.h"
#include "engine/peers/rankings.h"
#include "engine/random.h"
#include "engine/rank_contest.h"

namespace telekv::bench {
namespace {

constexpr std::size_t kTopOperations = 20'000;
constexpr std::size_t kChecks = 1000;

struct Rankings {
  TelekvRanking ours;
  PeerRanking<SkipList> skip_list;
  PeerRanking<OrderStatistics> order_statistics;
  PeerRanking<StdSet> set;

  explicit Rankings(const Dataset& data) {
    for (const Person& person : data.people) {
      const auto score = static_cast<kv::Score>(
          std::min<std::uint64_t>(person.clicks, std::numeric_limits<kv::Score>::max() / 2));
      ours.insert(person.id, score);
      skip_list.insert(person.id, score);
      order_statistics.insert(person.id, score);
      set.insert(person.id, score);
    }
  }
};

void check(const Rankings& rankings, std::size_t members) {
  Random random(7);
  for (std::size_t i = 0; i < kChecks; ++i) {
    const auto member = static_cast<std::uint32_t>(random.below(members));
    const std::uint64_t rank = rankings.ours.rank(member);
    expect_equal("rank.rank", rank, rankings.skip_list.rank(member));
    expect_equal("rank.rank", rank, rankings.order_statistics.rank(member));
  }
  const std::vector<kv::Key> top = rankings.ours.top(kRankTop);
  expect_equal("rank.top15", 1, top == rankings.skip_list.top(kRankTop) ? 1 : 0);
  expect_equal("rank.top15", 1, top == rankings.order_statistics.top(kRankTop) ? 1 : 0);
  expect_equal("rank.top15", 1, top == rankings.set.top(kRankTop) ? 1 : 0);
}

}  // namespace

void measure_rank(const Task& task) {
  const std::array<std::string, 6> metrics = {"rank.inc",     "rank.inc_from_memory",
                                              "rank.rank",    "rank.rank_from_memory",
                                              "rank.inc_max", "rank.top15"};
  if (std::none_of(metrics.begin(), metrics.end(), [&](auto& name) { return task.wants(name); })) {
    return;
  }
  const std::size_t members = task.data.size();
  auto rankings = std::make_unique<Rankings>(task.data);
  for (const bool at_hand : {true, false}) {
    const std::string metric = at_hand ? "rank.inc" : "rank.inc_from_memory";
    if (!task.wants(metric)) continue;
    RankContest contest(kRankOperations, members);
    contest.set_at_hand(at_hand);
    contest.enter(rankings->ours, kIncrement);
    contest.enter(rankings->skip_list, kIncrement);
    contest.enter(rankings->order_statistics, kIncrement);
    contest.enter(rankings->set, kIncrement);
    task.add(metric, contest.run());
  }
  if (task.wants("rank.inc_max")) {
    RankContest contest(kRankOperations, members);
    contest.enter_longest(rankings->ours, kIncrement);
    contest.enter_longest(rankings->skip_list, kIncrement);
    contest.enter_longest(rankings->order_statistics, kIncrement);
    contest.enter_longest(rankings->set, kIncrement);
    task.add("rank.inc_max", contest.run());
  }
  for (const bool at_hand : {true, false}) {
    const std::string metric = at_hand ? "rank.rank" : "rank.rank_from_memory";
    if (!task.wants(metric)) continue;
    RankContest contest(kRankOperations, members);
    contest.set_at_hand(at_hand);
    contest.enter(rankings->ours, kRank);
    contest.enter(rankings->skip_list, kRank);
    contest.enter(rankings->order_statistics, kRank);
    // What they are made for, and what Redis answers: equal scores told apart by key.
    contest.enter(rankings->skip_list, kPosition, ", position");
    contest.enter(rankings->order_statistics, kPosition, ", position");
    task.add(metric, contest.run(), {StdSet::kName});
  }
  if (task.wants("rank.top15")) {
    RankContest contest(kTopOperations, members);
    contest.enter(rankings->ours, kTop);
    contest.enter(rankings->skip_list, kTop);
    contest.enter(rankings->order_statistics, kTop);
    contest.enter(rankings->set, kTop);
    task.add("rank.top15", contest.run());
  }
  check(*rankings, members);
}

}  // namespace telekv::bench
