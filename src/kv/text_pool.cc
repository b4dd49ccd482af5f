#include "kv/text_pool.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <optional>

namespace telekv::kv {

namespace {

RecordHash seeded(std::uint64_t seed) {
  std::array<std::uint8_t, 16> key{};
  std::memcpy(key.data(), &seed, sizeof seed);
  return RecordHash(key);
}

/// Two to a power of two from 16 on.
constexpr std::array<std::uint16_t, 18> kSizesBytes = {
    8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096};
static_assert(kSizesBytes.back() == kMaxTextBytes);
constexpr std::size_t kRoomBytes = kMaxTextBytes;

/// The number of the least of them that holds so many bytes.
std::size_t size_of(std::size_t bytes) {
  return static_cast<std::size_t>(std::lower_bound(kSizesBytes.begin(), kSizesBytes.end(), bytes) -
                                  kSizesBytes.begin());
}

}  // namespace

TextPool::TextPool(std::uint64_t seed)
    : hash_(seeded(seed)),
      secrets_(hash_.field(0, FieldType::kText)),
      first_entries_(std::make_unique<Entry[]>(kSegment)),
      entries_(1, first_entries_.get()) {}

TextId TextPool::acquire(std::string_view text, std::uint64_t text_hash) {
  assert(!text.empty() && text.size() <= kMaxTextBytes);
  const std::optional<Slot> found =
      index_.find(text_hash, [&](Slot id) { return view(id) == text; });
  if (found) {
    ++entry(*found).references;
    return *found;
  }
  make_room(text.size());
  const TextId id = has_free_entry() ? free_ : next_;
  index_.insert(text_hash, id, [this](Slot each) { return hash(view(each)); });
  // From here on nothing fails.
  char* const copy = take_memory(text.size());
  std::memcpy(copy, text.data(), text.size());
  if (has_free_entry()) {
    free_ = entry(id).length;
  } else {
    ++next_;
  }
  entry(id) = {copy, static_cast<std::uint32_t>(text.size()), 1};
  text_bytes_ += text.size();
  return id;
}

void TextPool::release(TextId id, std::uint32_t references) {
  if (id == 0) return;
  Entry& released = entry(id);
  released.references -= references;
  if (released.references > 0) return;
  index_.erase(hash(view(id)), id);
  text_bytes_ -= released.length;
  char*& given_back = given_back_[size_of(released.length)];
  std::memcpy(released.text, &given_back, sizeof given_back);
  given_back = released.text;
  released = {nullptr, free_, 0};
  free_ = id;
}

/// For one more text and its entry.
void TextPool::make_room(std::size_t bytes) {
  if (!has_free_entry() && next_ / kSegment == entries_.size()) {
    std::byte* const memory = arena_.take(kSegment * sizeof(Entry));
    std::memset(memory, 0, kSegment * sizeof(Entry));
    entries_.push_back(reinterpret_cast<Entry*>(memory));
  }
  const std::size_t size = size_of(bytes);
  if (given_back_[size] != nullptr || room_.size() >= kSizesBytes[size]) return;
  // What is left of the room is lost: on average half a text in a hundred.
  room_ = {reinterpret_cast<char*>(arena_.take(kRoomBytes)), kRoomBytes};
}

char* TextPool::take_memory(std::size_t bytes) {
  const std::size_t size = size_of(bytes);
  if (char* const memory = given_back_[size]) {
    std::memcpy(&given_back_[size], memory, sizeof given_back_[size]);
    return memory;
  }
  char* const memory = room_.data();
  room_ = room_.subspan(kSizesBytes[size]);
  return memory;
}

void TextPool::reserve(std::uint64_t texts, std::uint64_t bytes) {
  if (size() != 0) return;
  index_.reserve(texts);
  // Half a size is lost at each on average.
  arena_.expect(texts * (sizeof(Entry) + kSizesBytes[0] / 2) + bytes);
}

void TextPool::clear() noexcept {
  arena_ = PageArena();
  room_ = {};
  given_back_ = {};
  entries_.resize(1);
  std::fill_n(first_entries_.get(), kSegment, Entry{});
  index_.clear();
  next_ = 1;
  free_ = 0;
  text_bytes_ = 0;
}

std::size_t TextPool::memory_bytes() const {
  return kSegment * sizeof(Entry) + arena_.memory_bytes() +
         entries_.capacity() * sizeof entries_[0] + index_.memory_bytes();
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
