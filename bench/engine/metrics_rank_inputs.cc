// Rankings under inputs that are not random: orders that agree with one another, changes of any
// size, and the degenerate. Bars are for a million; larger sets are cut to it.
#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/metrics.h"
#include "engine/peers/rankings.h"
#include "engine/random.h"
#include "engine/rank_contest.h"

namespace telekv::bench {
namespace {

constexpr std::size_t kMostMembers = 1'000'000;
constexpr std::size_t kSlowOperations = 50'000;
constexpr std::size_t kTopOperations = 20'000;

using Members = std::vector<Member>;

/// As the data has them.
Members typical(const Dataset& data) {
  constexpr std::uint64_t kHighest = std::numeric_limits<kv::Score>::max() / 2;
  Members members;
  for (std::size_t i = 0; i < std::min(kMostMembers, data.size()); ++i) {
    const Person& person = data.people[i];
    members.push_back({person.id, static_cast<kv::Score>(std::min(person.clicks, kHighest))});
  }
  return members;
}

/// The score of the `number`th in the order they are given in.
template <class Score>
Members with_scores(Members members, Score score) {
  for (std::size_t i = 0; i < members.size(); ++i) {
    members[i].score = static_cast<kv::Score>(score(i));
  }
  return members;
}

Members by_key(Members members) {
  std::sort(members.begin(), members.end(),
            [](const Member& a, const Member& b) { return a.key < b.key; });
  return members;
}

Members shuffled(Members members) {
  Random random(3);
  for (std::size_t i = members.size(); i > 1; --i) {
    std::swap(members[i - 1], members[random.below(i)]);
  }
  return members;
}

template <class Ranking>
std::unique_ptr<Ranking> filled(const Members& members) {
  auto ranking = std::make_unique<Ranking>();
  for (const Member& member : members) ranking->insert(member.key, member.score);
  return ranking;
}

struct Correlated {
  const char* name;
  Members members;
  std::int64_t widest;  ///< deltas are uniform in [-widest, widest]; 0: always +1
};

std::vector<Correlated> correlated_inputs(const Members& base) {
  const auto rising = [](std::size_t i) { return i; };
  const auto falling = [&](std::size_t i) { return base.size() - i; };
  const auto blocks = [](std::size_t i) { return i / 1000; };
  return {
      {"score_by_key", with_scores(by_key(base), rising), 0},
      {"score_against_key", with_scores(by_key(base), falling), 0},
      {"score_by_key_inserted_at_random", shuffled(with_scores(by_key(base), rising)), 0},
      {"score_by_insertion", with_scores(base, rising), 0},
      {"score_in_blocks_of_keys", with_scores(by_key(base), blocks), 0},
      {"inserted_by_key", by_key(base), 0},
      {"deltas_to_100", base, 100},
      {"deltas_to_10000", base, 10'000},
      {"deltas_to_100000000", base, 100'000'000},
  };
}

Measurement result_of(const Task& task, const std::string& metric, std::size_t members) {
  return {.metric = metric, .data = task.data.label, .n = members, .figure = {}, .unit = "ns"};
}

/// One input, ours and the skip list's: the same deltas for both.
Measurement run_correlated(const Task& task, const Correlated& input) {
  const auto ours = filled<TelekvRanking>(input.members);
  const auto skip_list = filled<PeerRanking<SkipList>>(input.members);
  const auto change = [widest = input.widest](auto& ranking, std::uint32_t member) {
    if (widest == 0) return ranking.add(member, 1);
    // From the score, so that both draw the same.
    Random random(static_cast<std::uint64_t>(ranking.score(member)) * 31 + member);
    const auto range = static_cast<std::uint64_t>(2 * widest + 1);
    ranking.add(member, static_cast<std::int64_t>(random.below(range)) - widest);
  };
  RankContest contest(kSlowOperations, input.members.size());
  contest.enter(*ours, change);
  contest.enter(*skip_list, change);
  const auto standings = contest.run();
  for (std::uint32_t member = 0; member < std::min<std::size_t>(100, input.members.size());
       ++member) {
    expect_equal(input.name, ours->rank(member), skip_list->rank(member));
  }
  Measurement result =
      result_of(task, std::string("rank.correlated.") + input.name, input.members.size());
  result.figure = standings[0].figure;
  result.peers = {{standings[1].name, standings[1].figure.median}};
  return result;
}

/// All inputs, and as rank.correlated the one in which the engine is ahead by least.
void measure_correlated(const Task& task, const Members& base) {
  std::optional<Measurement> worst;
  const auto lead = [](const Measurement& result) {
    return *result.peers[0].value / result.figure.median;
  };
  for (const Correlated& input : correlated_inputs(base)) {
    const Measurement result = run_correlated(task, input);
    task.report.add(result);
    if (!worst || lead(result) < lead(*worst)) worst = result;
  }
  worst->metric = "rank.correlated";
  task.report.add(*worst);
}

struct Degenerate {
  const char* name;
  std::unique_ptr<TelekvRanking> ranking;
  RankContest::Pick pick;
  bool jumps = false;  ///< the member goes from one end to the other and back
};

std::vector<Degenerate> degenerate_inputs(const Members& base) {
  const std::size_t count = base.size();
  const auto any = [count](Random& random, std::size_t) {
    return static_cast<std::uint32_t>(random.below(count));
  };
  // Member number i with a probability of about 1/i.
  const auto zipf = [count](Random& random, std::size_t) {
    const double place = std::pow(static_cast<double>(count), random.unit());
    return static_cast<std::uint32_t>(
        std::min<std::size_t>(static_cast<std::size_t>(place), count) - 1);
  };
  const auto first = [](Random&, std::size_t) { return std::uint32_t{0}; };
  const auto odd = [count](Random& random, std::size_t) {
    return static_cast<std::uint32_t>(2 * random.below(count / 2) + 1);
  };
  const auto rising = [](std::size_t i) { return i; };
  const auto make = filled<TelekvRanking>;

  std::vector<Degenerate> inputs;
  inputs.push_back({"typical", make(base), any});
  inputs.push_back({"all_equal", make(with_scores(base, [](std::size_t) { return 1; })), any});
  inputs.push_back({"all_distinct", make(with_scores(shuffled(base), rising)), any});
  inputs.push_back({"score_by_key", make(with_scores(by_key(base), rising)), any});
  inputs.push_back({"score_against_key",
                    make(with_scores(by_key(base), [&](std::size_t i) { return count - i; })),
                    any});
  inputs.push_back({"one_jumps_end_to_end", make(base), first, true});
  inputs.push_back({"zipf_activity", make(base), zipf});
  inputs.push_back({"half_erased", make(base), odd});
  for (std::uint32_t member = 0; member < count; member += 2) inputs.back().ranking->erase(member);
  return inputs;
}

/// From below everybody to above everybody and back.
void jump(TelekvRanking& ranking, std::uint32_t member) {
  constexpr kv::Score kBeyond = kv::Score{1} << 62U;
  const kv::Score to = ranking.score(member) >= 0 ? -kBeyond : kBeyond;
  ranking.add(member, to - ranking.score(member));
}

/// One operation over all inputs, all of them in turns with the typical one.
template <class Operation>
double measure_operation(const Task& task, std::vector<Degenerate>& inputs, std::size_t members,
                         const char* name, std::size_t operations, Operation operation) {
  std::vector<std::vector<std::uint32_t>> picks(inputs.size());
  Contest contest([&](unsigned round) {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      Random random(round);
      picks[i].resize(operations);
      for (std::size_t k = 0; k < operations; ++k) picks[i][k] = inputs[i].pick(random, k);
    }
  });
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    contest.add(inputs[i].name, [&, i] {
      const double time = cpu_time([&] {
        for (const std::uint32_t pick : picks[i]) operation(inputs[i], pick);
      });
      return time / static_cast<double>(operations);
    });
  }
  const auto standings = contest.run();
  double worst = 0;
  for (const Contest::Standing& standing : standings) {
    worst = std::max(worst, standing.figure.median / standings[0].figure.median);
    Measurement result =
        result_of(task, std::string("rank.degenerate.") + standing.name + "." + name, members);
    result.figure = standing.figure;
    task.report.add(std::move(result));
  }
  return worst;
}

/// rank.degenerate_ratio: the worst input's time over the typical one's, of the worst operation.
void measure_degenerate(const Task& task, const Members& base) {
  std::vector<Degenerate> inputs = degenerate_inputs(base);
  const std::size_t operations = std::min(kRankOperations, base.size());
  const double increments = measure_operation(
      task, inputs, base.size(), "inc", operations, [](Degenerate& input, std::uint32_t member) {
        input.jumps ? jump(*input.ranking, member) : input.ranking->add(member, 1);
      });
  const double ranks = measure_operation(
      task, inputs, base.size(), "rank", operations,
      [](Degenerate& input, std::uint32_t member) { kRank(*input.ranking, member); });
  const double tops = measure_operation(
      task, inputs, base.size(), "top15", kTopOperations,
      [](Degenerate& input, std::uint32_t member) { kTop(*input.ranking, member); });
  Measurement result = result_of(task, "rank.degenerate_ratio", base.size());
  result.figure.median = std::max({increments, ranks, tops});
  result.unit = "x";
  task.report.add(std::move(result));
}

}  // namespace

void measure_rank_inputs(const Task& task) {
  const Members base = typical(task.data);
  if (task.wants("rank.correlated")) measure_correlated(task, base);
  if (task.wants("rank.degenerate_ratio")) measure_degenerate(task, base);
}

}  // namespace telekv::bench
