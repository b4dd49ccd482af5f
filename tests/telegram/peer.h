// The other side of a server under test: a connection that says exactly the bytes it is told, in
// the test's own event loop, and keeps what comes back.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <charconv>
#include <memory>
#include <string>
#include <string_view>

namespace telekv::telegram::test {

class Peer {
 public:
  Peer(boost::asio::io_context& io, std::uint16_t port) : state_(std::make_shared<State>(io)) {
    state_->socket.connect({boost::asio::ip::address_v4::loopback(), port});
    listen(state_);
  }
  ~Peer() { hang_up(); }
  Peer(Peer&&) = default;
  Peer& operator=(Peer&&) = delete;

  /// Sends in the background; the loop must run.
  void say(std::string text) {
    auto bytes = std::make_shared<std::string>(std::move(text));
    const auto buffer = boost::asio::buffer(*bytes);
    boost::asio::async_write(state_->socket, buffer,
                             [state = state_, bytes](const boost::system::error_code& failure,
                                                     std::size_t) { state->deaf = !!failure; });
  }

  /// No more will be sent; answers still arrive.
  void end_of_requests() { state_->socket.shutdown(boost::asio::socket_base::shutdown_send); }

  void hang_up() {
    if (!state_) return;
    boost::system::error_code ignored;
    state_->socket.close(ignored);
  }

  /// What has arrived and was not taken yet.
  const std::string& received() const { return state_->received; }

  /// The server has closed the connection, or reset it.
  bool ended() const { return state_->ended; }

  /// Whether a whole answer with a Content-Length has arrived.
  bool has_answer() const { return answer_length() != std::string::npos; }

  /// Takes the first whole answer.
  std::string take_answer() {
    const std::size_t length = answer_length();
    std::string answer = state_->received.substr(0, length);
    state_->received.erase(0, length);
    return answer;
  }

 private:
  struct State {
    explicit State(boost::asio::io_context& io) : socket(io) {}
    boost::asio::ip::tcp::socket socket;
    std::array<char, 4096> piece{};
    std::string received;
    bool ended = false;
    bool deaf = false;
  };

  static void listen(const std::shared_ptr<State>& state) {
    state->socket.async_read_some(
        boost::asio::buffer(state->piece),
        [state](const boost::system::error_code& failure, std::size_t length) {
          state->received.append(state->piece.data(), length);
          state->ended = !!failure;
          if (!failure) listen(state);
        });
  }

  std::size_t answer_length() const {
    const std::string& text = state_->received;
    const std::size_t head = text.find("\r\n\r\n");
    if (head == std::string::npos) return head;
    constexpr std::string_view kName = "Content-Length: ";
    std::size_t body = 0;
    if (const auto at = text.find(kName); at < head) {
      std::from_chars(text.data() + at + kName.size(), text.data() + head, body);
    }
    const std::size_t length = head + 4 + body;
    return length <= text.size() ? length : std::string::npos;
  }

  std::shared_ptr<State> state_;
};

/// "401" of an answer.
inline std::string status_of(std::string_view answer) { return std::string(answer.substr(9, 3)); }

inline std::string body_of(std::string_view answer) {
  return std::string(answer.substr(answer.find("\r\n\r\n") + 4));
}

}  // namespace telekv::telegram::test
