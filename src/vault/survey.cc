#include "vault/survey.h"

#include <algorithm>
#include <utility>

namespace telekv::vault {

MessageIds::MessageIds(std::vector<MessageId> ids) {
  for (const MessageId id : ids) add(id);
}

void MessageIds::add(MessageId id) {
  const auto at = std::lower_bound(ids_.begin(), ids_.end(), id);
  if (id != MessageId{} && (at == ids_.end() || *at != id)) ids_.insert(at, id);
}

void MessageIds::remove(MessageId id) { std::erase(ids_, id); }

bool MessageIds::contains(MessageId id) const {
  return std::binary_search(ids_.begin(), ids_.end(), id);
}

MessageId MessageIds::take_last() {
  const MessageId id = ids_.back();
  ids_.pop_back();
  return id;
}

Error superseded_by(MessageId id) {
  return Error{ErrorCode::kSuperseded,
               "another process has taken the vault over (root in message " +
                   std::to_string(to_int(id)) + ")",
               "keep only one copy of this bot running"};
}

bool is_root(const Pinned& pin) { return pin.document && pin.document_name == kRootName; }

namespace {

bool is_active(const Root& root) { return root.manifest.standing() == format::Manifest::ACTIVE; }

void pass_over(Readings& readings, MessageId id, const Error& why) {
  readings.proven_absent = false;
  const bool other_key = why.code == ErrorCode::kWrongKey;
  readings.passed_over.push_back(other_key ? "message " + std::to_string(to_int(id)) +
                                                 " is sealed with another key"
                                           : describe(why));
}

Error sealed_elsewhere(MessageId id) {
  return Error{ErrorCode::kWrongKey, "the newest state, the root in message " +
                                         std::to_string(to_int(id)) +
                                         ", is sealed with the other key"};
}

}  // namespace

Survey::Survey(Channel& channel, Roots& roots, std::optional<MessageId> root_id)
    : channel_(&channel), roots_(&roots), root_id_(root_id) {}

// Two independent pointers, because Telegram may fail to show a pin. A pin under another key that
// is older than the registered root has come too late to put that key in force (vault_rekey.cc).
Channel::Async<Readings> Survey::read_pointers(Patience patience) {
  Result<std::optional<Pinned>> pin = co_await read_pin(patience);
  if (!pin) co_return pin.error();
  Result<std::optional<MessageId>> pointer = co_await read_register(patience);
  if (!pointer) co_return pointer.error();

  Readings readings;
  MessageIds named;
  if (*pin && is_root(**pin)) {
    readings.pin = (*pin)->id;
    readings.seen.add(readings.pin);
    FileRef document = *(*pin)->document;
    Result<Root> root = co_await roots_->read_document(readings.pin, std::move(document), patience);
    if (!root && root.error().code == ErrorCode::kNotFound) {
      root = damaged_root(readings.pin, "it is another object");
    }
    if (!root && root.error().code == ErrorCode::kWrongKey && *pointer > readings.pin) {
      readings.refused = root.error();
    } else if (!root && !may_pass_over(readings, readings.pin, Depth::kCandidates, root.error())) {
      co_return root.error();
    }
    if (root) {
      Result<MessageIds> next = note(readings, *std::move(root), Depth::kCandidates);
      if (!next) co_return next.error();
      named = *std::move(next);
    } else {
      pass_over(readings, readings.pin, root.error());
    }
  } else if (*pin) {
    readings.hidden = true;
    readings.proven_absent = false;
  }
  readings.registered = pointer->value_or(MessageId{});
  named.add(readings.registered);
  if (root_id_) named.add(*root_id_);
  Result<void> followed = co_await follow(readings, std::move(named), Depth::kCandidates, patience);
  if (!followed) co_return followed.error();
  const bool newer = readings.latest && readings.latest->id > readings.pin;
  if (readings.refused && !newer) co_return *readings.refused;
  co_return readings;
}

Channel::Async<std::optional<Pinned>> Survey::read_pin(Patience patience) {
  const auto read = [this] { return channel_->pinned(); };
  co_return co_await retry(patience, OnUnknown::kRepeat, read);
}

Channel::Async<std::optional<MessageId>> Survey::read_register(Patience patience) {
  const auto read = [this] { return channel_->pointer(); };
  co_return co_await retry(patience, OnUnknown::kRepeat, read);
}

Channel::Async<void> Survey::follow(Readings& readings, MessageIds ids, Depth depth,
                                    Patience patience) {
  while (!ids.empty()) {
    const MessageId id = ids.take_last();
    if (readings.seen.contains(id)) continue;
    readings.seen.add(id);
    Result<Root> root = co_await read(id, id == readings.registered, patience);
    if (!root && may_pass_over(readings, id, depth, root.error())) {
      const bool expected = depth == Depth::kAll && root.error().code == ErrorCode::kNotFound;
      if (expected) {
        readings.proven_absent = false;
      } else {
        pass_over(readings, id, root.error());
      }
      continue;
    }
    if (!root) co_return root.error();
    Result<MessageIds> next = note(readings, *std::move(root), depth);
    if (!next) co_return next.error();
    for (const MessageId each : *next) ids.add(each);
  }
  const bool elsewhere =
      depth == Depth::kCandidates && readings.elsewhere &&
      (!readings.best || is_longer(readings.elsewhere->manifest, readings.best->manifest));
  if (elsewhere) co_return sealed_elsewhere(readings.elsewhere->id);
  co_return Result<void>{};
}

// Only an active root comes into the register: a candidate there is an old answer. Without its
// state and its ring the reader would not know whom it follows.
Channel::Async<Root> Survey::read(MessageId id, bool registered, Patience patience) {
  const auto attempt = [this, id, registered, patience]() -> Channel::Async<Root> {
    Result<Root> root = co_await roots_->read(id, patience);
    if (!root || !registered || is_active(*root)) co_return root;
    co_return Error{ErrorCode::kUnavailable, "the chat shows root " + std::to_string(to_int(id)) +
                                                 " as it was before it became active"};
  };
  co_return co_await retry(patience, OnUnknown::kRepeat, attempt);
}

// Takes a root in; returns what to read next. State is never taken from a candidate.
Result<MessageIds> Survey::note(Readings& readings, Root root, Depth depth) const {
  MessageIds next;
  const bool active = is_active(root);
  if (!active || depth == Depth::kAll) {
    for (const std::int64_t id : root.manifest.predecessors()) next.add(MessageId{id});
  }
  if (!active) return next;
  Result<Ring> ring = Ring::parse(root.manifest.ring());
  if (!ring) return ring.error();
  readings.slots.merge(*ring);
  for (const std::int64_t id : root.manifest.predecessors()) {
    readings.continued.add(MessageId{id});
  }
  if (!readings.latest || root.id > readings.latest->id) readings.latest = root;
  std::optional<Root>& longest = root.under_other_key ? readings.elsewhere : readings.best;
  if (!longest || is_longer(root.manifest, longest->manifest)) longest = std::move(root);
  return next;
}

// A root that is gone names nothing. A damaged one may be the newest: it stops whoever reads it,
// unless the operator has named another to go on from. So does one under another key, but for what
// a change of the key has left behind (vault_rekey.cc); and whoever looks for something longer
// could not go on from it anyway.
bool Survey::may_pass_over(const Readings& readings, MessageId id, Depth depth,
                           const Error& error) const {
  if (error.code == ErrorCode::kWrongKey) {
    return depth == Depth::kAll || readings.continued.contains(id);
  }
  return error.code == ErrorCode::kNotFound ||
         (error.code == ErrorCode::kDamaged && root_id_ && *root_id_ != id);
}

}  // namespace telekv::vault
