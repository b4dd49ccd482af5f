#include "telegram/bot_channel.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace telekv::telegram {
namespace {

constexpr std::string_view kMark = " · root ";
constexpr std::size_t kMaxDescriptionCharacters = 256;  // Bot API, BotCommand

std::size_t count_characters(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

/// The id behind the mark when the text ends with exactly that.
std::optional<MessageId> parse_pointer(std::string_view description) {
  const auto mark = description.rfind(kMark);
  if (mark == std::string_view::npos) return std::nullopt;
  const std::string_view digits = description.substr(mark + kMark.size());
  if (digits.empty() || digits.front() < '1' || digits.front() > '9') return std::nullopt;
  std::int64_t id = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), id);
  if (failure != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return MessageId{id};
}

Upload to_upload(vault::Document document) {
  return {std::move(document.name), std::move(document.caption), std::move(document.bytes)};
}

vault::FileRef to_file(const DocumentInfo& document) {
  return {document.file_id, document.file_size};
}

/// A success that shows no document: the message is there, but what it carries is not known.
Error no_document(std::string_view method) {
  std::string message(method);
  return {.code = ErrorCode::kOutcomeUnknown,
          .message = message.append(": the answer shows a message without a document"),
          .hint = "check that API_ROOT is a Bot API server"};
}

Result<vault::Posted> to_posted(const Message& message, std::string_view method) {
  if (!message.document) return no_document(method);
  return vault::Posted{message.id, to_file(*message.document)};
}

}  // namespace

BotChannel::BotChannel(Api& api, ChatId chat, std::vector<BotCommand> commands)
    : api_(&api), chat_(chat), commands_(std::move(commands)) {}

bool BotChannel::is_own(const Message& message) const {
  if (message.from) return message.from->id == api_->bot_id();
  // Posts in a channel are signed by the channel alone.
  return message.chat.type == ChatType::kChannel && message.sender_chat == chat_;
}

Async<vault::Posted> BotChannel::post(vault::Document document) {
  auto upload = to_upload(std::move(document));
  auto message = co_await api_->send_document(chat_, std::move(upload));
  if (!message) co_return message.error();
  co_return to_posted(*message, "sendDocument");
}

Async<vault::Posted> BotChannel::replace(MessageId id, vault::Document document) {
  auto upload = to_upload(std::move(document));
  auto edited = co_await api_->edit_message_document(chat_, id, std::move(upload));
  if (!edited) co_return edited.error();
  if (*edited) co_return to_posted(**edited, "editMessageMedia");
  // Not modified: the message carries these very bytes already, under a file id we have yet to
  // learn.
  auto file = co_await look_up(id);
  if (!file) co_return file.error();
  co_return vault::Posted{id, std::move(*file)};
}

Async<void> BotChannel::pin(MessageId id) { return api_->pin_chat_message(chat_, id); }

Async<void> BotChannel::unpin(MessageId id) { return api_->unpin_chat_message(chat_, id); }

Async<std::optional<vault::Pinned>> BotChannel::pinned() {
  auto info = co_await api_->get_chat(chat_);
  if (!info) co_return info.error();
  if (!info->pinned_message) co_return std::optional<vault::Pinned>();
  const Message& message = *info->pinned_message;
  vault::Pinned pinned;
  pinned.id = message.id;
  if (message.document && is_own(message)) {
    pinned.document = to_file(*message.document);
    pinned.document_name = message.document->file_name;
  }
  co_return std::optional<vault::Pinned>(std::move(pinned));
}

Async<vault::FileRef> BotChannel::look_up(MessageId id) {
  auto copy = co_await api_->forward_message(chat_, chat_, id);
  if (!copy) {
    Error error = copy.error();
    if (error.code == ErrorCode::kOutcomeUnknown) {
      // The look-up itself changes nothing; only a copy may have been left behind.
      error.code = ErrorCode::kUnavailable;
      ++stray_copies_;
    }
    co_return error;
  }
  const auto document = std::move(copy->document);
  auto deleted = co_await api_->delete_message(chat_, copy->id);
  if (!deleted && deleted.error().code != ErrorCode::kNotFound) ++stray_copies_;
  if (!document) {
    co_return Error{.code = ErrorCode::kNotFound,
                    .message = "message " + std::to_string(to_int(id)) + " carries no document"};
  }
  co_return to_file(*document);
}

Async<Bytes> BotChannel::fetch(vault::FileRef file, std::size_t max_bytes) {
  if (file.size > max_bytes) {
    co_return Error{.code = ErrorCode::kTooLarge,
                    .message = "the document has " + std::to_string(file.size) +
                               " bytes, more than the allowed " + std::to_string(max_bytes)};
  }
  Bytes bytes;
  bytes.reserve(file.size);
  DownloadSink sink = [&bytes](std::string_view piece) -> Result<void> {
    bytes.append(piece);
    return {};
  };
  auto length = co_await api_->download(std::move(file.file_id), max_bytes, std::move(sink));
  if (!length) co_return length.error();
  if (file.size != 0 && *length != file.size) {
    co_return Error{.code = ErrorCode::kDamaged,
                    .message = "the document has " + std::to_string(*length) +
                               " bytes instead of the announced " + std::to_string(file.size)};
  }
  co_return bytes;
}

Async<std::optional<MessageId>> BotChannel::pointer() {
  auto commands = co_await api_->get_my_commands(CommandScope::of_chat(chat_));
  if (!commands) co_return commands.error();
  if (commands->empty()) co_return std::optional<MessageId>();
  co_return parse_pointer(commands->back().description);
}

Async<void> BotChannel::set_pointer(MessageId id) {
  auto commands = commands_;
  if (!commands.empty()) {
    commands.back().description.append(kMark).append(std::to_string(to_int(id)));
  }
  if (commands.empty() ||
      count_characters(commands.back().description) > kMaxDescriptionCharacters) {
    co_return Error{.code = ErrorCode::kInvalidArgument,
                    .message = "the operator's command list has no room for the root's number",
                    .hint = "it needs a last command with a description below 220 characters"};
  }
  co_return co_await api_->set_my_commands(std::move(commands), CommandScope::of_chat(chat_));
}

Async<void> BotChannel::recycle(MessageId id) {
  auto deleted = co_await api_->delete_message(chat_, id);
  if (!deleted && deleted.error().code == ErrorCode::kNotFound) co_return Result<void>();
  co_return deleted;
}

}  // namespace telekv::telegram
