// The vault's chat on the Bot API: telegram::Api behind vault::Channel.
//
// One thread, one mutating call at a time. Nothing is retried. The register is kept in the bot's
// command list for this chat (scope "chat", no language): the last command's description ends with
// " · root 123", which the operator sees and no user does.
#pragma once

#include <cstdint>
#include <vector>

#include "telegram/api.h"
#include "vault/channel.h"

namespace telekv::telegram {

class BotChannel final : public vault::Channel {
 public:
  /// `api` must outlive the object. `commands` are the operator's own in this chat; at least one,
  /// and the last one's description at most 220 characters, so that the pointer fits.
  BotChannel(Api& api, ChatId chat, std::vector<BotCommand> commands);

  Async<vault::Posted> post(vault::Document document) override;
  Async<vault::Posted> replace(MessageId id, vault::Document document) override;
  Async<void> pin(MessageId id) override;
  Async<void> unpin(MessageId id) override;
  Async<std::optional<vault::Pinned>> pinned() override;

  /// Bots cannot read a message; forwarding it shows its content. The copy goes to the same chat,
  /// silently, and is deleted at once; a copy that could not be deleted is counted.
  Async<vault::FileRef> look_up(MessageId id) override;

  Async<Bytes> fetch(vault::FileRef file, std::size_t max_bytes) override;
  Async<std::optional<MessageId>> pointer() override;
  Async<void> set_pointer(MessageId id) override;
  Async<void> recycle(MessageId id) override;

  /// Copies of look-ups that stayed, or may have stayed, in the chat.
  std::uint64_t stray_copies() const { return stray_copies_; }

 private:
  bool is_own(const Message& message) const;

  Api* api_;
  ChatId chat_;
  std::vector<BotCommand> commands_;
  std::uint64_t stray_copies_ = 0;
};

}  // namespace telekv::telegram
