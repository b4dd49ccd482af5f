// A channel that counts what goes through another one: calls, bytes, and the time in which Telegram
// asked not to be called. For metrics; changes nothing. The vault's thread; O(1) a call.
#pragma once

#include <cstdint>

#include "vault/channel.h"
#include "vault/clock.h"

namespace telekv::vault {

/// Since the program began.
struct ChannelCounters {
  std::uint64_t calls = 0;
  std::uint64_t failed = 0;
  Clock::Duration in_calls{};        ///< sum of how long the calls took; some run side by side
  std::uint64_t uploaded_bytes = 0;  ///< of documents, also where the outcome is unknown
  std::uint64_t downloaded_bytes = 0;
  std::uint64_t penalties = 0;     ///< calls refused with kRateLimited
  Clock::Duration in_penalties{};  ///< asked for and begun; those that overlap count once
};

class MeteredChannel final : public Channel {
 public:
  /// Both must outlive the object.
  MeteredChannel(Channel& channel, const Clock& clock) : channel_(&channel), clock_(&clock) {}

  ChannelCounters counters() const;

  Async<Posted> post(Document document) override;
  Async<Posted> replace(MessageId id, Document document) override;
  Async<void> pin(MessageId id) override;
  Async<void> unpin(MessageId id) override;
  Async<std::optional<Pinned>> pinned() override;
  Async<FileRef> look_up(MessageId id) override;
  Async<Bytes> fetch(FileRef file, std::size_t max_bytes) override;
  Async<std::optional<MessageId>> pointer() override;
  Async<void> set_pointer(MessageId id) override;
  Async<void> recycle(MessageId id) override;

 private:
  template <class T>
  Async<T> counted(Async<T> call);
  template <class T>
  Async<T> uploaded(Async<T> call, std::uint64_t bytes);
  void note_failure(const Error& error);

  Channel* channel_;
  const Clock* clock_;
  ChannelCounters counters_;
  Clock::Time penalty_until_{};
};

}  // namespace telekv::vault
