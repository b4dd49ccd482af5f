// bench_engine: the figures of the engine and of its peers, taken side by side.
//
// Exit codes: 0 measured, 1 failed (wrong answers, unreadable data, unwritable output), 105 and on
// for arguments that make no sense.

#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string_view>
#include <vector>

#include "engine/dataset.h"
#include "engine/metrics.h"
#include "engine/options.h"
#include "engine/plot.h"
#include "engine/report.h"
#include "kv/error.h"

namespace telekv::bench {
namespace {

/// Whether all of it was written.
bool write_file(const std::filesystem::path& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (file) return true;
  std::cerr << "bench_engine: " << path.string() << " cannot be written\n";
  return false;
}

void measure(const Task& task) {
  // First, while the heap is as it came.
  measure_memory(task);
  measure_hash(task);
  measure_rank(task);
  measure_rank_inputs(task);
  measure_click(task);
  measure_snapshot(task);
  measure_delta(task);
}

int run(const Options& options) {
  Report report;
  std::vector<Plot> plots;
  for (const std::string& source : options.data) {
    const Result<Dataset> data = load_dataset(source, options.n);
    if (!data) {
      std::cerr << "bench_engine: " << describe(data.error()) << "\n";
      return 1;
    }
    const bool draws = !options.plots.empty() && &source == &options.data.front();
    measure({*data, options, report, draws ? &plots : nullptr});
  }
  if (report.empty()) {
    std::cerr << "bench_engine: --only names no metric\n";
    return 1;
  }
  std::cout << report.markdown() << std::flush;
  bool written = static_cast<bool>(std::cout);
  if (!options.json.empty()) {
    written &= write_file(options.json, boost::json::serialize(report.json()) + "\n");
  }
  for (const Plot& plot : plots) {
    std::filesystem::create_directories(options.plots);
    written &= write_file(std::filesystem::path(options.plots) / (plot.file + ".svg"), svg(plot));
  }
  return written ? 0 : 1;
}

}  // namespace
}  // namespace telekv::bench

int main(int argc, char** argv) {
  const telekv::bench::Options options = telekv::bench::parse_options(argc, argv);
  try {
    return telekv::bench::run(options);
  } catch (const std::exception& error) {
    std::cerr << "bench_engine: " << error.what() << "\n";
    return 1;
  }
}
