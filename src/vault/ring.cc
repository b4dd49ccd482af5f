#include "vault/ring.h"

#include <algorithm>
#include <iterator>

namespace telekv::vault {

Result<Ring> Ring::parse(const format::Ring& stored) {
  const auto refused = [] { return Error{ErrorCode::kDamaged, "the root's ring is malformed"}; };
  if (stored.banks_size() > static_cast<int>(kBanks) || stored.written() >= kBanks) {
    return refused();
  }
  Ring ring;
  ring.written_ = stored.written();
  std::size_t slots = 0;
  for (int bank = 0; bank < stored.banks_size(); ++bank) {
    std::int64_t id = 0;
    for (const std::int64_t step : stored.banks(bank).id_steps()) {
      std::int64_t next = 0;
      if (step <= 0 || __builtin_add_overflow(id, step, &next) || ++slots > kMaxSlots) {
        return refused();
      }
      id = next;
      if (ring.contains(MessageId{id})) return refused();
      ring.banks_[static_cast<std::size_t>(bank)].insert(MessageId{id});
    }
  }
  return ring;
}

void Ring::write(format::Ring& out) const {
  out.Clear();
  out.set_written(static_cast<std::uint32_t>(written_));
  for (const std::set<MessageId>& bank : banks_) {
    format::Ring::Bank* stored = out.add_banks();
    std::int64_t before = 0;
    for (const MessageId id : bank) {
      stored->add_id_steps(to_int(id) - before);
      before = to_int(id);
    }
  }
}

void Ring::succeed(const Ring& latest) {
  merge(latest);
  written_ = (latest.written_ + 1) % kBanks;
}

void Ring::keep_clear_of(const Ring& other) {
  merge(other);
  if (written_ == other.written_) written_ = (written_ + 1) % kBanks;
}

void Ring::merge(const Ring& other) {
  for (std::size_t bank = 0; bank < kBanks; ++bank) {
    for (const MessageId id : other.banks_[bank]) {
      if (!contains(id)) banks_[bank].insert(id);
    }
  }
}

std::optional<MessageId> Ring::free_slot(const std::set<MessageId>& named) const {
  const std::set<MessageId>& bank = banks_[written_];
  const auto at = std::find_if(bank.begin(), bank.end(), [&](MessageId id) {
    return !named.contains(id) && !abandoned_.contains(id);
  });
  return at == bank.end() ? std::nullopt : std::optional(*at);
}

std::vector<MessageId> Ring::all_but(const std::set<MessageId>& named) const {
  std::vector<MessageId> ids;
  for (const std::set<MessageId>& bank : banks_) {
    std::set_difference(bank.begin(), bank.end(), named.begin(), named.end(),
                        std::back_inserter(ids));
  }
  return ids;
}

void Ring::gather() {
  for (std::size_t bank = 0; bank < kBanks; ++bank) {
    if (bank != written_) banks_[written_].merge(banks_[bank]);
  }
}

void Ring::add(MessageId id) {
  if (!contains(id)) banks_[written_].insert(id);
}

void Ring::add_frozen(MessageId id) {
  if (!contains(id)) banks_[(written_ + kBanks - 1) % kBanks].insert(id);
}

void Ring::remove(MessageId id) {
  for (std::set<MessageId>& bank : banks_) bank.erase(id);
}

bool Ring::contains(MessageId id) const {
  return std::any_of(banks_.begin(), banks_.end(),
                     [id](const std::set<MessageId>& bank) { return bank.contains(id); });
}

std::size_t Ring::slots() const {
  std::size_t slots = 0;
  for (const std::set<MessageId>& bank : banks_) slots += bank.size();
  return slots;
}

}  // namespace telekv::vault
