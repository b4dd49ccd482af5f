#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <tuple>

#include "engine/metrics.h"
#include "engine/peers/maps.h"
#include "engine/random.h"

namespace telekv::bench {
namespace {

constexpr std::size_t kOperations = 1'000'000;
constexpr std::size_t kPlotPoints = 120;

/// find + increment of random keys that are there: all maps filled in the data's order, the same
/// keys asked for in the same order.
void measure_increments(const Task& task) {
  std::tuple<TelekvMap, TelekvRows, BoostMap, AbslMap, StdMap> maps;
  std::apply(
      [&](auto&... map) {
        (std::for_each(task.data.people.begin(), task.data.people.end(),
                       [&](const Person& person) { map.insert(person.id); }),
         ...);
      },
      maps);
  std::vector<kv::Key> keys(std::min(kOperations, task.data.size()));
  Contest contest([&](unsigned round) {
    Random random(round);
    for (kv::Key& key : keys) key = task.data.people[random.below(task.data.size())].id;
  });
  const auto enter = [&](auto& map) {
    contest.add(map.kName, [&map, &keys] {
      const double time = cpu_time([&] {
        for (const kv::Key key : keys) map.increment(key);
      });
      return time / static_cast<double>(keys.size());
    });
  };
  std::apply([&](auto&... map) { (enter(map), ...); }, maps);
  task.add("hash.find_inc", contest.run());
  for (const kv::Key key : keys) {
    const std::uint64_t count = std::get<TelekvMap>(maps).count(key);
    expect_equal("hash.find_inc", count, std::get<TelekvRows>(maps).count(key));
    expect_equal("hash.find_inc", count, std::get<BoostMap>(maps).count(key));
    expect_equal("hash.find_inc", count, std::get<AbslMap>(maps).count(key));
    expect_equal("hash.find_inc", count, std::get<StdMap>(maps).count(key));
  }
}

/// The longest insertion in each of equal steps of growth, of the repetitions the median.
class GrowthCurve {
 public:
  GrowthCurve(std::string name, std::size_t people)
      : name_(std::move(name)), step_(std::max<std::size_t>(people / kPlotPoints, 1)) {}

  void begin() { runs_.emplace_back(); }
  void see(std::size_t inserted, std::uint64_t time) {
    std::vector<double>& run = runs_.back();
    run.resize(std::max(run.size(), inserted / step_ + 1));
    run[inserted / step_] = std::max(run[inserted / step_], static_cast<double>(time));
  }
  Curve curve() const {
    Curve curve{.name = name_, .x = {}, .y = {}};
    // Without what is left over of the last step.
    for (std::size_t step = 0; step < std::min(runs_[0].size(), kPlotPoints); ++step) {
      std::vector<double> times;
      for (const std::vector<double>& run : runs_) times.push_back(run[step]);
      curve.x.push_back(static_cast<double>((step + 1) * step_));
      curve.y.push_back(figure_of(std::move(times)).median);
    }
    return curve;
  }

 private:
  std::string name_;
  std::size_t step_;
  std::vector<std::vector<double>> runs_;
};

template <class Map>
void enter_growth(const Task& task, Contest& contest,
                  std::vector<std::unique_ptr<GrowthCurve>>& curves) {
  curves.push_back(std::make_unique<GrowthCurve>(Map::kName, task.data.size()));
  contest.add(Map::kName, [&task, &growth = *curves.back()] {
    // Everybody's pages are fresh ones.
    trim_heap();
    auto map = std::make_unique<Map>();
    growth.begin();
    return longest(
        task.data.size(), [&](std::size_t i) { map->insert(task.data.people[i].id); },
        [&](std::size_t i, std::uint64_t time) { growth.see(i, time); });
  });
}

void measure_growth(const Task& task) {
  Contest contest;
  std::vector<std::unique_ptr<GrowthCurve>> curves;
  enter_growth<TelekvMap>(task, contest, curves);
  enter_growth<TelekvRows>(task, contest, curves);
  enter_growth<BoostMap>(task, contest, curves);
  enter_growth<AbslMap>(task, contest, curves);
  enter_growth<StdMap>(task, contest, curves);
  task.add("hash.insert_max", contest.run(false));
  if (task.plots == nullptr) return;
  Plot plot{.file = "growth-latency",
            .title = "Longest single insertion while a hash map grows",
            .x_label = "entries",
            .y_label = "longest insertion",
            .y_unit = "ns",
            .y_logarithmic = true,
            .curves = {}};
  for (const auto& growth : curves) plot.curves.push_back(growth->curve());
  task.plots->push_back(std::move(plot));
}

}  // namespace

void measure_hash(const Task& task) {
  if (task.wants("hash.find_inc")) measure_increments(task);
  if (task.wants("hash.insert_max")) measure_growth(task);
}

}  // namespace telekv::bench
