// The simplest kv::Durable: a std::map and an encoding without columns or compression. The vault's
// tests use it where the records do not matter; a walk can be made as slow as a test needs.
// Single thread. Taking changes and the digest are linear in the table.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "kv/durable.h"
#include "vault/sealer.h"

namespace telekv::vault {

class MapState final : public kv::Durable {
 public:
  using Content = std::map<std::int64_t, std::string>;

  struct Pace {
    std::size_t records_per_step = 1000;   ///< a slice of a walk copies no more
    std::size_t records_per_chunk = 1000;  ///< a chunk holds no more
  };

  MapState() = default;
  explicit MapState(Pace pace) : pace_(pace) {}

  const Content& content() const { return now_; }

  void put(std::int64_t key, std::string value) {
    now_[key] = std::move(value);
    touched_.insert(key);
  }
  Result<void> erase(std::int64_t key) override {
    if (now_.erase(key) == 0) return Error{ErrorCode::kNotFound, "there is no such element"};
    touched_.insert(key);
    erased_.insert(key);
    return {};
  }

  std::uint64_t size() const override { return now_.size(); }
  std::uint64_t unsaved() const override { return touched_.size(); }

  std::unique_ptr<const kv::Encodable> take_changes() override {
    if (touched_.empty()) return nullptr;
    auto changes = std::make_unique<Records>();
    for (const std::int64_t key : std::exchange(touched_, {})) {
      const auto at = now_.find(key);
      changes->add(key, at == now_.end() ? std::nullopt : std::optional(at->second));
    }
    for (const std::int64_t key : std::exchange(erased_, {})) changes->note_erased(key);
    taken_ = now_;
    return changes;
  }

  kv::Digest digest() const override {
    kv::Digest digest{};
    for (const auto& [key, value] : taken_) {
      const Bytes hash = content_hash(std::to_string(key) + "=" + value);
      for (std::size_t i = 0; i < digest.size(); ++i) {
        digest[i] = static_cast<std::uint8_t>(digest[i] ^ static_cast<unsigned char>(hash[i]));
      }
    }
    return digest;
  }

  std::unique_ptr<kv::SnapshotWalk> begin_snapshot(std::size_t /*max_chunk_bytes*/) override {
    return std::make_unique<Walk>(*this);
  }

  Result<void> load_chunk(ByteView encoded) override { return load(encoded, {}); }
  using Durable::load_delta;
  Result<void> load_delta(ByteView encoded, const kv::KeyRange& keys) override {
    return load(encoded, keys);
  }
  Result<std::optional<kv::KeyRange>> keys_of_chunk(ByteView encoded) const override {
    MapState alone;
    if (Result<void> loaded = alone.load_chunk(encoded); !loaded) return loaded.error();
    if (alone.now_.empty()) return std::optional<kv::KeyRange>();
    return kv::KeyRange{.first = alone.now_.begin()->first, .last = alone.now_.rbegin()->first};
  }

  void finish_loading() override {}

  void clear() override {
    now_.clear();
    taken_.clear();
    touched_.clear();
    erased_.clear();
  }

 private:
  // A record: the key and the value's length as decimal text, each closed by a space, then the
  // value; the length of an erased one is "-".
  class Records final : public kv::Encodable {
   public:
    void add(std::int64_t key, const std::optional<std::string>& value) {
      bytes_ += std::to_string(key) + " ";
      bytes_ += value ? std::to_string(value->size()) + " " + *value : "- ";
      ++records_;
    }
    void note_erased(std::int64_t key) { erased_keys_.push_back(key); }
    Bytes encode() const override { return bytes_; }
    std::uint64_t records() const override { return records_; }
    const std::vector<std::int64_t>& erased_keys() const override { return erased_keys_; }

   private:
    Bytes bytes_;
    std::uint64_t records_ = 0;
    std::vector<std::int64_t> erased_keys_;
  };

  class Walk final : public kv::SnapshotWalk {
   public:
    explicit Walk(const MapState& state) : state_(&state) {}

    std::unique_ptr<const kv::Encodable> step(std::size_t max_records) override {
      std::size_t copied = 0;
      const std::size_t slice = std::min(max_records, state_->pace_.records_per_step);
      auto at = last_ ? state_->now_.upper_bound(*last_) : state_->now_.begin();
      while (at != state_->now_.end() && copied < slice &&
             chunk_->records() < state_->pace_.records_per_chunk) {
        chunk_->add(at->first, at->second);
        last_ = at->first;
        ++copied;
        ++at;
      }
      done_ = at == state_->now_.end();
      if (!done_ && chunk_->records() < state_->pace_.records_per_chunk) return nullptr;
      return std::exchange(chunk_, std::make_unique<Records>());
    }

    bool done() const override { return done_; }

   private:
    const MapState* state_;
    std::optional<std::int64_t> last_;
    std::unique_ptr<Records> chunk_ = std::make_unique<Records>();
    bool done_ = false;
  };

  static std::optional<std::string> take_word(ByteView& encoded) {
    const std::size_t end = encoded.find(' ');
    if (end == ByteView::npos || end == 0 || end > 20) return std::nullopt;
    std::string word(encoded.substr(0, end));
    encoded.remove_prefix(end + 1);
    return word;
  }

  Result<void> load(ByteView encoded, const kv::KeyRange& keys) {
    Content loaded = now_;
    while (!encoded.empty()) {
      const auto key = take_word(encoded);
      const auto length = take_word(encoded);
      if (!key || !length) return Error{ErrorCode::kDamaged, "not records"};
      const std::int64_t number = std::stoll(*key);
      const bool wanted = keys.first <= number && number <= keys.last;
      if (*length == "-") {
        if (wanted) loaded.erase(number);
        continue;
      }
      const std::size_t size = std::stoull(*length);
      if (size > encoded.size()) return Error{ErrorCode::kDamaged, "a record is cut"};
      if (wanted) loaded[number] = std::string(encoded.substr(0, size));
      encoded.remove_prefix(size);
    }
    now_ = loaded;
    taken_ = std::move(loaded);
    return {};
  }

  Pace pace_;
  Content now_;
  Content taken_;  // as of the last take: what the digest speaks of
  std::set<std::int64_t> touched_;
  std::set<std::int64_t> erased_;  // since the last take
};

}  // namespace telekv::vault
