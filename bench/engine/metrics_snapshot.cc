#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "engine/entropy.h"
#include "engine/metrics.h"
#include "engine/peers/row_codecs.h"
#include "engine/random.h"
#include "engine/user.h"

namespace telekv::bench {
namespace {

/// As the vault has them: what a bot may download is 20 MiB; a slice is a thousand records.
constexpr std::size_t kChunkBytes = 19 * 1024 * 1024;
constexpr std::size_t kRecordsPerSlice = 1000;

using Chunks = std::vector<std::string>;

std::size_t bytes_of(const Chunks& chunks) {
  std::size_t bytes = 0;
  for (const std::string& chunk : chunks) bytes += chunk.size();
  return bytes;
}

/// The whole table, walked and encoded on one core.
Chunks encode(Users& users) {
  Chunks chunks;
  const auto walk = users.begin_snapshot(kChunkBytes);
  while (!walk->done()) {
    if (const auto chunk = walk->step(kRecordsPerSlice)) chunks.push_back(chunk->encode());
  }
  return chunks;
}

void decode(const Chunks& chunks, Users& users) {
  for (const std::string& chunk : chunks) {
    if (!users.load_chunk(chunk)) throw std::runtime_error("restore: a chunk does not load");
  }
}

Measurement result_of(const Task& task, const char* metric, const char* unit, double value) {
  return {.metric = metric,
          .data = task.data.label,
          .n = task.data.size(),
          .figure = {.median = value},
          .unit = unit};
}

template <class Codec>
void add_sizes(const Dataset& data, std::vector<Peer>& peers) {
  const std::string plain = Codec::encode(data);
  const auto packed = static_cast<double>(compressed(plain).size());
  peers.push_back({Codec::kName, static_cast<double>(plain.size())});
  peers.push_back({std::string(Codec::kName) + ", zstd -3", packed});
}

void measure_sizes(const Task& task, const Chunks& chunks) {
  const auto size = static_cast<double>(bytes_of(chunks));
  if (task.wants("snapshot.bytes")) {
    Measurement result = result_of(task, "snapshot.bytes", "bytes", size);
    add_sizes<JsonRows>(task.data, result.peers);
    add_sizes<ProtobufRows>(task.data, result.peers);
    task.report.add(std::move(result));
  }
  if (!task.wants("snapshot.over_bound")) return;
  const EntropyBound bound = entropy_bound(task.data);
  task.report.add(result_of(task, "snapshot.over_bound", "x", size / bound.total()));
  task.report.add(result_of(task, "snapshot.bound.total", "bytes", bound.total()));
  task.report.add(result_of(task, "snapshot.bound.keys", "bytes", bound.keys));
  task.report.add(result_of(task, "snapshot.bound.names", "bytes", bound.names));
  task.report.add(result_of(task, "snapshot.bound.clicks", "bytes", bound.clicks));
  task.report.add(result_of(task, "snapshot.bound.states", "bytes", bound.states));
}

template <class Codec>
void enter_encoding(const Task& task, Contest& contest) {
  contest.add(std::string(Codec::kName) + ", zstd -3",
              [&task] { return cpu_time([&] { compressed(Codec::encode(task.data)); }); });
}

void measure_encoding(const Task& task, Users& users) {
  Contest contest;
  contest.add("telekv", [&] { return cpu_time([&] { encode(users); }); });
  enter_encoding<JsonRows>(task, contest);
  enter_encoding<ProtobufRows>(task, contest);
  task.add("snapshot.encode", contest.run());
}

/// The owner thread's part alone; beginning and ending count as slices.
void measure_slices(const Task& task, Users& users) {
  Contest contest;
  contest.add("telekv", [&] {
    std::unique_ptr<kv::SnapshotWalk> walk;
    std::uint64_t longest_ns = 0;
    const auto timed = [&](auto slice) {
      const std::uint64_t begin = thread_cpu_ns();
      slice();
      longest_ns = std::max(longest_ns, thread_cpu_ns() - begin);
    };
    timed([&] { walk = users.begin_snapshot(kChunkBytes); });
    std::unique_ptr<const kv::Encodable> chunk;
    // The chunk before is freed outside, as the pool does it.
    while (!walk->done()) {
      chunk.reset();
      timed([&] { chunk = walk->step(kRecordsPerSlice); });
    }
    timed([&] { walk.reset(); });
    return static_cast<double>(longest_ns);
  });
  task.add("snapshot.slice_max", contest.run());
}

/// Ready to serve is who has shown a rating: a table may put the ranking off until then.
void serve_first(const Users& users) {
  constexpr std::size_t kRating = 15;
  if (users.top(kRating).empty()) throw std::runtime_error("restore.decode: nobody is there");
}

template <class Codec>
void enter_decoding(const Task& task, Contest& contest) {
  auto packed = std::make_shared<std::string>(compressed(Codec::encode(task.data)));
  contest.add(std::string(Codec::kName) + ", zstd -3", [packed, &task] {
    trim_heap();
    const std::unique_ptr<Users> users = make_users();
    const double time = cpu_time([&] {
      Codec::decode(decompressed(*packed), *users);
      serve_first(*users);
    });
    expect_equal("restore.decode", task.data.size(), users->size());
    return time;
  });
}

void measure_decoding(const Task& task, const Chunks& chunks, const kv::Digest& digest) {
  Contest contest;
  contest.add("telekv", [&] {
    trim_heap();
    const std::unique_ptr<Users> users = make_users();
    const double time = cpu_time([&] {
      decode(chunks, *users);
      serve_first(*users);
    });
    expect_equal("restore.decode", 1, users->digest() == digest ? 1 : 0);
    return time;
  });
  enter_decoding<JsonRows>(task, contest);
  enter_decoding<ProtobufRows>(task, contest);
  task.add("restore.decode", contest.run());
}

/// Clicks a second of the owner thread's CPU time, as clicks a ns.
class Clicker {
 public:
  Clicker(const Task& task, Users& users) : data_(task.data), users_(users) {}

