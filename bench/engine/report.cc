#include "engine/report.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <boost/version.hpp>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <utility>

#include "kv/version.h"

namespace telekv::bench {
namespace {

constexpr const char* kNotMeasured = "not measured";

std::string with_digits(double value, const char* suffix) {
  std::array<char, 64> text{};
  const double size = std::abs(value);
  const int decimals = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  std::snprintf(text.data(), text.size(), "%.*f%s", decimals, value, suffix);
  return text.data();
}

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

boost::json::object machine() {
  utsname system{};
  uname(&system);
  std::array<double, 1> load{};
  getloadavg(load.data(), 1);
  return {{"processor", processor()},
          {"processors", sysconf(_SC_NPROCESSORS_ONLN)},
          {"memory", sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE)},
          {"system", std::string(system.sysname) + " " + system.release},
          {"build", version_line()},
          {"boost", BOOST_LIB_VERSION},
          {"load", load[0]}};
}

boost::json::value value_of(const Peer& peer) {
  if (!peer.value) return kNotMeasured;
  return *peer.value;
}

std::string name_of(const Measurement& result) {
  return result.metric + (result.k ? " (k=" + std::to_string(*result.k) + ")" : "");
}

std::string line_of(const Measurement& result) {
  std::string line = "| " + name_of(result) + " | " + result.data + " | " +
                     std::to_string(result.n) + " | " +
                     readable(result.figure.median, result.unit) + " | " +
                     with_digits(result.figure.spread * 100, " %") + " | ";
  std::string separator;
  for (const Peer& peer : result.peers) {
    line += std::exchange(separator, "; ") + peer.name + " ";
    line += peer.value ? readable(*peer.value, result.unit) : kNotMeasured;
  }
  return line + " |\n";
}

}  // namespace

std::string readable(double value, const std::string& unit) {
  struct Scale {
    double from;
    const char* suffix;
  };
  constexpr std::array<Scale, 4> kTimes = {{{1e9, " s"}, {1e6, " ms"}, {1e3, " us"}, {0, " ns"}}};
  constexpr std::array<Scale, 4> kSizes = {{{1e9, " GB"}, {1e6, " MB"}, {1e3, " kB"}, {0, " B"}}};
  if (unit == "x") return with_digits(value, "x");
  for (const Scale& scale : unit == "ns" ? kTimes : kSizes) {
    if (value >= scale.from) return with_digits(value / std::max(scale.from, 1.0), scale.suffix);
  }
  return with_digits(value, "");
}

void Report::add(Measurement result) {
  std::fputs(line_of(result).c_str(), stderr);
  results_.push_back(std::move(result));
}

boost::json::object Report::json() const {
  boost::json::array results;
  for (const Measurement& result : results_) {
    boost::json::object peers;
    for (const Peer& peer : result.peers) peers[peer.name] = value_of(peer);
    boost::json::object entry = {
        {"metric", result.metric},       {"data", result.data}, {"n", result.n},
        {"value", result.figure.median}, {"unit", result.unit}, {"spread", result.figure.spread},
        {"peers", std::move(peers)}};
    if (result.k) entry["k"] = *result.k;
    results.push_back(std::move(entry));
  }
  return {{"machine", machine()}, {"results", std::move(results)}};
}

std::string Report::markdown() const {
  const boost::json::object about = machine();
  std::string text = "Measured on " + std::string(about.at("processor").as_string()) + ", " +
                     std::to_string(about.at("processors").to_number<long>()) + " processors, " +
                     std::string(about.at("build").as_string()) + ".\n\n" +
                     "| metric | data | n | telekv | spread | peers |\n" +
                     "| --- | --- | --- | --- | --- | --- |\n";
  for (const Measurement& result : results_) text += line_of(result);
  return text;
}

}  // namespace telekv::bench
