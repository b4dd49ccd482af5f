// How figures are taken, so that those of one table may be compared.
//
//  1. Contestants take turns within one run, each repetition beginning with another one; what
//     disturbs the machine disturbs all of them. A first round warms up and does not count.
//  2. At least five repetitions; the figure is their median, its spread (largest - smallest) /
//     median.
//  3. Time is CPU time of the thread: what other programs take of a shared machine is not in it,
//     page faults and system calls are. Only a peer in another process (Redis) is timed by the
//     wall.
//  4. The longest single operation is the longest step of the same clock, which costs some 0.3 us a
//     reading, over all operations of a repetition; of the repetitions the median again.
//  5. Memory is what becomes resident in a forked child, after the heap's free pages were given
//     back: peers neither share nor disturb each other's.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace telekv::bench {

inline constexpr unsigned kRepetitions = 5;

/// CPU time of the calling thread so far, in ns.
std::uint64_t thread_cpu_ns();
/// Time that passed, in ns.
std::uint64_t wall_ns();

struct Figure {
  double median = 0;
  double spread = 0;
};

/// `samples` is not empty.
Figure figure_of(std::vector<double> samples);

/// CPU time of `run()`, in ns.
template <class Function>
double cpu_time(Function&& run) {
  const std::uint64_t begin = thread_cpu_ns();
  run();
  return static_cast<double>(thread_cpu_ns() - begin);
}

/// Calls operation(i) for i below `count`; the longest, in ns. `each(i, ns)` sees all of them.
template <class Operation, class Each>
double longest(std::size_t count, Operation&& operation, Each&& each) {
  std::uint64_t longest_ns = 0;
  std::uint64_t before = thread_cpu_ns();
  for (std::size_t i = 0; i < count; ++i) {
    operation(i);
    const std::uint64_t after = thread_cpu_ns();
    longest_ns = std::max(longest_ns, after - before);
    each(i, after - before);
    before = after;
  }
  return static_cast<double>(longest_ns);
}
template <class Operation>
double longest(std::size_t count, Operation&& operation) {
  return longest(count, std::forward<Operation>(operation), [](std::size_t, std::uint64_t) {});
}

/// Contestants in turns.
class Contest {
 public:
  struct Standing {
    std::string name;
    Figure figure;
  };

  /// `prepare(repetition)` runs before each round, for what all contestants share.
  explicit Contest(std::function<void(unsigned)> prepare = [](unsigned) {})
      : prepare_(std::move(prepare)) {}

  /// `run` does the work once and answers what it measured.
  void add(std::string name, std::function<double()> run);

  /// In the order they were added.
  std::vector<Standing> run(bool warm_up = true);

 private:
  struct Contestant {
    std::string name;
    std::function<double()> run;
    std::vector<double> samples;
  };
  std::function<void(unsigned)> prepare_;
  std::vector<Contestant> contestants_;
};

/// Bytes of this process, or of another, in memory.
double resident_bytes();
double resident_bytes(int process);

/// Gives free memory of the heap back to the system.
void trim_heap();

/// Runs `work` in a forked child and answers the numbers it returned; none if the child failed.
std::vector<double> in_child(const std::function<std::vector<double>()>& work);

}  // namespace telekv::bench
