// Guards a change that must be whole: what takes changes from the table and writes them into the
// manifest must do both. An exception between the two (memory is lacking) leaves a manifest that
// promises what it cannot restore, so nothing may be committed any more.
#pragma once

#include <optional>

#include "kv/error.h"

namespace telekv::vault {

class Indivisible {
 public:
  /// `broken` is set when the object goes out of scope before done(); it must outlive the object.
  explicit Indivisible(std::optional<Error>& broken) : broken_(&broken) {}
  Indivisible(const Indivisible&) = delete;
  Indivisible& operator=(const Indivisible&) = delete;
  ~Indivisible() {
    if (broken_ && !*broken_) *broken_ = no_memory();
  }
  void done() { broken_ = nullptr; }

 private:
  std::optional<Error>* broken_;
};

}  // namespace telekv::vault
