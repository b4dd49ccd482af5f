#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <functional>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "engine/metrics.h"
#include "engine/peers/rankings.h"
#include "engine/peers/redis.h"
#include "engine/peers/sqlite.h"
#include "engine/random.h"
#include "engine/user.h"

namespace telekv::bench {
namespace {

/// One in so many has clicked since the last save, so that change tracking is at work.
constexpr std::size_t kOneClickedOf = 100;

struct OwnedUser {
  std::string name;
  std::uint64_t clicks;
  std::uint32_t state;
};

/// What a bot would build from a library's parts: people by id, and a ranking beside them.
template <class Map, class Ranking>
struct Assembled {
  Map users;
  Ranking ranking;

  explicit Assembled(const Dataset& data) {
    for (const Person& person : data.people) {
      users.try_emplace(person.id,
                        OwnedUser{std::string(data.name(person)), person.clicks, person.state});
      ranking.insert(static_cast<kv::Score>(person.clicks), person.id);
    }
  }
};
using StdUsers = Assembled<std::unordered_map<kv::Key, OwnedUser>, StdSet>;
using FlatUsers = Assembled<boost::unordered_flat_map<kv::Key, OwnedUser>, SkipList>;

/// What `make()` holds, while it is alive.
template <class Make>
std::vector<double> growth_by(const Make& make) {
  trim_heap();
  const double before = resident_bytes();
  const auto made = make();
  return {resident_bytes() - before};
}

std::vector<double> telekv_bytes(const Dataset& data) {
  trim_heap();
  const double before = resident_bytes();
  const std::unique_ptr<Users> users = filled_users(data);
  Random random(1);
  for (std::size_t i = 0; i < data.size() / kOneClickedOf; ++i) {
    click(*users, data.people[random.below(data.size())].id);
  }
  return {resident_bytes() - before, static_cast<double>(users->memory_bytes())};
}

std::vector<double> redis_bytes(const Dataset& data) {
  const std::unique_ptr<Redis> redis = Redis::start();
  if (!redis) return {};
  const double before = resident_bytes(redis->process());
  redis->insert_all(data);
  return {resident_bytes(redis->process()) - before};
}

struct Holder {
  std::string name;
  std::function<std::vector<double>(const Dataset&)> bytes;
};

std::vector<Holder> peers() {
  const auto holding = [](auto make) {
    return [make](const Dataset& data) { return growth_by([&] { return make(data); }); };
  };
  return {
      {"std::unordered_map + std::set",
       holding([](const Dataset& data) { return std::make_unique<StdUsers>(data); })},
      {"boost::unordered_flat_map + skip list",
       holding([](const Dataset& data) { return std::make_unique<FlatUsers>(data); })},
      {Sqlite::kPlainName, holding([](const Dataset& data) {
         return std::make_unique<Sqlite>(Sqlite::Layout::kPlain, data);
       })},
      {Sqlite::kTunedName, holding([](const Dataset& data) {
         return std::make_unique<Sqlite>(Sqlite::Layout::kTuned, data);
       })},
      {Redis::kName, redis_bytes},
  };
}

/// Bytes a user of what `holder` holds, each figure of a child of its own; nullopt: not measured.
std::optional<double> per_user(const Holder& holder, const Dataset& data) {
  const std::vector<double> bytes = in_child([&] { return holder.bytes(data); });
  if (bytes.empty()) return std::nullopt;
  return bytes[0] / static_cast<double>(data.size());
}

void plot_memory(const Task& task) {
  std::vector<Holder> holders = peers();
  holders.insert(holders.begin(), {"telekv", telekv_bytes});
  Plot plot{.file = "memory-by-users",
            .title = "Resident memory, everything included",
            .x_label = "users",
            .y_label = "bytes a user",
            .y_unit = "bytes",
            .y_logarithmic = false,
            .curves = {}};
  for (const Holder& holder : holders) plot.curves.push_back({holder.name, {}, {}});
  for (const std::size_t part : {100, 30, 10, 3, 1}) {
    const Dataset data = task.data.head(task.data.size() / part);
    for (std::size_t i = 0; i < holders.size(); ++i) {
      const std::optional<double> bytes = per_user(holders[i], data);
      if (!bytes) continue;
      plot.curves[i].x.push_back(static_cast<double>(data.size()));
      plot.curves[i].y.push_back(*bytes);
    }
  }
  std::erase_if(plot.curves, [](const Curve& curve) { return curve.x.empty(); });
  task.plots->push_back(std::move(plot));
}

}  // namespace

void measure_memory(const Task& task) {
  if (!task.wants("memory.per_user")) return;
  const auto users = static_cast<double>(task.data.size());
  std::vector<double> resident;
  std::vector<double> accounted;
  for (unsigned i = 0; i < kRepetitions; ++i) {
    const std::vector<double> bytes = in_child([&] { return telekv_bytes(task.data); });
    if (bytes.size() != 2) throw std::runtime_error("memory.per_user: the child failed");
    resident.push_back(bytes[0] / users);
    accounted.push_back(bytes[1] / users);
  }
  Measurement result{.metric = "memory.per_user",
                     .data = task.data.label,
                     .n = task.data.size(),
                     .figure = figure_of(std::move(resident)),
                     .unit = "bytes"};
  // Once each: what a peer allocates does not differ from run to run.
  for (const Holder& peer : peers()) {
    result.peers.push_back({peer.name, per_user(peer, task.data)});
  }
  task.report.add(result);
  result.metric = "memory.per_user_accounted";
  result.figure = figure_of(std::move(accounted));
  result.peers.clear();
  task.report.add(std::move(result));
  if (task.plots != nullptr) plot_memory(task);
}

}  // namespace telekv::bench
