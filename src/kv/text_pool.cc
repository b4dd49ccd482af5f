#include "kv/text_pool.h"

#include <array>
#include <cstring>
#include <optional>

namespace telekv::kv {

namespace {

RecordHash seeded(std::uint64_t seed) {
  std::array<std::uint8_t, 16> key{};
  std::memcpy(key.data(), &seed, sizeof seed);
  return RecordHash(key);
}

}  // namespace

TextPool::TextPool(std::uint64_t seed)
    : hash_(seeded(seed)), secrets_(hash_.field(0, FieldType::kText)) {
  clear();
}

TextPool::~TextPool() { free_texts(); }

TextId TextPool::acquire(std::string_view text) {
  if (text.empty()) return 0;
  const std::uint64_t text_hash = hash(text);
  const std::optional<Slot> found =
      index_.find(text_hash, [&](Slot id) { return view(id) == text; });
  if (found) {
    ++entry(*found).references;
    return *found;
  }
  auto copy = std::make_unique_for_overwrite<char[]>(text.size());
  std::memcpy(copy.get(), text.data(), text.size());
  const TextId id = new_entry();
  entry(id) = {copy.release(), static_cast<std::uint32_t>(text.size()), 1};
  text_bytes_ += text.size();
  index_.insert(text_hash, id, [this](Slot each) { return hash(view(each)); });
  return id;
}

void TextPool::release(TextId id, std::uint32_t references) {
  if (id == 0) return;
  Entry& released = entry(id);
  released.references -= references;
  if (released.references > 0) return;
  index_.erase(hash(view(id)), id);
  text_bytes_ -= released.length;
  delete[] released.text;
  released = {nullptr, free_, 0};
  free_ = id;
}

TextId TextPool::new_entry() {
  if (free_ != 0 && !held_) {
    const TextId id = free_;
    free_ = entry(id).length;
    return id;
  }
  if (next_ % kSegment == 0) entries_.push_back(std::make_unique<Entry[]>(kSegment));
  return next_++;
}

void TextPool::free_texts() {
  for (TextId id = 1; id < next_; ++id) delete[] entry(id).text;
}

void TextPool::clear() {
  if (!entries_.empty()) free_texts();
  entries_.clear();
  entries_.push_back(std::make_unique<Entry[]>(kSegment));
  index_.clear();
  next_ = 1;
  free_ = 0;
  text_bytes_ = 0;
}

std::size_t TextPool::memory_bytes() const {
  // malloc rounds a text up to 16 bytes, its own 8 included.
  constexpr std::size_t kMallocOverhead = 16;
  return entries_.size() * kSegment * sizeof(Entry) + text_bytes_ + size() * kMallocOverhead +
         index_.memory_bytes();
}

std::string TextPool::validate() const {
  std::uint64_t kept = 0;
  for (TextId id = 1; id < next_; ++id) {
    const Entry& each = entries_[id / kSegment][id % kSegment];
    if ((each.text == nullptr) != (each.references == 0)) return "a text without references";
    if (each.text != nullptr) ++kept;
  }
  if (kept != size()) return "the number of texts is wrong";
  return index_.validate([this](Slot id) { return hash(view(id)); });
}

}  // namespace telekv::kv
