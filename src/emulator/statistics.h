// What the emulator counts about its own calls; read by GET /emulator/stats. Single-threaded.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace telekv::emulator {

struct Statistics {
  struct Calls {
    std::uint64_t ok = 0;
    std::uint64_t failed = 0;
    std::uint64_t bytes = 0;  ///< bodies of its requests, as sent
  };

  void count(std::string_view method, bool ok, std::uint64_t bytes = 0) {
    auto place = calls.find(method);
    if (place == calls.end()) place = calls.emplace(std::string(method), Calls{}).first;
    ++(ok ? place->second.ok : place->second.failed);
    place->second.bytes += bytes;
  }

  std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
  std::uint64_t bytes_in = 0;                       ///< bodies of requests
  std::uint64_t bytes_out = 0;                      ///< bodies of answers
  std::map<std::string, Calls, std::less<>> calls;  ///< by method, names from the method table only
};

}  // namespace telekv::emulator
