// What was measured, as JSON for programs and as Markdown for people.
//
//   {"machine": {...}, "results": [{"metric", "data", "n", "value", "unit", "spread",
//                                   "peers": {NAME: value or "not measured"}}]}
//
// Times in ns, sizes in bytes, ratios as "x". delta.per_change also has "k", the changed users.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/measure.h"

namespace telekv::bench {

struct Peer {
  std::string name;
  std::optional<double> value;  ///< nullopt: not measured
};

struct Measurement {
  std::string metric;
  std::string data;
  std::size_t n;
  Figure figure;
  std::string unit;
  std::vector<Peer> peers = {};
  std::optional<std::size_t> k = {};
};

class Report {
 public:
  /// Keeps a result, and shows it on standard error so that one can watch.
  void add(Measurement result);

  boost::json::object json() const;
  std::string markdown() const;
  bool empty() const { return results_.empty(); }

 private:
  std::vector<Measurement> results_;
};

/// "1.23 us", "4.5 MB", "2.1x".
std::string readable(double value, const std::string& unit);

}  // namespace telekv::bench
