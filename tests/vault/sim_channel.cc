#include "sim_channel.h"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <memory>
#include <string_view>
#include <utility>

#include "vault/roots.h"

namespace telekv::vault {

namespace asio = boost::asio;

namespace {

constexpr std::string_view kFilePrefix = "file-";

Error unknown() { return Error{ErrorCode::kOutcomeUnknown, "no answer"}; }
Error cancelled() { return Error{ErrorCode::kCancelled, "the process is dead"}; }
Error not_found() { return Error{ErrorCode::kNotFound, "no such message"}; }
Error file_gone() {
  return Error{ErrorCode::kUnavailable, "wrong file_id or the file is temporarily unavailable"};
}
Call make_call(CallKind kind, MessageId message = {}, std::string document = {}) {
  return Call{.kind = kind, .message = message, .document = std::move(document)};
}

std::size_t file_number(std::string_view file_id) {
  std::size_t number = 0;
  file_id.remove_prefix(std::min(kFilePrefix.size(), file_id.size()));
  std::from_chars(file_id.data(), file_id.data() + file_id.size(), number);
  return number;
}

}  // namespace

bool is_root(const SimChat::Message& message) { return message.name == kRootName; }

bool is_mutating(CallKind kind) {
  return kind != CallKind::kPinned && kind != CallKind::kLookUp && kind != CallKind::kFetch &&
         kind != CallKind::kPointer;
}

// ---- the chat ----

std::string SimChat::add_file(SharedBytes bytes) {
  files_.push_back({std::move(bytes), uploader_});
  return std::string(kFilePrefix) + std::to_string(files_.size() - 1);
}

MessageId SimChat::send(std::string name, SharedBytes bytes, bool own) {
  const MessageId id{++last_id_};
  messages_[id] = Message{
      .name = std::move(name), .file_id = add_file(std::move(bytes)), .own = own, .sent = now};
  return id;
}

MessageId SimChat::send_text(bool own) {
  const MessageId id{++last_id_};
  messages_[id] = Message{.name = {}, .file_id = {}, .own = own, .sent = now};
  return id;
}

bool SimChat::edit(MessageId id, std::string name, SharedBytes bytes) {
  const auto at = messages_.find(id);
  if (at == messages_.end()) return false;
  Message& message = at->second;
  if (drops_replaced && !message.file_id.empty() && !is_root(message)) stored(id) = nullptr;
  message.name = std::move(name);
  message.replaced = std::exchange(message.file_id, add_file(std::move(bytes)));
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
  const std::size_t number = file_number(file_id);
  return number < files_.size() ? files_[number].bytes : nullptr;
}

SharedBytes& SimChat::stored(MessageId id) {
  return files_[file_number(messages_.at(id).file_id)].bytes;
}

const Bytes& SimChat::document(MessageId id) const { return *file(messages_.at(id).file_id); }

void SimChat::overwrite(MessageId id, Bytes bytes) {
  stored(id) = std::make_shared<const Bytes>(std::move(bytes));
}

void SimChat::note(const Call& call, bool applied) {
  if (keeps_log) log_.push_back({call, applied});
}

void SimChat::land(const Late& late) {
  note(late.call, true);
  uploader_ = late.call.process;
  late.effect(*this);
}

void SimChat::begin_call() {
  ++calls_;
  release([this](const Late& late) { return late.due != 0 && late.due <= calls_; });
}

void SimChat::release_late() {
  release([](const Late&) { return true; });
}

void SimChat::release_late_of(const std::function<bool(int process)>& picked) {
  release([&picked](const Late& late) { return picked(late.call.process); });
}

template <class Picked>
void SimChat::release(Picked picked) {
  if (late_.empty()) return;
  const auto held = [this](const Late& late) {
    return holds_pointer_for != 0 && late.call.kind == CallKind::kSetPointer;
  };
  std::vector<Late> waiting;
  for (Late& late : std::exchange(late_, {})) {
    if (picked(late) && !held(late)) {
      land(late);
    } else {
      waiting.push_back(std::move(late));
    }
  }
  late_ = std::move(waiting);
}

// ---- a process's channel ----

asio::awaitable<void> SimChannel::turn(const Call& call) {
  if (travel_) {
    co_await travel_->clock->sleep_for(travel_->request(call));
    chat_->now = travel_->clock->now();
    co_return;
  }
  const auto executor = co_await asio::this_coro::executor;
  const std::uint64_t turns =
      1 + (chat_->extra_turns == 0 ? 0 : chat_->random.below(chat_->extra_turns + 1));
  for (std::uint64_t i = 0; i < turns; ++i) co_await asio::post(executor, asio::use_awaitable);
}

asio::awaitable<void> SimChannel::answer(const Call& call, const Fault& fault) {
  if (!travel_) co_return;
  constexpr std::chrono::hours kForEver{1'000'000};
  co_await travel_->clock->sleep_for(crashed_ ? kForEver : travel_->answer(call, fault));
}

Fault SimChannel::begin(const Call& call) {
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

template <class T, class Act>
Channel::Async<T> SimChannel::perform(Call call, Act act) {
  call.process = process_;
  call.number = calls_++;
  co_await turn(call);
  const Fault fault = begin(call);
  Result<T> result = act(std::as_const(call), fault);
  co_await answer(call, fault);
  co_return result;
}

Result<void> SimChannel::mutate(const Call& call, const Fault& fault, Effect effect) {
  const auto apply = [&] {
    chat_->note(call, true);
    chat_->uploader_ = call.process;
    effect(*chat_);
  };
  switch (fault.kind) {
    case Fault::Kind::kRefuse:
      if (!crashed_) chat_->note(call, false);
      return fault.error;
    case Fault::Kind::kUnknownDone:
      apply();
      return unknown();
    case Fault::Kind::kUnknownLate:
      chat_->note(call, false);
      chat_->late_.push_back(
          {fault.late_after == 0 ? 0 : chat_->calls_ + fault.late_after, call, std::move(effect)});
      return unknown();
    case Fault::Kind::kUnknownNever:
      chat_->note(call, false);
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
    case Fault::Kind::kTruncated:
    case Fault::Kind::kFlipped:
      apply();
      return {};
  }
  return {};
}

Result<void> SimChannel::read(const Fault& fault) {
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
    case Fault::Kind::kTruncated:
    case Fault::Kind::kFlipped:
      return {};
  }
  return {};
}

Channel::Async<Posted> SimChannel::post(Document document) {
  Call call = make_call(CallKind::kPost, {}, document.name);
  return perform<Posted>(std::move(call),
                         [this, document = std::move(document)](
                             const Call& made, const Fault& fault) -> Result<Posted> {
                           // Shared, because a late effect comes when this coroutine is gone.
                           auto posted = std::make_shared<Posted>();
                           Effect effect = [posted, document](SimChat& chat) {
                             posted->id = chat.send(document.name, document.bytes);
                             posted->file = {.file_id = chat.find(posted->id)->file_id,
                                             .size = document.bytes->size()};
                           };
                           const Result<void> done = mutate(made, fault, std::move(effect));
                           if (!done) return done.error();
                           return *posted;
                         });
}

Channel::Async<Posted> SimChannel::replace(MessageId id, Document document) {
  Call call = make_call(CallKind::kReplace, id, document.name);
  return perform<Posted>(std::move(call),
                         [this, id, document = std::move(document)](
                             const Call& made, const Fault& fault) -> Result<Posted> {
                           if (fault.kind == Fault::Kind::kNone && chat_->find(id) == nullptr)
                             return not_found();
                           Effect effect = [id, document](SimChat& chat) {
                             chat.edit(id, document.name, document.bytes);
                           };
                           const Result<void> done = mutate(made, fault, std::move(effect));
                           if (!done) return done.error();
                           return Posted{.id = id,
                                         .file = {.file_id = chat_->find(id)->file_id,
                                                  .size = document.bytes->size()}};
                         });
}

Channel::Async<void> SimChannel::pin(MessageId id) {
  return perform<void>(make_call(CallKind::kPin, id),
                       [this, id](const Call& call, const Fault& fault) -> Result<void> {
                         if (fault.kind == Fault::Kind::kNone && chat_->find(id) == nullptr)
                           return not_found();
                         return mutate(call, fault, [id](SimChat& chat) { chat.pin(id); });
                       });
}

Channel::Async<void> SimChannel::unpin(MessageId id) {
  return perform<void>(make_call(CallKind::kUnpin, id),
                       [this, id](const Call& call, const Fault& fault) {
                         return mutate(call, fault, [id](SimChat& chat) { chat.unpin(id); });
                       });
}

Channel::Async<std::optional<Pinned>> SimChannel::pinned() {
  return perform<std::optional<Pinned>>(
      make_call(CallKind::kPinned),
      [this](const Call&, const Fault& fault) -> Result<std::optional<Pinned>> {
        if (const Result<void> done = read(fault); !done) return done.error();
        return pinned_now(fault);
      });
}

std::optional<Pinned> SimChannel::pinned_now(const Fault& fault) const {
  std::optional<MessageId> shown = chat_->shown_pin();
  if (fault.kind == Fault::Kind::kStale && chat_->pin_before()) shown = chat_->pin_before();
  if (fault.kind == Fault::Kind::kHidden) shown.reset();
  if (!shown || chat_->find(*shown) == nullptr) return std::nullopt;
  Pinned pinned{.id = *shown};
  const SimChat::Message& message = *chat_->find(*shown);
  if (message.own && !message.file_id.empty()) {
    pinned.document = document_of(*shown, {}).value();
    pinned.document_name = message.name;
  }
  return pinned;
}

Channel::Async<FileRef> SimChannel::look_up(MessageId id) {
  return perform<FileRef>(make_call(CallKind::kLookUp, id),
                          [this, id](const Call&, const Fault& fault) -> Result<FileRef> {
                            if (const Result<void> done = read(fault); !done) return done.error();
                            return document_of(id, fault);
                          });
}

Result<FileRef> SimChannel::document_of(MessageId id, const Fault& fault) const {
  const SimChat::Message* message = chat_->find(id);
  if (message == nullptr || message->file_id.empty()) return not_found();
  const bool stale = fault.kind == Fault::Kind::kStale && !message->replaced.empty();
  const std::string& file_id = stale ? message->replaced : message->file_id;
  const SharedBytes bytes = chat_->file(file_id);
  return FileRef{.file_id = file_id, .size = bytes ? bytes->size() : 0};
}

Channel::Async<Bytes> SimChannel::fetch(FileRef file, std::size_t max_bytes) {
  Call call = make_call(CallKind::kFetch, {}, file.file_id);
  return perform<Bytes>(
      std::move(call),
      [this, file = std::move(file), max_bytes](const Call&, const Fault& fault) -> Result<Bytes> {
        if (const Result<void> done = read(fault); !done) return done.error();
        return download(file, max_bytes, fault);
      });
}

Result<Bytes> SimChannel::download(const FileRef& file, std::size_t max_bytes,
                                   const Fault& fault) const {
  const SharedBytes stored = chat_->file(file.file_id);
  if (!stored) return file_gone();
  if (stored->size() > max_bytes) return Error{ErrorCode::kTooLarge, "the file is too large"};
  Bytes bytes = *stored;
  const std::size_t place = chat_->calls() * 7919 % std::max<std::size_t>(bytes.size(), 1);
  if (fault.kind == Fault::Kind::kTruncated) bytes.resize(place);
  if (fault.kind == Fault::Kind::kFlipped && !bytes.empty()) {
    bytes[place] = static_cast<char>(bytes[place] ^ 0x10);
  }
  return bytes;
}

Channel::Async<std::optional<MessageId>> SimChannel::pointer() {
  return perform<std::optional<MessageId>>(
      make_call(CallKind::kPointer),
      [this](const Call&, const Fault& fault) -> Result<std::optional<MessageId>> {
        if (const Result<void> done = read(fault); !done) return done.error();
        return chat_->pointer();
      });
}

Channel::Async<void> SimChannel::set_pointer(MessageId id) {
  return perform<void>(make_call(CallKind::kSetPointer, id),
                       [this, id](const Call& call, const Fault& fault) {
                         return mutate(call, fault, [id](SimChat& chat) { chat.set_pointer(id); });
                       });
}

Channel::Async<void> SimChannel::recycle(MessageId id) {
  return perform<void>(
      make_call(CallKind::kRecycle, id),
      [this, id](const Call& call, const Fault& fault) -> Result<void> {
        const SimChat::Message* message = chat_->find(id);
        if (message != nullptr && chat_->now - message->sent > SimChat::kDeletable) {
          return Error{ErrorCode::kRejected, "the message is too old to be deleted"};
        }
        return mutate(call, fault, [id](SimChat& chat) { chat.remove(id); });
      });
}

}  // namespace telekv::vault
