#include "bot/operator_desk.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/multiple_exceptions.hpp>
#include <boost/system/system_error.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "bot/progress.h"
#include "bot/taps.h"

namespace telekv::bot {

namespace asio = boost::asio;
using namespace asio::experimental::awaitable_operators;
using telegram::Reply;

namespace {

// Downloading another state over a slow line, penalties included, and two commits.
constexpr std::chrono::seconds kRestoreDeadline{300};

// A wish that is given up at the end of the run is no failure.
void report_failure(const std::exception_ptr& failure) {
  try {
    if (failure) std::rethrow_exception(failure);
  } catch (const asio::multiple_exceptions& both) {
    report_failure(both.first_exception());
  } catch (const boost::system::system_error& error) {
    if (error.code() == asio::error::operation_aborted) return;
    spdlog::error("an operator's wish failed: {}", error.what());
  } catch (const std::exception& error) {
    spdlog::error("an operator's wish failed: {}", error.what());
  }
}

Reply told(const Wish& wish, std::string text) {
  return Reply{.chat = wish.chat, .text = std::move(text)};
}

Reply offering_readable(const Wish& wish, std::string text) {
  Reply reply = told(wish, std::move(text));
  const telegram::UserId asked{telegram::to_int(wish.chat)};
  reply.keyboard = telegram::InlineKeyboard{
      {{.text = std::string(texts::say(texts::Phrase::kExportReadable, wish.language)),
        .data = tap_data({TapKind::kExportPlain, asked})}}};
  return reply;
}

bool may_take_long(const Wish& wish) {
  return wish.kind != Wish::Kind::kListPoints && wish.kind != Wish::Kind::kAskRestore;
}

}  // namespace

OperatorDesk::OperatorDesk(Parts parts)
    : parts_(std::move(parts)),
      exporting_(parts_.executor),
      measuring_(parts_.executor),
      idle_(parts_.executor) {
  idle_.set();
}

void OperatorDesk::take(Wish wish) {
  parts_.heard(wish.language);
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
  asio::co_spawn(parts_.executor, answer(wish), asio::bind_cancellation_slot(place->slot(), ended));
}

asio::awaitable<void> OperatorDesk::close() {
  for (asio::cancellation_signal& signal : running_) signal.emit(asio::cancellation_type::terminal);
  co_await idle_.wait();
}

asio::awaitable<void> OperatorDesk::answer(Wish wish) {
  auto work = fulfil(wish);
  if (may_take_long(wish)) work = with_progress(wish, std::move(work));
  Reply reply = co_await std::move(work);
  parts_.outbox->push(std::move(reply));
}

asio::awaitable<Reply> OperatorDesk::with_progress(Wish wish, Async<Reply> work) {
  const std::uint64_t uploaded_before = parts_.uploaded_bytes();
  Progress progress(
      *parts_.api, *parts_.clock, parts_.executor, wish.chat,
      [&](std::chrono::seconds passed) { return progress_of(wish, uploaded_before, passed); });
  const auto finish = [](Async<Reply> rest, Progress* shown) -> Async<Reply> {
    Reply done = co_await std::move(rest);
    shown->end();
    co_return done;
  };
  auto finishing = finish(std::move(work), &progress);
  Reply reply = co_await (std::move(finishing) && progress.run());
  reply.edits = progress.message();
  co_return reply;
}

std::string OperatorDesk::progress_of(const Wish& wish, std::uint64_t uploaded_before,
                                      std::chrono::seconds passed) const {
  if (wish.kind == Wish::Kind::kRestore) {
    return texts::restoring(wish.point, passed, wish.language);
  }
  const bool saving = wish.kind == Wish::Kind::kSnapshot;
  const std::uint64_t uploaded = saving ? parts_.uploaded_bytes() - uploaded_before : 0;
  return saving ? texts::saving(passed, uploaded, wish.language)
                : texts::collecting(passed, wish.language);
}

asio::awaitable<Reply> OperatorDesk::fulfil(Wish wish) {
  switch (wish.kind) {
    case Wish::Kind::kStatus:
      co_return co_await status(wish);
    case Wish::Kind::kSnapshot:
      co_return co_await snapshot(wish);
    case Wish::Kind::kListPoints:
      co_return list(wish);
    case Wish::Kind::kAskRestore:
      co_return ask(wish);
    case Wish::Kind::kRestore:
      co_return co_await restore(wish);
    case Wish::Kind::kExport:
    case Wish::Kind::kExportPlain:
      co_return co_await export_all(wish);
  }
  co_return Reply{};
}

asio::awaitable<Reply> OperatorDesk::status(Wish wish) {
  const std::uint64_t old_dump = co_await old_dump_bytes();
  texts::StatusFacts facts = parts_.status();
  facts.old_dump_bytes = old_dump;
  co_return told(wish, texts::status(facts, wish.language));
}

asio::awaitable<std::uint64_t> OperatorDesk::old_dump_bytes() {
  const vault::Turn::Held held = co_await measuring_.take();
  const vault::Clock::Time now = parts_.clock->now();
  if (!measured_ || now >= measured_->at + kMeasureEvery) {
    const std::uint64_t bytes = co_await parts_.exporter->old_dump_bytes();
    measured_ = Measured{bytes, now};
  }
  co_return measured_->old_dump_bytes;
}

asio::awaitable<Reply> OperatorDesk::snapshot(Wish wish) {
  const Result<vault::CommitReport> saved = co_await parts_.saver->save();
  if (!saved) {
    co_return told(wish, texts::snapshot_failed(describe(saved.error()), wish.language));
  }
  const texts::SnapshotFacts facts{
      .users = saved->records,
      .bytes = saved->root_bytes + saved->object_bytes,
      .duration = std::chrono::duration_cast<std::chrono::milliseconds>(saved->duration),
      .sequence = saved->sequence};
  co_return told(wish, texts::snapshot_saved(facts, wish.language));
}

Reply OperatorDesk::list(const Wish& wish) const {
  return told(wish, texts::restore_points(parts_.vault->points(), wish.language));
}

Reply OperatorDesk::ask(const Wish& wish) const {
  const std::vector<vault::PointInfo> points = parts_.vault->points();
  const auto point = std::find_if(points.begin(), points.end(), [&](const vault::PointInfo& each) {
    return each.number == wish.point;
  });
  if (point == points.end()) return told(wish, texts::no_such_point(wish.point, wish.language));
  return told(wish, texts::restore_question(*point, wish.language));
}

asio::awaitable<Reply> OperatorDesk::restore(Wish wish) {
  const vault::Turn::Held held = co_await parts_.saver->turn().take();
  const vault::Clock::Time deadline = parts_.clock->now() + kRestoreDeadline;
  const Result<vault::RestoreReport> restored =
      co_await parts_.vault->restore(wish.point, deadline);
  if (restored) {
    spdlog::warn("restore point {} was brought back: {} users, sequence {}, {} stay forgotten",
                 wish.point, restored->records, restored->sequence, restored->forgotten);
    if (restored->unsaved) spdlog::error("not saved yet: {}", describe(*restored->unsaved));
    co_return told(wish, texts::restored(*restored, wish.language));
  }
  if (restored.error().code == ErrorCode::kNotFound) {
    co_return told(wish, texts::no_such_point(wish.point, wish.language));
  }
  spdlog::error("restore point {} was not brought back: {}", wish.point,
                describe(restored.error()));
  co_return told(wish, texts::restore_failed(describe(restored.error()), wish.language));
}

// A sealed file comes with the question whether it should have been a readable one; without a key
// the question comes first.
asio::awaitable<Reply> OperatorDesk::export_all(Wish wish) {
  const bool readable = wish.kind == Wish::Kind::kExportPlain;
  if (!readable && !parts_.sealed) {
    co_return offering_readable(
        wish, std::string(texts::say(texts::Phrase::kExportUnsealed, wish.language)));
  }
  const Result<void> sent = co_await send_export(wish);
  if (!sent) co_return told(wish, texts::export_failed(describe(sent.error()), wish.language));
  spdlog::warn("the operator has exported all users, {}", readable ? "readable" : "sealed");
  if (readable) co_return told(wish, texts::exported_readable(wish.language));
  co_return offering_readable(wish, texts::exported_sealed(wish.language));
}

asio::awaitable<Result<void>> OperatorDesk::send_export(Wish wish) {
  const vault::Turn::Held held = co_await exporting_.take();
  const bool readable = wish.kind == Wish::Kind::kExportPlain;
  auto making = readable ? parts_.exporter->readable() : parts_.exporter->sealed();
  Result<Bytes> file = co_await std::move(making);
  if (!file) co_return file.error();
  if (file->empty()) co_return Error{ErrorCode::kNotFound, "there are no users yet"};
  telegram::Upload upload;
  upload.name = texts::export_name(parts_.clock->unix_time(), readable);
  upload.bytes = std::make_shared<const Bytes>(*std::move(file));
  const Result<telegram::Message> sent =
      co_await parts_.api->send_document(wish.chat, std::move(upload));
  if (!sent) co_return sent.error();
  co_return Result<void>();
}

}  // namespace telekv::bot
