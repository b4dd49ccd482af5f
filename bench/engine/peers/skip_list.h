// A skip list whose links know how many members they pass (Pugh 1990, "A skip list cookbook"), with
// the parameters Redis gives its sorted sets: 32 levels, one node in four goes up a level, a score
// that leaves the order as it is is written in place. Scores descending, keys ascending.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <new>
#include <vector>

#include "engine/random.h"
#include "kv/rank_tree.h"

namespace telekv::bench {

class SkipList {
 public:
  static constexpr const char* kName = "skip list with spans";

  SkipList() : head_(make_node(kLevels, 0, 0)) {}
  SkipList(const SkipList&) = delete;
  SkipList& operator=(const SkipList&) = delete;
  ~SkipList() {
    for (Node* node = head_; node != nullptr;) {
      Node* next = node->links()[0].next;
      std::free(node);
      node = next;
    }
  }

  void insert(kv::Score score, kv::Key key) {
    std::array<Node*, kLevels> before;
    std::array<std::uint64_t, kLevels> passed;
    Node* node = head_;
    for (unsigned level = levels_; level-- > 0;) {
      passed[level] = level + 1 == levels_ ? 0 : passed[level + 1];
      while (stands_before(node->links()[level].next, score, key)) {
        passed[level] += node->links()[level].span;
        node = node->links()[level].next;
      }
      before[level] = node;
    }
    const unsigned height = random_height();
    for (; levels_ < height; ++levels_) {
      passed[levels_] = 0;
      before[levels_] = head_;
      head_->links()[levels_].span = size_;
    }
    node = make_node(height, score, key);
    for (unsigned level = 0; level < height; ++level) {
      Link& link = before[level]->links()[level];
      const std::uint64_t skipped = passed[0] - passed[level];
      node->links()[level] = {link.next, link.span - skipped};
      link = {node, skipped + 1};
    }
    for (unsigned level = height; level < levels_; ++level) ++before[level]->links()[level].span;
    ++size_;
  }

  void erase(kv::Score score, kv::Key key) { erase(find(score, key)); }

  void move(kv::Score from, kv::Key key, kv::Score to) {
    const Path before = find(from, key);
    Node* node = before[0]->links()[0].next;
    const Node* next = node->links()[0].next;
    const bool after_previous = before[0] == head_ || stands_before(before[0], to, key);
    if (after_previous && (next == nullptr || !stands_before(next, to, key))) {
      node->score = to;
      return;
    }
    erase(before);
    insert(to, key);
  }

  /// 1 + members with a strictly higher score.
  std::uint64_t rank(kv::Score score) const {
    return 1 + position(score, std::numeric_limits<kv::Key>::min());
  }

  /// How many stand before (score, key).
  std::uint64_t position(kv::Score score, kv::Key key) const {
    std::uint64_t passed = 0;
    const Node* node = head_;
    for (unsigned level = levels_; level-- > 0;) {
      for (const Link* link = &node->links()[level]; stands_before(link->next, score, key);
           link = &node->links()[level]) {
        passed += link->span;
        node = link->next;
      }
    }
    return passed;
  }

  std::vector<kv::Key> top(std::size_t count) const {
    std::vector<kv::Key> keys;
    keys.reserve(count);
    for (const Node* node = head_->links()[0].next; node != nullptr && keys.size() < count;
         node = node->links()[0].next) {
      keys.push_back(node->key);
    }
    return keys;
  }

 private:
  static constexpr unsigned kLevels = 32;

  struct Node;
  struct Link {
    Node* next;
    std::uint64_t span;
  };
  struct Node {
    kv::Score score;
    kv::Key key;

    // They follow the node in memory, as many as it is high.
    Link* links() { return reinterpret_cast<Link*>(this + 1); }
    const Link* links() const { return reinterpret_cast<const Link*>(this + 1); }
  };
  using Path = std::array<Node*, kLevels>;

  static Node* make_node(unsigned height, kv::Score score, kv::Key key) {
    void* memory = std::malloc(sizeof(Node) + height * sizeof(Link));
    if (memory == nullptr) throw std::bad_alloc();
    Node* node = new (memory) Node{score, key};
    for (unsigned level = 0; level < height; ++level) {
      new (node->links() + level) Link{nullptr, 0};
    }
    return node;
  }

  static bool stands_before(const Node* node, kv::Score score, kv::Key key) {
    return node != nullptr && (node->score > score || (node->score == score && node->key < key));
  }

  unsigned random_height() {
    unsigned height = 1;
    while (height < kLevels && random_.below(4) == 0) ++height;
    return height;
  }

  /// The last node before the member on every level.
  Path find(kv::Score score, kv::Key key) {
    Path before;
    Node* node = head_;
    for (unsigned level = levels_; level-- > 0;) {
      while (stands_before(node->links()[level].next, score, key)) {
        node = node->links()[level].next;
      }
      before[level] = node;
    }
    return before;
  }

  void erase(const Path& before) {
    Node* node = before[0]->links()[0].next;
    for (unsigned level = 0; level < levels_; ++level) {
      Link& link = before[level]->links()[level];
      if (link.next == node) {
        link = {node->links()[level].next, link.span + node->links()[level].span - 1};
      } else {
        --link.span;
      }
    }
    while (levels_ > 1 && head_->links()[levels_ - 1].next == nullptr) --levels_;
    std::free(node);
    --size_;
  }

  Node* head_;
  unsigned levels_ = 1;
  std::uint64_t size_ = 0;
  Random random_{1};
};

}  // namespace telekv::bench
