#include "vault/metered_channel.h"

#include <algorithm>
#include <utility>

namespace telekv::vault {

template <class T>
Channel::Async<T> MeteredChannel::counted(Async<T> call) {
  const Clock::Time begun = clock_->now();
  Result<T> outcome = co_await std::move(call);
  ++counters_.calls;
  counters_.in_calls += clock_->now() - begun;
  if (!outcome) note_failure(outcome.error());
  co_return outcome;
}

template <class T>
Channel::Async<T> MeteredChannel::uploaded(Async<T> call, std::uint64_t bytes) {
  Result<T> outcome = co_await counted(std::move(call));
  if (outcome || outcome.error().code == ErrorCode::kOutcomeUnknown) {
    counters_.uploaded_bytes += bytes;
  }
  co_return outcome;
}

void MeteredChannel::note_failure(const Error& error) {
  ++counters_.failed;
  if (error.code != ErrorCode::kRateLimited) return;
  ++counters_.penalties;
  const Clock::Time now = clock_->now();
  const Clock::Time until = now + std::chrono::seconds(error.retry_after_s);
  if (until <= penalty_until_) return;
  counters_.in_penalties += until - std::max(now, penalty_until_);
  penalty_until_ = until;
}

ChannelCounters MeteredChannel::counters() const {
  ChannelCounters counters = counters_;
  counters.in_penalties -= std::max(penalty_until_ - clock_->now(), Clock::Duration::zero());
  return counters;
}

Channel::Async<Posted> MeteredChannel::post(Document document) {
  const std::uint64_t bytes = document.bytes->size();
  return uploaded(channel_->post(std::move(document)), bytes);
}

Channel::Async<Posted> MeteredChannel::replace(MessageId id, Document document) {
  const std::uint64_t bytes = document.bytes->size();
  return uploaded(channel_->replace(id, std::move(document)), bytes);
}

Channel::Async<Bytes> MeteredChannel::fetch(FileRef file, std::size_t max_bytes) {
  auto fetching = counted(channel_->fetch(std::move(file), max_bytes));
  Result<Bytes> bytes = co_await std::move(fetching);
  if (bytes) counters_.downloaded_bytes += bytes->size();
  co_return bytes;
}

Channel::Async<void> MeteredChannel::pin(MessageId id) { return counted(channel_->pin(id)); }
Channel::Async<void> MeteredChannel::unpin(MessageId id) { return counted(channel_->unpin(id)); }
Channel::Async<std::optional<Pinned>> MeteredChannel::pinned() {
  return counted(channel_->pinned());
}
Channel::Async<FileRef> MeteredChannel::look_up(MessageId id) {
  return counted(channel_->look_up(id));
}
Channel::Async<std::optional<MessageId>> MeteredChannel::pointer() {
  return counted(channel_->pointer());
}
Channel::Async<void> MeteredChannel::set_pointer(MessageId id) {
  return counted(channel_->set_pointer(id));
}
Channel::Async<void> MeteredChannel::recycle(MessageId id) {
  return counted(channel_->recycle(id));
}

}  // namespace telekv::vault
