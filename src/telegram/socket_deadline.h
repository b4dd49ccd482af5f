// Closes a socket on which a step takes longer than allowed; whatever waits on it then ends with an
// error. Its timer is set anew only for a deadline that comes before the one it waits for, so that
// exchange after exchange on a kept connection costs none.
//
// One thread, the socket's.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>

namespace telekv::telegram {

class SocketDeadline {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// `socket` must outlive the object.
  explicit SocketDeadline(boost::asio::ip::tcp::socket& socket)
      : state_(std::make_shared<State>(socket)) {}
  ~SocketDeadline() {
    state_->socket = nullptr;
    state_->timer.cancel();
  }
  SocketDeadline(const SocketDeadline&) = delete;
  SocketDeadline& operator=(const SocketDeadline&) = delete;

  void expire_at(Time deadline) {
    state_->deadline = deadline;
    if (deadline < state_->wakes_at) wait(state_);
  }
  void expire_never() { state_->deadline = Time::max(); }

  /// The socket has been closed.
  bool has_expired() const { return state_->expired; }

 private:
  struct State {
    explicit State(boost::asio::ip::tcp::socket& guarded)
        : socket(&guarded), timer(guarded.get_executor()) {}
    boost::asio::ip::tcp::socket* socket;  // null: gone
    boost::asio::steady_timer timer;
    Time deadline = Time::max();
    Time wakes_at = Time::max();
    bool expired = false;
  };

  static void wait(const std::shared_ptr<State>& state) {
    state->wakes_at = state->deadline;
    state->timer.expires_at(state->wakes_at);
    state->timer.async_wait([state](const boost::system::error_code& cancelled) {
      if (cancelled || state->socket == nullptr) return;
      state->wakes_at = Time::max();
      if (state->deadline == Time::max()) return;
      if (state->deadline > std::chrono::steady_clock::now()) return wait(state);
      state->expired = true;
      boost::system::error_code ignored;
      state->socket->close(ignored);
    });
  }

  std::shared_ptr<State> state_;
};

}  // namespace telekv::telegram
