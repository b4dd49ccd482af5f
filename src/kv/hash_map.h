// From 64-bit keys to small plain values, which lie in the map itself.
//
// Why not a ready-made map: growing to 10M entries, boost::unordered_flat_map stops for 199 ms once
// and std::unordered_map for 1.2 s. This one never moves more than one segment, 32 KiB, and a find
// waits for memory once (kv/segment_index.h).
//
// One thread. Every operation O(1) expected; the hash is seeded, so keys cannot be chosen to
// collide by who does not know the seed. Every 64-bit value is a valid key. Pointers are good until
// the next insertion. Lack of memory throws std::bad_alloc, and the map is as it was.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "kv/index_line.h"
#include "kv/key_hash.h"
#include "kv/segment_index.h"

namespace telekv::kv {

/// `Value` is trivially copyable, at most 104 bytes.
template <class Value>
class HashMap {
 public:
  explicit HashMap(std::uint64_t seed) : hash_(seed) {}

  /// The value of `key`; nullptr when it is not there.
  Value* find(Key key) { return value_of(find_entry(key)); }
  const Value* find(Key key) const { return value_of(find_entry(key)); }

  /// Adds `value` unless the key is there: the value that is there now, and whether it is new.
  std::pair<Value*, bool> insert(Key key, const Value& value) {
    if (Value* const found = find(key)) return {found, false};
    return {value_of(index_.insert(hash(key), {key, value}, hash_of_entry())), true};
  }

  /// Whether it was there.
  bool erase(Key key) {
    if (find_entry(key) == nullptr) return false;
    index_.erase(hash(key), [key](const Entry& entry) { return entry.key == key; });
    return true;
  }

  /// Makes room in an empty map at once; otherwise does nothing.
  void reserve(std::uint64_t entries) { index_.reserve(entries); }

  bool empty() const { return size() == 0; }
  std::uint64_t size() const { return index_.size(); }
  std::size_t memory_bytes() const { return index_.memory_bytes(); }
  void clear() { index_.clear(); }

  /// What is wrong with the structure; empty when nothing is. O(n).
  std::string validate() const { return index_.validate(hash_of_entry()); }

  /// Lines looked at to find the key that takes longest. O(n).
  std::size_t longest_search() const { return index_.longest_search(hash_of_entry()); }

 private:
  struct Entry {
    Key key;
    Value value;
  };

  Entry* find_entry(Key key) const {
    return index_.find(hash(key), [key](const Entry& entry) { return entry.key == key; });
  }
  static Value* value_of(Entry* entry) { return entry == nullptr ? nullptr : &entry->value; }
  auto hash_of_entry() const {
    return [this](const Entry& entry) { return hash(entry.key); };
  }

  /// Odd, as a line's tag is to be: so a find has nothing to do for that.
  std::uint64_t hash(Key key) const { return hash_(key) | 1U; }

  KeyHash hash_;
  SegmentIndex<EntryLine<Entry>> index_;
};

}  // namespace telekv::kv
