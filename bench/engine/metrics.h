// The metrics, one function a family. Each adds results to the report, and curves to the plots when
// there are any to be drawn.
//
// A contestant that answers otherwise than the engine ends the run: figures of wrong answers are
// worth nothing.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "engine/dataset.h"
#include "engine/options.h"
#include "engine/plot.h"
#include "engine/report.h"

namespace telekv::bench {

struct Task {
  const Dataset& data;
  const Options& options;
  Report& report;
  std::vector<Plot>* plots;  ///< nullptr: none wanted

  bool wants(const std::string& metric) const { return options.wants(metric); }

  /// Adds a contest's outcome: the first contestant is the engine. The order of `absent` peers is
  /// kept; they stand as "not measured".
  void add(const std::string& metric, const std::vector<Contest::Standing>& standings,
           const std::vector<std::string>& absent = {}) const;
};

/// hash.find_inc, hash.insert_max
void measure_hash(const Task& task);
/// rank.inc, rank.inc_max, rank.rank, rank.top15
void measure_rank(const Task& task);
/// rank.correlated, rank.degenerate_ratio, and their single cases
void measure_rank_inputs(const Task& task);
/// click
void measure_click(const Task& task);
/// memory.per_user, memory.per_user_accounted
void measure_memory(const Task& task);
/// snapshot.bytes, .over_bound, .bound.*, .encode, .extra_memory, .slice_max, .throughput_ratio,
/// restore.decode
void measure_snapshot(const Task& task);
/// delta.per_change
void measure_delta(const Task& task);

/// Ends the run unless `answers` of contestants are equal.
inline void expect_equal(const std::string& what, std::uint64_t ours, std::uint64_t theirs) {
  if (ours != theirs) throw std::runtime_error(what + ": the contestants' answers differ");
}

}  // namespace telekv::bench
