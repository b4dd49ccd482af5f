// Runs something when a scope is left, however it is left.
#pragma once

#include <utility>

namespace telekv::vault {

template <class Action>
class Finally {
 public:
  explicit Finally(Action action) : action_(std::move(action)) {}
  Finally(const Finally&) = delete;
  Finally& operator=(const Finally&) = delete;
  ~Finally() { action_(); }

 private:
  Action action_;
};

}  // namespace telekv::vault
