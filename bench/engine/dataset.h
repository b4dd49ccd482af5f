// The people every figure is measured with: three generated sets, or a file of anybody's.
//
//   S  as small bots begin: ids 1..n, one name, one click
//   R  realistic: ids in the ranges that Telegram has given out, names by Zipf's law over 3,000 and
//      10% unique ones, clicks lognormal, a state for every tenth
//   X  adversarial: random 52-bit ids, a unique random name each, random 32-bit clicks
//   FILE.tsv  chat id, name, clicks, state, tab-separated, one person a line
//
// Generated with fixed seeds: a smaller set is the beginning of a larger one. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kv/error.h"
#include "kv/schema.h"

namespace telekv::bench {

struct Person {
  kv::Key id = 0;
  std::uint64_t clicks = 0;
  std::uint32_t name = 0;  ///< index into Dataset::names
  std::uint32_t state = 0;
};

struct Dataset {
  std::string label;  ///< "R", or the file's name
  std::vector<Person> people = {};
  std::vector<std::string> names = {};  ///< no name twice

  std::size_t size() const { return people.size(); }
  std::string_view name(const Person& person) const { return names[person.name]; }

  /// The first `count` people.
  Dataset head(std::size_t count) const;
};

/// `source` is R, S, X or a file. A file shorter than `count` gives what it has. Errors: kNotFound,
/// kDamaged with the line, when an id is twice in a file too.
Result<Dataset> load_dataset(const std::string& source, std::size_t count);

}  // namespace telekv::bench
