// A Redis server of the bench's own, reached over a unix socket in a folder of its own, and ended
// with it. People are a sorted set of ids by clicks and a hash of names, as bots keep them there.
//
// It writes nothing to disk (no save, no append-only file). One thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/dataset.h"

namespace telekv::bench {

class Redis {
 public:
  static constexpr const char* kName = "Redis";
  static constexpr const char* kPipelinedName = "Redis pipelined";

  /// A running server without people; nullptr, and a line on standard error, when none is
  /// installed or it does not start.
  static std::unique_ptr<Redis> start();
  ~Redis();
  Redis(const Redis&) = delete;
  Redis& operator=(const Redis&) = delete;

  void insert_all(const Dataset& data);

  /// One click each, one asked after the other's answer.
  void click_each(const std::vector<kv::Key>& ids);
  /// The same, a hundred asked at a time.
  void click_pipelined(const std::vector<kv::Key>& ids);
  std::int64_t clicks(kv::Key id);

  int process() const { return process_; }

 private:
  Redis() = default;

  void ask(std::initializer_list<std::string_view> command);
  void send();
  /// Reads answers to all that was asked; the last one.
  std::string receive();
  std::string next_line();
  bool connect();

  std::filesystem::path folder_;
  pid_t process_ = -1;
  int socket_ = -1;
  std::size_t asked_ = 0;
  std::string request_;
  std::string answer_;
  std::size_t read_ = 0;  // of `answer_`
};

}  // namespace telekv::bench
