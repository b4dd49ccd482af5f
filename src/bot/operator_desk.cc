#include "bot/operator_desk.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bot/texts.h"

namespace telekv::bot {

namespace asio = boost::asio;

namespace {

// Downloading another state over a slow line, penalties included, and two commits.
constexpr std::chrono::seconds kRestoreDeadline{300};

// A wish that is given up at the end of the run is no failure.
void report_failure(const std::exception_ptr& failure) {
  try {
    if (failure) std::rethrow_exception(failure);
  } catch (const boost::system::system_error& error) {
    if (error.code() == asio::error::operation_aborted) return;
    spdlog::error("an operator's wish failed: {}", error.what());
  } catch (const std::exception& error) {
    spdlog::error("an operator's wish failed: {}", error.what());
  }
}

}  // namespace

OperatorDesk::OperatorDesk(vault::Vault& vault, vault::Saver& saver, Outbox& outbox,
                           vault::Clock& clock, asio::any_io_executor executor)
    : vault_(&vault),
      saver_(&saver),
      outbox_(&outbox),
      clock_(&clock),
      executor_(executor),
      idle_(executor) {
  idle_.set();
}

void OperatorDesk::take(Wish wish) {
  if (running_.size() >= kMaxWishes) {
    spdlog::warn("the operator has {} wishes under way; another one was ignored", running_.size());
    return;
  }
  const auto place = running_.emplace(running_.end());
  idle_.clear();
  const auto ended = [this, place](const std::exception_ptr& failure) {
    report_failure(failure);
    running_.erase(place);
    if (running_.empty()) idle_.set();
  };
  asio::co_spawn(executor_, answer(wish), asio::bind_cancellation_slot(place->slot(), ended));
}

asio::awaitable<void> OperatorDesk::close() {
  for (asio::cancellation_signal& signal : running_) signal.emit(asio::cancellation_type::terminal);
  co_await idle_.wait();
}

asio::awaitable<void> OperatorDesk::answer(Wish wish) {
  std::string text = co_await fulfil(wish);
  outbox_->push({.chat = wish.chat, .text = std::move(text)});
}

asio::awaitable<std::string> OperatorDesk::fulfil(Wish wish) {
  switch (wish.kind) {
    case Wish::Kind::kSnapshot:
      co_return co_await snapshot(wish);
    case Wish::Kind::kListPoints:
      co_return list(wish);
    case Wish::Kind::kAskRestore:
      co_return ask(wish);
    case Wish::Kind::kRestore:
      co_return co_await restore(wish);
  }
  co_return std::string();
}

asio::awaitable<std::string> OperatorDesk::snapshot(Wish /*wish*/) {
  const Result<vault::CommitReport> saved = co_await saver_->save();
  if (!saved) co_return texts::snapshot_failed(describe(saved.error()));
  co_return texts::snapshot_saved(
      {.users = saved->records,
       .bytes = saved->root_bytes + saved->object_bytes,
       .duration = std::chrono::duration_cast<std::chrono::milliseconds>(saved->duration),
       .sequence = saved->sequence});
}

std::string OperatorDesk::list(const Wish& wish) const {
  return texts::restore_points(wish.language, vault_->points());
}

std::string OperatorDesk::ask(const Wish& wish) const {
  const std::vector<vault::PointInfo> points = vault_->points();
  const auto point = std::find_if(points.begin(), points.end(), [&](const vault::PointInfo& each) {
    return each.number == wish.point;
  });
  if (point == points.end()) return texts::no_such_point(wish.language, wish.point);
  return texts::restore_question(wish.language, *point);
}

asio::awaitable<std::string> OperatorDesk::restore(Wish wish) {
  const vault::Turn::Held held = co_await saver_->turn().take();
  const vault::Clock::Time deadline = clock_->now() + kRestoreDeadline;
  const Result<vault::RestoreReport> restored = co_await vault_->restore(wish.point, deadline);
  if (restored) {
    spdlog::warn("restore point {} was brought back: {} users, sequence {}, {} stay forgotten",
                 wish.point, restored->records, restored->sequence, restored->forgotten);
    if (restored->unsaved) spdlog::error("not saved yet: {}", describe(*restored->unsaved));
    co_return texts::restored(wish.language, *restored);
  }
  if (restored.error().code == ErrorCode::kNotFound) {
    co_return texts::no_such_point(wish.language, wish.point);
  }
  spdlog::error("restore point {} was not brought back: {}", wish.point,
                describe(restored.error()));
  co_return texts::restore_failed(wish.language, describe(restored.error()));
}

}  // namespace telekv::bot
