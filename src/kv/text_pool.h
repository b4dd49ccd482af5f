// Equal texts kept once: rows hold a 4-byte number instead of the text. 90% of realistic names come
// from some thousands; a row's share of the pool is a few bytes.
//
// Memory comes in blocks: a million texts of their own are not a million blocks of the heap.
//
// One thread. O(length). Lack of memory throws std::bad_alloc and changes nothing. The hash is
// keyed (record_hash.h), because people choose their names. Views are good until their text is
// released for the last time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kv/memory_blocks.h"
#include "kv/record_hash.h"
#include "kv/slot_index.h"

namespace telekv::kv {

/// A text's number in the pool; 0 is the empty text, which is always there.
using TextId = std::uint32_t;

class TextPool {
 public:
  explicit TextPool(std::uint64_t seed);
  ~TextPool() = default;
  TextPool(const TextPool&) = delete;
  TextPool& operator=(const TextPool&) = delete;

  /// The number of `text`, which is kept from now on; to be released as often as acquired and
  /// retained.
  TextId acquire(std::string_view text) { return text.empty() ? 0 : acquire(text, hash(text)); }
  /// The same of one that is not empty, whose hash() is known.
  TextId acquire(std::string_view text, std::uint64_t hash);
  void retain(TextId id, std::uint32_t references) {
    if (id != 0) entry(id).references += references;
  }
  void release(TextId id, std::uint32_t references = 1);

  /// Makes room for `texts` of `bytes` in all in an empty pool at once; otherwise does nothing.
  void reserve(std::uint64_t texts, std::uint64_t bytes);

  std::uint64_t hash(std::string_view text) const { return hash_.text_term(secrets_, text).a; }
  /// Begins to bring the place of a text into the cache. Always inline: see SlotIndex::prefetch().
  [[gnu::always_inline]] void prefetch(std::uint64_t hash) const { index_.prefetch(hash); }

  std::string_view view(TextId id) const {
    const Entry& entry = entries_[id / kSegment][id % kSegment];
    return {entry.text, entry.length};
  }

  /// While held, numbers of released texts are not given to other texts.
  void hold_numbers(bool held) { held_ = held; }

  std::uint64_t size() const { return index_.size(); }
  /// Bytes of all texts.
  std::size_t text_bytes() const { return text_bytes_; }
  std::size_t memory_bytes() const;
  /// Needs no memory.
  void clear() noexcept;

  /// What is wrong with the structure; empty when nothing is. O(n).
  std::string validate() const;

 private:
  static constexpr TextId kSegment = 1024;

  struct Entry {
    char* text;            // nullptr when free
    std::uint32_t length;  // the next free entry when free
    std::uint32_t references;
  };

  Entry& entry(TextId id) { return entries_[id / kSegment][id % kSegment]; }
  void make_room(std::size_t bytes);
  TextId take_entry();
  char* take_memory(std::size_t bytes);
  bool has_free_entry() const { return free_ != 0 && !held_; }

  RecordHash hash_;
  RecordHash::FieldSecrets secrets_;
  std::unique_ptr<Entry[]> first_entries_;  // never given back: clear() needs no memory
  std::vector<Entry*> entries_;
  SlotIndex index_;
  TextId next_ = 1;
  TextId free_ = 0;  // 0: none
  bool held_ = false;
  std::size_t text_bytes_ = 0;

  // Texts have memory of some sizes. What is given back is kept for texts of the same size; there
  // are few, so all of it is a few times what was needed at once at most.
  static constexpr std::size_t kSizes = 18;
  std::array<char*, kSizes> given_back_{};  // each holds the next one's address
  std::span<char> room_;                    // not given to any text yet
  PageArena arena_;                         // of entries and texts
};

}  // namespace telekv::kv
