#include "engine/peers/redis.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace telekv::bench {
namespace {

constexpr std::size_t kPipeline = 100;
constexpr int kStartAttempts = 500;
constexpr std::chrono::milliseconds kBetweenAttempts{10};

/// Becomes the server. Debian's redis-tools has its program under another name, which serves as
/// well: it goes by what it is called.
[[noreturn]] void become_server(const std::string& folder, const std::string& socket) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  dup2(nothing, STDOUT_FILENO);
  dup2(nothing, STDERR_FILENO);
  for (const char* program : {"redis-server", "redis-check-rdb"}) {
    execlp(program, "redis-server", "--port", "0", "--unixsocket", socket.c_str(), "--dir",
           folder.c_str(), "--save", "", "--appendonly", "no", nullptr);
  }
  _exit(127);
}

}  // namespace

std::unique_ptr<Redis> Redis::start() {
  std::string folder = std::filesystem::temp_directory_path() / "bench-redis-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) {
    std::fputs("bench_engine: no folder for Redis, which is not measured\n", stderr);
    return nullptr;
  }
  std::unique_ptr<Redis> redis(new Redis);
  redis->folder_ = folder;
  redis->process_ = fork();
  if (redis->process_ == 0) become_server(folder, redis->folder_ / "socket");
  for (int attempt = 0; attempt < kStartAttempts; ++attempt) {
    if (redis->connect()) return redis;
    if (waitpid(redis->process_, nullptr, WNOHANG) != 0) {
      redis->process_ = -1;
      break;
    }
    // A server that has just been started does not listen yet.
    std::this_thread::sleep_for(kBetweenAttempts);
  }
  std::fputs("bench_engine: no redis-server here; Redis is not measured\n", stderr);
  return nullptr;
}

Redis::~Redis() {
  if (socket_ >= 0) close(socket_);
  if (process_ > 0) {
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

bool Redis::connect() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = folder_ / "socket";
  if (path.size() >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  socket_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    return true;
  }
  close(socket_);
  socket_ = -1;
  return false;
}

void Redis::ask(std::initializer_list<std::string_view> command) {
  request_ += "*" + std::to_string(command.size()) + "\r\n";
  for (const std::string_view word : command) {
    request_ += "$" + std::to_string(word.size()) + "\r\n";
    request_ += word;
    request_ += "\r\n";
  }
  ++asked_;
}

void Redis::send() {
  for (std::size_t sent = 0; sent < request_.size();) {
    const ssize_t count = write(socket_, request_.data() + sent, request_.size() - sent);
    if (count <= 0) throw std::runtime_error("Redis: the connection broke");
    sent += static_cast<std::size_t>(count);
  }
  request_.clear();
}

std::string Redis::next_line() {
  for (;;) {
    const std::size_t end = answer_.find("\r\n", read_);
    if (end != std::string::npos) {
      std::string line = answer_.substr(read_, end - read_);
      read_ = end + 2;
      return line;
    }
    answer_.erase(0, read_);
    read_ = 0;
    std::array<char, 16384> more{};
    const ssize_t count = read(socket_, more.data(), more.size());
    if (count <= 0) throw std::runtime_error("Redis: the connection broke");
    answer_.append(more.data(), static_cast<std::size_t>(count));
  }
}

std::string Redis::receive() {
  send();
  std::string last;
  for (; asked_ > 0; --asked_) {
    last = next_line();
    if (last.starts_with('-')) throw std::runtime_error("Redis: " + last);
    if (last.starts_with('$')) last = next_line();
  }
  return last;
}

void Redis::insert_all(const Dataset& data) {
  for (const Person& person : data.people) {
    const std::string id = std::to_string(person.id);
    ask({"ZADD", "rating", std::to_string(person.clicks), id});
    ask({"HSET", "names", id, data.name(person)});
    if (asked_ >= kPipeline) receive();
  }
  receive();
}

void Redis::click_each(const std::vector<kv::Key>& ids) {
  for (const kv::Key id : ids) {
    ask({"ZINCRBY", "rating", "1", std::to_string(id)});
    receive();
  }
}

void Redis::click_pipelined(const std::vector<kv::Key>& ids) {
  for (const kv::Key id : ids) {
    ask({"ZINCRBY", "rating", "1", std::to_string(id)});
    if (asked_ >= kPipeline) receive();
  }
  receive();
}

std::int64_t Redis::clicks(kv::Key id) {
  ask({"ZSCORE", "rating", std::to_string(id)});
  return std::stoll(receive());
}

}  // namespace telekv::bench
