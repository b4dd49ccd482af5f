#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "engine/metrics.h"
#include "engine/peers/row_codecs.h"
#include "engine/random.h"
#include "engine/user.h"

namespace telekv::bench {
namespace {

/// `count` different people, by ascending id.
std::vector<kv::Key> some_people(const Dataset& data, std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<kv::Key> keys;
  while (keys.size() < count) {
    while (keys.size() < count) keys.push_back(data.people[random.below(data.size())].id);
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  }
  return keys;
}

/// Id and clicks of those who changed, one after the other.
std::string protobuf_delta(const Users& users, const std::vector<kv::Key>& keys) {
  Dataset changed{.label = {}, .people = {}, .names = {""}};
  for (const kv::Key key : keys) {
    changed.people.push_back({.id = key, .clicks = users.find(key)->clicks, .name = 0, .state = 0});
  }
  return ProtobufRows::encode(changed);
}

}  // namespace

/// Bytes for each of k people who clicked once since the last take; different ones each repetition.
void measure_delta(const Task& task) {
  if (!task.wants("delta.per_change")) return;
  const std::unique_ptr<Users> users = filled_users(task.data);
  for (const std::size_t k : {std::size_t{10}, std::size_t{1000}, std::size_t{10'000}}) {
    if (k > task.data.size()) continue;
    const auto each = [k](std::size_t bytes) {
      return static_cast<double>(bytes) / static_cast<double>(k);
    };
    std::vector<double> ours;
    std::vector<double> plain;
    std::vector<double> packed;
    for (unsigned round = 0; round < kRepetitions; ++round) {
      const std::vector<kv::Key> keys = some_people(task.data, k, round);
      for (const kv::Key key : keys) click(*users, key);
      ours.push_back(each(users->take_changes()->encode().size()));
      const std::string rows = protobuf_delta(*users, keys);
      plain.push_back(each(rows.size()));
      packed.push_back(each(compressed(rows).size()));
    }
    task.report.add({.metric = "delta.per_change",
                     .data = task.data.label,
                     .n = task.data.size(),
                     .figure = figure_of(std::move(ours)),
                     .unit = "bytes",
                     .peers = {{ProtobufRows::kName, figure_of(std::move(plain)).median},
                               {std::string(ProtobufRows::kName) + ", zstd -3",
                                figure_of(std::move(packed)).median}},
                     .k = k});
  }
}

}  // namespace telekv::bench
