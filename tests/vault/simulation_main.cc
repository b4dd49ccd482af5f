// vault_simulation: histories of a vault by the million. Prints counts and a verdict; a history
// that breaks a promise is shrunk and printed, and the exit code is 1.
#include <malloc.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <string_view>

#include "simulation.h"

namespace telekv::vault {
namespace {

struct Arguments {
  std::uint64_t from = 1;
  std::uint64_t count = 1000;
  std::uint64_t seconds = 0;  // 0: no limit
  bool traces = false;
  bool brief = false;     // only the verdict
  bool thorough = false;  // every trouble, and a crash at every call, must have happened
};

bool read_number(std::string_view text, std::uint64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

int usage() {
  std::fprintf(stderr,
               "usage: vault_simulation [--from SEED] [--count N] [--seconds S] [--trace] "
               "[--brief] [--thorough]\n");
  return 2;
}

void show(std::uint64_t seed, const std::string& broken) {
  std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), broken.c_str());
  const Without without = shrink(seed);
  Tally unused;
  const auto again = run_history(draw_plan(seed, without), unused, Tracing::kOn);
  std::printf("seed %llu, shrunk: %s\n", static_cast<unsigned long long>(seed),
              again ? again->c_str() : "it does not fail again");
}

// Every history builds and forgets some megabytes: giving them back to the system and asking again
// is a tenth of the time.
void keep_memory() {
  constexpr int kMuch = 256 << 20;
  mallopt(M_TRIM_THRESHOLD, kMuch);
  mallopt(M_MMAP_THRESHOLD, kMuch / 8);
}

int simulate(const Arguments& arguments) {
  const auto start = std::chrono::steady_clock::now();
  const auto taken = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  Tally tally;
  const Tracing tracing = arguments.traces ? Tracing::kOn : Tracing::kOff;
  for (std::uint64_t i = 0; i < arguments.count; ++i) {
    if (arguments.seconds != 0 && taken() > static_cast<double>(arguments.seconds)) break;
    const std::uint64_t seed = arguments.from + i;
    const auto broken = run_history(draw_plan(seed), tally, tracing);
    if (!broken) continue;
    if (arguments.brief) {
      std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), broken->c_str());
    } else {
      show(seed, *broken);
    }
    std::printf("verdict: BROKEN after %llu histories\n",
                static_cast<unsigned long long>(tally.histories));
    return 1;
  }
  if (!arguments.brief) std::printf("%s", tally.describe().c_str());
  if (const std::string missing = tally.missing(); arguments.thorough && !missing.empty()) {
    std::printf("verdict: NOT THOROUGH, never met:%s\n", missing.c_str());
    return 1;
  }
  std::printf("verdict: every promise kept in %llu histories, seeds %llu to %llu, %.1f s\n",
              static_cast<unsigned long long>(tally.histories),
              static_cast<unsigned long long>(arguments.from),
              static_cast<unsigned long long>(arguments.from + tally.histories - 1), taken());
  return 0;
}

}  // namespace
}  // namespace telekv::vault

int main(int count, char** values) {
  using telekv::vault::read_number;
  telekv::vault::Arguments arguments;
  for (int i = 1; i < count; ++i) {
    const std::string_view name = values[i];
    const std::string_view value = i + 1 < count ? values[i + 1] : "";
    bool known = true;
    if (name == "--from") {
      known = read_number(value, arguments.from);
      ++i;
    } else if (name == "--count") {
      known = read_number(value, arguments.count);
      ++i;
    } else if (name == "--seconds") {
      known = read_number(value, arguments.seconds);
      ++i;
    } else if (name == "--trace") {
      arguments.traces = true;
    } else if (name == "--brief") {
      arguments.brief = true;
    } else if (name == "--thorough") {
      arguments.thorough = true;
    } else {
      known = false;
    }
    if (!known) return telekv::vault::usage();
  }
  telekv::vault::keep_memory();
  return telekv::vault::simulate(arguments);
}
