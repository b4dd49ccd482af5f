#include "engine/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>

namespace telekv::bench {

bool Options::wants(const std::string& metric) const {
  return only.empty() || std::any_of(only.begin(), only.end(), [&](const std::string& name) {
           return metric == name || metric.starts_with(name + ".");
         });
}

Options parse_options(int argc, char** argv) {
  constexpr std::size_t kLeast = 1000;
  constexpr std::size_t kMost = 100'000'000;
  Options options;
  CLI::App app("Measures the engine against its peers. Builds nothing, keeps nothing.",
               "bench_engine");
  app.add_option("--data", options.data, "R, S, X or a file of tab-separated people; repeatable");
  app.add_option("--n", options.n, "People at most")->check(CLI::Range(kLeast, kMost));
  app.add_option("--only", options.only, "A metric, or the first word of some; repeatable");
  app.add_option("--json", options.json, "Write the results to this file");
  app.add_option("--plots", options.plots,
                 "Write plots (SVG) of the first data set to this folder");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  return options;
}

}  // namespace telekv::bench
