// A channel that leaves no trace in the chat: for whoever only wants to know. What would write is
// refused, and so is looking a message up, because Telegram shows a message only as a forwarded
// copy. The vault's thread.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "vault/channel.h"

namespace telekv::bot {

class ReadOnlyChannel final : public vault::Channel {
 public:
  /// `channel` must outlive the object.
  explicit ReadOnlyChannel(vault::Channel& channel) : channel_(&channel) {}

  Async<std::optional<vault::Pinned>> pinned() override { return channel_->pinned(); }
  Async<std::optional<vault::MessageId>> pointer() override { return channel_->pointer(); }
  Async<Bytes> fetch(vault::FileRef file, std::size_t max_bytes) override {
    return channel_->fetch(std::move(file), max_bytes);
  }

  /// kNeedsDecision, always: the pin does not say everything, or is gone.
  Async<vault::FileRef> look_up(vault::MessageId id) override {
    co_return Error{
        ErrorCode::kNeedsDecision,
        "message " + std::to_string(vault::to_int(id)) +
            " may be the newest root, but is not what the chat shows as pinned; whether "
            "it is still there a check cannot find out without leaving a copy",
        "'telekv inspect --chat' looks, and so does a start: either takes it, or says "
        "that it is gone"};
  }

  Async<vault::Posted> post(vault::Document) override { co_return refused(); }
  Async<vault::Posted> replace(vault::MessageId, vault::Document) override { co_return refused(); }
  Async<void> pin(vault::MessageId) override { co_return refused(); }
  Async<void> unpin(vault::MessageId) override { co_return refused(); }
  Async<void> set_pointer(vault::MessageId) override { co_return refused(); }
  Async<void> recycle(vault::MessageId) override { co_return refused(); }

 private:
  static Error refused() { return {ErrorCode::kRejected, "a check writes nothing"}; }

  vault::Channel* channel_;
};

}  // namespace telekv::bot
