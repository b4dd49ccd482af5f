// What the chat's pointers lead to: reads the pin, the register and ROOT_ID, and the roots they
// name (step 1 of the protocol, and the re-reading of steps 5 and 13). Changes nothing in the chat.
//
// The vault's thread. A few small downloads; no chain is touched.
#pragma once

#include <optional>
#include <vector>

#include "vault/channel.h"
#include "vault/retry.h"
#include "vault/ring.h"
#include "vault/roots.h"

namespace telekv::vault {

/// A sorted set of message ids.
class MessageIds {
 public:
  MessageIds() = default;
  explicit MessageIds(std::vector<MessageId> ids);

  void add(MessageId id);  ///< 0 is no message and is not added
  void remove(MessageId id);
  bool contains(MessageId id) const;
  bool empty() const { return ids_.empty(); }
  std::size_t size() const { return ids_.size(); }
  MessageId take_last();
  auto begin() const { return ids_.begin(); }
  auto end() const { return ids_.end(); }

 private:
  std::vector<MessageId> ids_;
};

struct Readings {
  MessageIds seen;                            ///< every root read or tried
  std::optional<Root> best = {};              ///< the longest active root
  std::optional<Root> latest = {};            ///< the active root of the highest ballot
  std::optional<Root> elsewhere = {};         ///< the longest active root under the other key
  MessageIds continued = {};                  ///< the predecessors of active roots
  Ring slots = {};                            ///< of all active roots that were read
  MessageId pin{};                            ///< the root that the chat shows; 0 for none
  bool hidden = false;                        ///< the chat shows somebody else's pin
  MessageId registered{};                     ///< what the register names, there or gone
  std::optional<Error> refused = {};          ///< the pin's, of another key and below `registered`
  bool proven_absent = true;                  ///< every pointer was read and names nothing
  std::vector<std::string> passed_over = {};  ///< roots that do not verify, and why
};

/// How far to go on from a root.
enum class Depth : std::uint8_t {
  kCandidates,  ///< from a candidate to its predecessors
  kAll,         ///< from every root to its predecessors
};

class Survey {
 public:
  /// The references must outlive the object. `root_id` is a root the operator names.
  Survey(Channel& channel, Roots& roots, std::optional<MessageId> root_id);

  /// The pin, the register, ROOT_ID and what they name.
  Channel::Async<Readings> read_pointers(Patience patience);

  /// What the chat shows now.
  Channel::Async<std::optional<Pinned>> read_pin(Patience patience);

  /// The register as it is now.
  Channel::Async<std::optional<MessageId>> read_register(Patience patience);

  /// Reads roots by message id, beside those in `readings`. kUnavailable when the registered one is
  /// shown as it was before it became active, until the deadline; kWrongKey when the longest one is
  /// under the other key.
  Channel::Async<void> follow(Readings& readings, MessageIds ids, Depth depth, Patience patience);

 private:
  Channel::Async<Root> read(MessageId id, bool registered, Patience patience);
  bool may_pass_over(const Readings& readings, MessageId id, Depth depth, const Error& error) const;
  Result<MessageIds> note(Readings& readings, Root root, Depth depth) const;

  Channel* channel_;
  Roots* roots_;
  std::optional<MessageId> root_id_;
};

/// What a writer says that finds itself replaced by the root `id`.
Error superseded_by(MessageId id);

/// Whether a pin is one of our roots.
bool is_root(const Pinned& pin);

}  // namespace telekv::vault
