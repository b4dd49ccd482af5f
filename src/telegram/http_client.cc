#include "telegram/http_client.h"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <deque>
#include <utility>
#include <vector>

#include "telegram/as_tuple.h"
#include "telegram/connection.h"

namespace telekv::telegram {

namespace asio = boost::asio;
using std::chrono::steady_clock;

/// Shared with the running exchanges, so that a coroutine destroyed late still finds its pool.
class HttpClient::Impl : public std::enable_shared_from_this<HttpClient::Impl> {
 public:
  Impl(asio::any_io_executor executor, ApiRoot root, std::shared_ptr<TlsContext> tls,
       Options options)
      : executor_(std::move(executor)),
        root_(std::move(root)),
        tls_(std::move(tls)),
        options_(std::move(options)) {}

  static Async<HttpResponse> exchange(std::shared_ptr<Impl> self, HttpRequest request);

 private:
  struct Waiter {
    asio::steady_timer wake;
    bool admitted = false;
  };

  /// The right to use one connection; passed on or given back when destroyed.
  class Permit {
   public:
    explicit Permit(Impl* pool) : pool_(pool) {}
    Permit(Permit&& other) noexcept : pool_(std::exchange(other.pool_, nullptr)) {}
    Permit(const Permit&) = delete;
    Permit& operator=(const Permit&) = delete;
    Permit& operator=(Permit&&) = delete;
    ~Permit() {
      if (pool_ != nullptr) pool_->release();
    }

   private:
    Impl* pool_;
  };

  Async<void> admit(Deadline deadline);
  void release();
  std::unique_ptr<Connection> take_idle();
  void keep(std::unique_ptr<Connection> connection);
  Async<HttpResponse> attempt(std::unique_ptr<Connection> kept, HttpRequest request,
                              Deadline deadline, Progress* progress);
  Async<HttpResponse> run(HttpRequest request);

  asio::any_io_executor executor_;
  ApiRoot root_;
  std::shared_ptr<TlsContext> tls_;
  Options options_;
  std::size_t in_use_ = 0;
  std::deque<std::shared_ptr<Waiter>> waiters_;
  std::vector<std::unique_ptr<Connection>> idle_;  // the last one was used last
};

Async<void> HttpClient::Impl::admit(Deadline deadline) {
  if (in_use_ < options_.max_connections) {
    ++in_use_;
    co_return Result<void>();
  }
  auto waiter = std::make_shared<Waiter>(Waiter{asio::steady_timer(executor_, deadline)});
  waiters_.push_back(waiter);
  co_await waiter->wake.async_wait(kAsTuple);
  if (waiter->admitted) co_return Result<void>();
  waiters_.erase(std::find(waiters_.begin(), waiters_.end(), waiter));
  const auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) {
    co_return Error{.code = ErrorCode::kCancelled, .message = "the request was given up"};
  }
  co_return Error{.code = ErrorCode::kUnavailable,
                  .message = root_.to_string() + ": no connection became free in time"};
}

void HttpClient::Impl::release() {
  if (waiters_.empty()) {
    --in_use_;
    return;
  }
  // The permit goes straight to the one who waited longest; nobody can come in between.
  auto next = std::move(waiters_.front());
  waiters_.pop_front();
  next->admitted = true;
  next->wake.cancel();
}

std::unique_ptr<Connection> HttpClient::Impl::take_idle() {
  const auto oldest = steady_clock::now() - options_.idle_limit;
  while (!idle_.empty()) {
    auto connection = std::move(idle_.back());
    idle_.pop_back();
    if (connection->reusable(oldest)) return connection;
  }
  return nullptr;
}

void HttpClient::Impl::keep(std::unique_ptr<Connection> connection) {
  if (!connection->is_kept_alive()) return;
  if (idle_.size() >= options_.max_connections) idle_.erase(idle_.begin());
  idle_.push_back(std::move(connection));
}

Async<HttpResponse> HttpClient::Impl::attempt(std::unique_ptr<Connection> kept, HttpRequest request,
                                              Deadline deadline, Progress* progress) {
  auto connection = std::move(kept);
  if (!connection) {
    const auto connect_by = std::min(deadline, steady_clock::now() + options_.connect_deadline);
    auto opened = co_await Connection::open(executor_, root_, tls_, options_.proxy, connect_by);
    if (!opened) co_return opened.error();
    connection = std::move(*opened);
  }
  request.target.insert(0, root_.path);
  auto answer = co_await connection->exchange(std::move(request), deadline, progress);
  keep(std::move(connection));
  co_return answer;
}

Async<HttpResponse> HttpClient::Impl::run(HttpRequest request) {
  const Deadline deadline = steady_clock::now() + request.deadline;
  auto admitted = co_await admit(deadline);
  if (!admitted) co_return admitted.error();
  const Permit permit(this);

  if (auto kept = take_idle()) {
    Progress progress;
    auto copy = request;
    auto answer = co_await attempt(std::move(kept), std::move(copy), deadline, &progress);
    const bool dead = !answer && (answer.error().code == ErrorCode::kUnavailable ||
                                  answer.error().code == ErrorCode::kOutcomeUnknown);
    const bool harmless =
        !progress.sent || (request.repeat == HttpRequest::Repeat::kSafe && !progress.answered);
    if (!dead || !harmless || steady_clock::now() >= deadline) co_return answer;
    idle_.clear();  // most likely they died together
  }
  Progress progress;
  std::unique_ptr<Connection> none;
  co_return co_await attempt(std::move(none), std::move(request), deadline, &progress);
}

Async<HttpResponse> HttpClient::Impl::exchange(std::shared_ptr<Impl> self, HttpRequest request) {
  // Cancellation is an error value here, so no await inside may throw because of it.
  const bool throws = co_await asio::this_coro::throw_if_cancelled();
  co_await asio::this_coro::throw_if_cancelled(false);
  auto answer = co_await self->run(std::move(request));
  const auto state = co_await asio::this_coro::cancellation_state;
  co_await asio::this_coro::throw_if_cancelled(throws);
  if (answer && state.cancelled() != asio::cancellation_type::none) {
    co_return Error{.code = ErrorCode::kCancelled, .message = "the request was given up"};
  }
  co_return answer;
}

HttpClient::HttpClient(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpClient::~HttpClient() = default;

Result<std::unique_ptr<HttpClient>> HttpClient::create(asio::any_io_executor executor, ApiRoot root,
                                                       Options options) {
  std::shared_ptr<TlsContext> tls;
  if (root.scheme == ApiRoot::Scheme::kHttps) {
    auto created = TlsContext::create();
    if (!created) return created.error();
    tls = std::move(*created);
  }
  auto impl = std::make_shared<Impl>(std::move(executor), std::move(root), std::move(tls),
                                     std::move(options));
  return std::unique_ptr<HttpClient>(new HttpClient(std::move(impl)));
}

Result<std::unique_ptr<HttpClient>> HttpClient::create(asio::any_io_executor executor,
                                                       ApiRoot root) {
  return create(std::move(executor), std::move(root), Options());
}

Async<HttpResponse> HttpClient::exchange(HttpRequest request) {
  return Impl::exchange(impl_, std::move(request));
}

}  // namespace telekv::telegram
