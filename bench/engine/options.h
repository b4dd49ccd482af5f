// The command line of bench_engine.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace telekv::bench {

struct Options {
  std::vector<std::string> data = {"R", "S", "X"};
  std::size_t n = 1'000'000;
  std::vector<std::string> only;  ///< metrics, or their first word; all when empty
  std::string json;               ///< where to write the results; nowhere when empty
  std::string plots;              ///< folder for the plots; none when empty

  bool wants(const std::string& metric) const;
};

/// Parses, or ends the program with the answer to --help or with what was wrong.
Options parse_options(int argc, char** argv);

}  // namespace telekv::bench
