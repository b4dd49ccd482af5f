// The messages that objects are written into, again and again, so that the chat does not grow:
// edits instead of posts and deletions, because Telegram deletes only messages younger than 48
// hours.
//
// The messages (slots) stand in three banks, and each reign writes the bank after its
// predecessor's. So an edit of a predecessor that lands late, even of the one before it, never hits
// what this reign has written; that an old writer and up to two new ones overlap is what the
// protocol covers.
//
// Pure bookkeeping, no I/O. Which slots still carry something that counts is the caller's
// knowledge.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "kv/error.h"
#include "telekv.pb.h"
#include "vault/channel.h"

namespace telekv::vault {

class Ring {
 public:
  static constexpr std::size_t kBanks = 3;
  /// More slots are never read from a root: a bound on hostile input.
  static constexpr std::size_t kMaxSlots = 100'000;

  /// kDamaged for a root's ring that no writer has written.
  static Result<Ring> parse(const format::Ring& stored);
  void write(format::Ring& out) const;

  /// Begins a reign after the writer of `latest`, the newest reign that was read.
  void succeed(const Ring& latest);

  /// Goes on where the writer of `other` has written too: in another bank than that one's.
  void keep_clear_of(const Ring& other);

  /// Learns the slots of another root that was read; a slot known to be in a bank stays there.
  void merge(const Ring& other);

  /// A slot of this reign's bank that is not in `named` and may be edited.
  std::optional<MessageId> free_slot(const std::set<MessageId>& named) const;

  /// Every slot of every bank that is not in `named`.
  std::vector<MessageId> all_but(const std::set<MessageId>& named) const;

  /// Moves every slot into the bank of this reign, which the next two leave alone.
  void gather();

  /// A message that this reign has posted.
  void add(MessageId id);
  /// A predecessor's message; nobody writes it before two more take-overs.
  void add_frozen(MessageId id);
  /// The message is gone.
  void remove(MessageId id);
  /// An edit of this slot may land at any later time: this reign never edits it again.
  void abandon(MessageId id) { abandoned_.insert(id); }

  bool contains(MessageId id) const;
  std::size_t slots() const;

 private:
  std::array<std::set<MessageId>, kBanks> banks_;
  std::size_t written_ = 0;
  std::set<MessageId> abandoned_;
};

}  // namespace telekv::vault
