#include "engine/measure.h"

#include <malloc.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <fstream>
#include <limits>

namespace telekv::bench {
namespace {

std::uint64_t read_clock(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(now.tv_nsec);
}

double resident_bytes_of(const std::string& process) {
  constexpr double kKibibyte = 1024;
  std::ifstream file("/proc/" + process + "/smaps_rollup");
  for (std::string word; file >> word;) {
    double kibibytes = 0;
    if (word == "Rss:" && file >> kibibytes) return kibibytes * kKibibyte;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

void write_all(int file, const std::vector<double>& numbers) {
  const auto* bytes = reinterpret_cast<const char*>(numbers.data());
  std::size_t left = numbers.size() * sizeof numbers[0];
  while (left > 0) {
    const ssize_t written = write(file, bytes, left);
    if (written <= 0) return;
    bytes += written;
    left -= static_cast<std::size_t>(written);
  }
}

}  // namespace

std::uint64_t thread_cpu_ns() { return read_clock(CLOCK_THREAD_CPUTIME_ID); }
std::uint64_t wall_ns() { return read_clock(CLOCK_MONOTONIC); }

Figure figure_of(std::vector<double> samples) {
  std::sort(samples.begin(), samples.end());
  const std::size_t half = samples.size() / 2;
  const double median =
      samples.size() % 2 == 1 ? samples[half] : (samples[half - 1] + samples[half]) / 2;
  return {median, median == 0 ? 0 : (samples.back() - samples.front()) / median};
}

void Contest::add(std::string name, std::function<double()> run) {
  contestants_.push_back({std::move(name), std::move(run), {}});
}

std::vector<Contest::Standing> Contest::run(bool warm_up) {
  const unsigned rounds = kRepetitions + (warm_up ? 1 : 0);
  for (unsigned round = 0; round < rounds; ++round) {
    prepare_(round);
    for (std::size_t i = 0; i < contestants_.size(); ++i) {
      Contestant& contestant = contestants_[(i + round) % contestants_.size()];
      const double sample = contestant.run();
      if (round > 0 || !warm_up) contestant.samples.push_back(sample);
    }
  }
  std::vector<Standing> standings;
  for (Contestant& contestant : contestants_) {
    standings.push_back({contestant.name, figure_of(std::move(contestant.samples))});
  }
  return standings;
}

double resident_bytes() { return resident_bytes_of("self"); }
double resident_bytes(int process) { return resident_bytes_of(std::to_string(process)); }

void trim_heap() { malloc_trim(0); }

std::vector<double> in_child(const std::function<std::vector<double>()>& work) {
  int ends[2];
  if (pipe(ends) != 0) return {};
  const pid_t child = fork();
  if (child < 0) return {};
  if (child == 0) {
    close(ends[0]);
    // The default grows with what was freed before the fork; a child shall not inherit that.
    constexpr int kMappedFrom = 128 * 1024;
    mallopt(M_MMAP_THRESHOLD, kMappedFrom);
    write_all(ends[1], work());
    _exit(0);
  }
  close(ends[1]);
  std::vector<double> numbers;
  for (double number = 0; read(ends[0], &number, sizeof number) == sizeof number;) {
    numbers.push_back(number);
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  const bool failed = !WIFEXITED(status) || WEXITSTATUS(status) != 0;
  return failed ? std::vector<double>() : numbers;
}

}  // namespace telekv::bench
