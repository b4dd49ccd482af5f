// Hash maps with 16-byte entries, key and count, behind one face. Nobody reserves anything; each
// has its library's default hash. An insertion looks first whether the key is there, as a table
// must.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <cstring>
#include <unordered_map>

#include "kv/hash_map.h"
#include "kv/row_map.h"
#include "kv/row_store.h"

namespace telekv::bench {

inline constexpr std::uint64_t kSeed = 0x5eed;

/// What the engine keeps values in that nothing else refers to.
class TelekvMap {
 public:
  static constexpr const char* kName = "telekv";

  void insert(kv::Key key) { map_.insert(key, 0); }
  void increment(kv::Key key) { ++*map_.find(key); }
  std::uint64_t count(kv::Key key) { return *map_.find(key); }

 private:
  kv::HashMap<std::uint64_t> map_{kSeed};
};

/// As a table finds its records: rows of key and count, which stay where they are, and the index
/// over them.
class TelekvRows {
 public:
  static constexpr const char* kName = "telekv, rows of a table";

  void insert(kv::Key key) {
    if (!map_.find(key)) map_.insert(rows_.append(key));
  }
  void increment(kv::Key key) {
    std::byte* place = rows_.row(*map_.find(key)) + sizeof(kv::Key);
    std::uint64_t count = 0;
    std::memcpy(&count, place, sizeof count);
    ++count;
    std::memcpy(place, &count, sizeof count);
  }
  std::uint64_t count(kv::Key key) {
    std::uint64_t count = 0;
    std::memcpy(&count, rows_.row(*map_.find(key)) + sizeof(kv::Key), sizeof count);
    return count;
  }

 private:
  kv::RowStore rows_{sizeof(kv::Key) + sizeof(std::uint64_t)};
  kv::RowMap map_{rows_, kSeed};
};

template <class Map>
class PeerMap {
 public:
  void insert(kv::Key key) { map_.try_emplace(key, 0); }
  void increment(kv::Key key) { ++map_.find(key)->second; }
  std::uint64_t count(kv::Key key) { return map_.find(key)->second; }

 private:
  Map map_;
};

struct BoostMap : PeerMap<boost::unordered_flat_map<kv::Key, std::uint64_t>> {
  static constexpr const char* kName = "boost::unordered_flat_map";
};
struct AbslMap : PeerMap<absl::flat_hash_map<kv::Key, std::uint64_t>> {
  static constexpr const char* kName = "absl::flat_hash_map";
};
struct StdMap : PeerMap<std::unordered_map<kv::Key, std::uint64_t>> {
  static constexpr const char* kName = "std::unordered_map";
};

}  // namespace telekv::bench
