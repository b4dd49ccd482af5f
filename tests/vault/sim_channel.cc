#include "sim_channel.h"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <utility>

namespace telekv::vault {

namespace asio = boost::asio;

namespace {

Error unknown() { return Error{ErrorCode::kOutcomeUnknown, "no answer"}; }
Error cancelled() { return Error{ErrorCode::kCancelled, "the process is dead"}; }
Call make_call(CallKind kind, MessageId message = {}, std::string document = {}) {
  return Call{.kind = kind, .message = message, .document = std::move(document)};
}
Error not_found() { return Error{ErrorCode::kNotFound, "no such message"}; }

}  // namespace

bool is_mutating(CallKind kind) {
  return kind != CallKind::kPinned && kind != CallKind::kLookUp && kind != CallKind::kFetch &&
         kind != CallKind::kPointer;
}

// ---- the chat ----

MessageId SimChat::send(std::string name, SharedBytes bytes, bool own) {
  const MessageId id{++last_id_};
  const std::string file_id = "file-" + std::to_string(++last_file_);
  files_[file_id] = std::move(bytes);
  messages_[id] = Message{.name = std::move(name), .file_id = file_id, .own = own};
  return id;
}

MessageId SimChat::send_text(bool own) {
  const MessageId id{++last_id_};
  messages_[id] = Message{.name = {}, .file_id = {}, .own = own};
  return id;
}

bool SimChat::edit(MessageId id, std::string name, SharedBytes bytes) {
  const auto at = messages_.find(id);
  if (at == messages_.end()) return false;
  at->second.name = std::move(name);
  at->second.file_id = "file-" + std::to_string(++last_file_);
  files_[at->second.file_id] = std::move(bytes);
  return true;
}

void SimChat::note_shown_pin(std::optional<MessageId> before) {
  if (shown_pin() != before) pin_before_ = before;
}

void SimChat::pin(MessageId id) {
  const auto before = shown_pin();
  if (messages_.contains(id)) pins_.insert(id);
  note_shown_pin(before);
}

void SimChat::unpin(MessageId id) {
  const auto before = shown_pin();
  pins_.erase(id);
  note_shown_pin(before);
}

void SimChat::remove(MessageId id) {
  unpin(id);
  messages_.erase(id);
}

std::optional<MessageId> SimChat::shown_pin() const {
  if (pins_.empty()) return std::nullopt;
  return *pins_.rbegin();
}

const SimChat::Message* SimChat::find(MessageId id) const {
  const auto at = messages_.find(id);
  return at == messages_.end() ? nullptr : &at->second;
}

SharedBytes SimChat::file(const std::string& file_id) const {
  const auto at = files_.find(file_id);
  return at == files_.end() ? nullptr : at->second;
}

const Bytes& SimChat::document(MessageId id) const { return *files_.at(messages_.at(id).file_id); }

void SimChat::overwrite(MessageId id, Bytes bytes) {
  files_.at(messages_.at(id).file_id) = std::make_shared<const Bytes>(std::move(bytes));
}

void SimChat::land(const Late& late) {
  log_.push_back({late.call, true});
  late.effect(*this);
}

void SimChat::begin_call() {
  ++calls_;
  std::vector<Late> waiting;
  for (Late& late : std::exchange(late_, {})) {
    if (late.due != 0 && late.due <= calls_) {
      land(late);
    } else {
      waiting.push_back(std::move(late));
    }
  }
  late_ = std::move(waiting);
}

void SimChat::release_late() {
  for (const Late& late : std::exchange(late_, {})) land(late);
}

// ---- a process's channel ----

asio::awaitable<void> SimChannel::turn() {
  const auto executor = co_await asio::this_coro::executor;
  const std::uint64_t turns =
      1 + (chat_->extra_turns == 0 ? 0 : chat_->random.below(chat_->extra_turns + 1));
  for (std::uint64_t i = 0; i < turns; ++i) co_await asio::post(executor, asio::use_awaitable);
}

Fault SimChannel::begin(Call& call) {
  call.process = process_;
  call.number = calls_++;
  const auto dead = [] { return Fault{.kind = Fault::Kind::kRefuse, .error = cancelled()}; };
  if (crashed_) return dead();
  chat_->begin_call();
  Fault fault = on_call ? on_call(call) : Fault{};
  if (crashed_) return dead();
  if (fault.kind == Fault::Kind::kLosePin) {
    if (const auto shown = chat_->shown_pin()) chat_->unpin(*shown);
    fault.kind = Fault::Kind::kNone;
  }
  return fault;
}

Result<void> SimChannel::mutate(const Call& call, const Fault& fault,
                                std::function<void(SimChat&)> effect) {
  const auto apply = [&] {
    chat_->log_.push_back({call, true});
    effect(*chat_);
  };
  switch (fault.kind) {
    case Fault::Kind::kRefuse:
      if (!crashed_) chat_->log_.push_back({call, false});
      return fault.error;
    case Fault::Kind::kUnknownDone:
      apply();
      return unknown();
    case Fault::Kind::kUnknownLate:
      chat_->log_.push_back({call, false});
      chat_->late_.push_back(
          {fault.late_after == 0 ? 0 : chat_->calls_ + fault.late_after, call, std::move(effect)});
      return unknown();
    case Fault::Kind::kUnknownNever:
      chat_->log_.push_back({call, false});
      return unknown();
    case Fault::Kind::kCrashBefore:
      crashed_ = true;
      return cancelled();
    case Fault::Kind::kCrashAfter:
      apply();
      crashed_ = true;
      return cancelled();
    case Fault::Kind::kNone:
    case Fault::Kind::kStale:
    case Fault::Kind::kHidden:
    case Fault::Kind::kLosePin:
      apply();
      return {};
  }
  return {};
}

Result<void> SimChannel::read(const Call& /*call*/, const Fault& fault) {
  switch (fault.kind) {
    case Fault::Kind::kRefuse:
      return fault.error;
    case Fault::Kind::kUnknownDone:
    case Fault::Kind::kUnknownLate:
    case Fault::Kind::kUnknownNever:
      return unknown();
    case Fault::Kind::kCrashBefore:
    case Fault::Kind::kCrashAfter:
      crashed_ = true;
      return cancelled();
    case Fault::Kind::kNone:
    case Fault::Kind::kStale:
    case Fault::Kind::kHidden:
    case Fault::Kind::kLosePin:
      return {};
  }
  return {};
}

Channel::Async<Posted> SimChannel::post(Document document) {
  co_await turn();
  Call call = make_call(CallKind::kPost, {}, document.name);
  const Fault fault = begin(call);
  // Shared, because a late effect comes when this coroutine is gone.
  auto posted = std::make_shared<Posted>();
  std::function<void(SimChat&)> effect = [posted, document](SimChat& chat) {
    posted->id = chat.send(document.name, document.bytes);
    posted->file = {.file_id = chat.find(posted->id)->file_id, .size = document.bytes->size()};
  };
  const Result<void> done = mutate(call, fault, std::move(effect));
  if (!done) co_return done.error();
  co_return *posted;
}

Channel::Async<Posted> SimChannel::replace(MessageId id, Document document) {
  co_await turn();
  Call call = make_call(CallKind::kReplace, id, document.name);
  const Fault fault = begin(call);
  if (fault.kind == Fault::Kind::kNone && chat_->find(id) == nullptr) co_return not_found();
  std::function<void(SimChat&)> effect = [id, document](SimChat& chat) {
    chat.edit(id, document.name, document.bytes);
  };
  const Result<void> done = mutate(call, fault, std::move(effect));
  if (!done) co_return done.error();
  co_return Posted{.id = id,
                   .file = {.file_id = chat_->find(id)->file_id, .size = document.bytes->size()}};
}

Channel::Async<void> SimChannel::pin(MessageId id) {
  co_await turn();
  Call call = make_call(CallKind::kPin, id);
  const Fault fault = begin(call);
  std::function<void(SimChat&)> effect = [id](SimChat& chat) { chat.pin(id); };
  co_return mutate(call, fault, std::move(effect));
}

Channel::Async<void> SimChannel::unpin(MessageId id) {
  co_await turn();
  Call call = make_call(CallKind::kUnpin, id);
  const Fault fault = begin(call);
  std::function<void(SimChat&)> effect = [id](SimChat& chat) { chat.unpin(id); };
  co_return mutate(call, fault, std::move(effect));
}

Channel::Async<std::optional<Pinned>> SimChannel::pinned() {
  co_await turn();
  Call call = make_call(CallKind::kPinned);
  const Fault fault = begin(call);
  if (const Result<void> done = read(call, fault); !done) co_return done.error();
  std::optional<MessageId> shown = chat_->shown_pin();
  if (fault.kind == Fault::Kind::kStale && chat_->pin_before()) shown = chat_->pin_before();
  if (fault.kind == Fault::Kind::kHidden) shown.reset();
  if (!shown || chat_->find(*shown) == nullptr) co_return std::optional<Pinned>{};
  const SimChat::Message& message = *chat_->find(*shown);
  Pinned pinned{.id = *shown};
  if (message.own && !message.file_id.empty()) {
    pinned.document =
        FileRef{.file_id = message.file_id, .size = chat_->file(message.file_id)->size()};
    pinned.document_name = message.name;
  }
  co_return std::optional<Pinned>(std::move(pinned));
}

Channel::Async<FileRef> SimChannel::look_up(MessageId id) {
  co_await turn();
  Call call = make_call(CallKind::kLookUp, id);
  const Fault fault = begin(call);
  if (const Result<void> done = read(call, fault); !done) co_return done.error();
  const SimChat::Message* message = chat_->find(id);
  if (message == nullptr || message->file_id.empty()) co_return not_found();
  co_return FileRef{.file_id = message->file_id, .size = chat_->file(message->file_id)->size()};
}

Channel::Async<Bytes> SimChannel::fetch(FileRef file, std::size_t max_bytes) {
  co_await turn();
  Call call = make_call(CallKind::kFetch, {}, file.file_id);
  const Fault fault = begin(call);
  if (const Result<void> done = read(call, fault); !done) co_return done.error();
  const SharedBytes bytes = chat_->file(file.file_id);
  if (!bytes) co_return not_found();
  if (bytes->size() > max_bytes) co_return Error{ErrorCode::kTooLarge, "the file is too large"};
  co_return *bytes;
}

Channel::Async<std::optional<MessageId>> SimChannel::pointer() {
  co_await turn();
  Call call = make_call(CallKind::kPointer);
  const Fault fault = begin(call);
  if (const Result<void> done = read(call, fault); !done) co_return done.error();
  co_return chat_->pointer();
}

Channel::Async<void> SimChannel::set_pointer(MessageId id) {
  co_await turn();
  Call call = make_call(CallKind::kSetPointer, id);
  const Fault fault = begin(call);
  std::function<void(SimChat&)> effect = [id](SimChat& chat) { chat.set_pointer(id); };
  co_return mutate(call, fault, std::move(effect));
}

Channel::Async<void> SimChannel::recycle(MessageId id) {
  co_await turn();
  Call call = make_call(CallKind::kRecycle, id);
  const Fault fault = begin(call);
  std::function<void(SimChat&)> effect = [id](SimChat& chat) { chat.remove(id); };
  co_return mutate(call, fault, std::move(effect));
}

}  // namespace telekv::vault
