#include <algorithm>
#include <memory>
#include <vector>

#include "engine/metrics.h"
#include "engine/peers/redis.h"
#include "engine/peers/sqlite.h"
#include "engine/random.h"
#include "engine/user.h"

namespace telekv::bench {
namespace {

constexpr std::size_t kOperations = 500'000;
constexpr std::size_t kTunedOperations = 20'000;
constexpr std::size_t kPlainOperations = 10;
constexpr std::size_t kRedisOperations = 10'000;
constexpr std::size_t kPipelinedOperations = 50'000;

using Keys = std::vector<kv::Key>;

/// The first `count` of the round's people; a slow contestant takes fewer.
Keys first(const Keys& keys, std::size_t count) {
  return {keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(std::min(count, keys.size()))};
}

void enter_sqlite(Contest& contest, Sqlite& sqlite, const char* name, const Keys& keys,
                  std::size_t operations) {
  contest.add(name, [&sqlite, &keys, operations] {
    const Keys chosen = first(keys, operations);
    const double time = cpu_time([&] {
      for (const kv::Key key : chosen) sqlite.click(key);
    });
    return time / static_cast<double>(chosen.size());
  });
}

using RedisClicks = void (Redis::*)(const Keys&);

/// By the wall: the work is another process's.
void enter_redis(Contest& contest, Redis& redis, const char* name, const Keys& keys,
                 std::size_t operations, RedisClicks clicks) {
  contest.add(name, [&redis, &keys, operations, clicks] {
    const Keys chosen = first(keys, operations);
    const std::uint64_t begin = wall_ns();
    (redis.*clicks)(chosen);
    return static_cast<double>(wall_ns() - begin) / static_cast<double>(chosen.size());
  });
}

}  // namespace

void measure_click(const Task& task) {
  if (!task.wants("click")) return;
  const std::unique_ptr<Users> users = filled_users(task.data);
  Sqlite plain(Sqlite::Layout::kPlain, task.data);
  Sqlite tuned(Sqlite::Layout::kTuned, task.data);
  const std::unique_ptr<Redis> redis = Redis::start();
  if (redis) redis->insert_all(task.data);

  Keys keys(std::min(kOperations, task.data.size()));
  Contest contest([&](unsigned round) {
    Random random(round);
    for (kv::Key& key : keys) key = task.data.people[random.below(task.data.size())].id;
    users->take_changes();
  });
  // As the clicker does it: the keys of a page of updates are known ahead.
  contest.add("telekv", [&] {
    const double time = cpu_time([&] {
      for (std::size_t i = 0; i < keys.size(); ++i) {
        const std::size_t ahead = i + Users::kExpectAhead;
        if (ahead < keys.size()) users->expect(keys[ahead]);
        click(*users, keys[i]);
      }
    });
    return time / static_cast<double>(keys.size());
  });
  const std::unique_ptr<Users> surprised = filled_users(task.data);
  contest.add("telekv, key by key", [&] {
    surprised->take_changes();
    const double time = cpu_time([&] {
      for (const kv::Key key : keys) click(*surprised, key);
    });
    return time / static_cast<double>(keys.size());
  });
  enter_sqlite(contest, plain, Sqlite::kPlainName, keys, kPlainOperations);
  enter_sqlite(contest, tuned, Sqlite::kTunedName, keys, kTunedOperations);
  if (redis) {
    enter_redis(contest, *redis, Redis::kName, keys, kRedisOperations, &Redis::click_each);
    enter_redis(contest, *redis, Redis::kPipelinedName, keys, kPipelinedOperations,
                &Redis::click_pipelined);
    task.add("click", contest.run());
  } else {
    task.add("click", contest.run(), {Redis::kName, Redis::kPipelinedName});
  }
}

}  // namespace telekv::bench