  /// For about so long; how many that were.
  std::size_t click_for(std::uint64_t time_ns) {
    constexpr std::size_t kBatch = 64;
    std::size_t clicks = 0;
    for (const std::uint64_t begin = thread_cpu_ns(); thread_cpu_ns() - begin < time_ns;) {
      for (std::size_t i = 0; i < kBatch; ++i) {
        click(users_, data_.people[random_.below(data_.size())].id);
      }
      clicks += kBatch;
    }
    return clicks;
  }

 private:
  const Dataset& data_;
  Users& users_;
  Random random_{9};
};

/// Clicks while a snapshot is taken: the owner gives the walk a tenth of its time, a slice now and
/// then; a second thread encodes. Answers clicks a ns of the owner's CPU time.
double rate_with_snapshot(Clicker& clicker, Users& users) {
  constexpr std::uint64_t kClicksPerSliceTime = 9;
  std::size_t clicks = 0;
  std::vector<std::future<std::string>> encoded;
  const std::uint64_t begin = thread_cpu_ns();
  const auto walk = users.begin_snapshot(kChunkBytes);
  while (!walk->done()) {
    const std::uint64_t slice_begin = thread_cpu_ns();
    if (std::shared_ptr<const kv::Encodable> chunk = walk->step(kRecordsPerSlice)) {
      encoded.push_back(std::async(std::launch::async, [chunk] { return chunk->encode(); }));
    }
    clicks += clicker.click_for(kClicksPerSliceTime * (thread_cpu_ns() - slice_begin));
  }
  const auto encoding = [&] {
    return std::any_of(encoded.begin(), encoded.end(), [](const auto& chunk) {
      return chunk.wait_for(std::chrono::seconds(0)) != std::future_status::ready;
    });
  };
  constexpr std::uint64_t kBetweenLooks = 1'000'000;
  while (encoding()) clicks += clicker.click_for(kBetweenLooks);
  return static_cast<double>(clicks) / static_cast<double>(thread_cpu_ns() - begin);
}

void measure_throughput(const Task& task, Users& users) {
  constexpr std::uint64_t kAlone = 300'000'000;
  Clicker clicker(task, users);
  std::vector<double> ratios;
  for (unsigned round = 0; round <= kRepetitions; ++round) {
    users.take_changes();
    const double with = rate_with_snapshot(clicker, users);
    users.take_changes();
    const std::uint64_t begin = thread_cpu_ns();
    const auto clicks = static_cast<double>(clicker.click_for(kAlone));
    const double alone = clicks / static_cast<double>(thread_cpu_ns() - begin);
    if (round > 0) ratios.push_back(with / alone);
  }
  Measurement result = result_of(task, "snapshot.throughput_ratio", "x", 0);
  result.figure = figure_of(std::move(ratios));
  task.report.add(std::move(result));
}

/// The most that was resident, since `reset`.
double peak_bytes(bool reset) {
  if (reset) std::ofstream("/proc/self/clear_refs") << "5";
  std::ifstream file("/proc/self/status");
  constexpr double kKibibyte = 1024;
  for (std::string word; file >> word;) {
    double kibibytes = 0;
    if (word == "VmHWM:" && file >> kibibytes) return kibibytes * kKibibyte;
  }
  return 0;
}

/// What a snapshot needs beside the table: each chunk and its bytes are gone before the next is
/// begun, as they are when they have been sent.
void measure_extra_memory(const Task& task, Users& users) {
  const std::vector<double> extra = in_child([&] {
    trim_heap();
    const double before = peak_bytes(true);
    const auto walk = users.begin_snapshot(kChunkBytes);
    while (!walk->done()) {
      if (const auto chunk = walk->step(kRecordsPerSlice)) chunk->encode();
    }
    return std::vector<double>{peak_bytes(false) - before};
  });
  if (extra.empty()) throw std::runtime_error("snapshot.extra_memory: the child failed");
  task.report.add(result_of(task, "snapshot.extra_memory", "bytes", extra[0]));
}

void plot_sizes(const Task& task) {
  Plot plot{.file = "snapshot-by-users",
            .title = "Size of a snapshot",
            .x_label = "users",
            .y_label = "bytes a user",
            .y_unit = "bytes",
            .y_logarithmic = false,
            .curves = {{"telekv", {}, {}}}};
  for (const std::size_t part : {1000, 100, 10, 1}) {
    const Dataset data = task.data.head(task.data.size() / part);
    const auto users = static_cast<double>(data.size());
    std::vector<Peer> peers = {
        {"telekv", static_cast<double>(bytes_of(encode(*filled_users(data))))}};
    add_sizes<JsonRows>(data, peers);
    add_sizes<ProtobufRows>(data, peers);
    peers.push_back({"entropy bound", entropy_bound(data).total()});
    plot.curves.resize(peers.size());
    for (std::size_t i = 0; i < peers.size(); ++i) {
      plot.curves[i].name = peers[i].name;
      plot.curves[i].x.push_back(users);
      plot.curves[i].y.push_back(*peers[i].value / users);
    }
  }
  task.plots->push_back(std::move(plot));
}

}  // namespace

void measure_snapshot(const Task& task) {
  const std::array<const char*, 6> metrics = {"snapshot.bytes",  "snapshot.over_bound",
                                              "snapshot.encode", "snapshot.slice_max",
                                              "restore.decode",  "snapshot.throughput_ratio"};
  if (std::none_of(metrics.begin(), metrics.end(), [&](auto* name) { return task.wants(name); })) {
    return;
  }
  const std::unique_ptr<Users> users = filled_users(task.data);
  const Chunks chunks = encode(*users);
  measure_sizes(task, chunks);
  if (task.wants("snapshot.encode")) {
    measure_encoding(task, *users);
    measure_extra_memory(task, *users);
  }
  if (task.wants("snapshot.slice_max")) measure_slices(task, *users);
  if (task.wants("restore.decode")) measure_decoding(task, chunks, users->digest());
  if (task.wants("snapshot.throughput_ratio")) measure_throughput(task, *users);
  if (task.plots != nullptr && task.wants("snapshot.bytes")) plot_sizes(task);
}

}  // namespace telekv::bench
