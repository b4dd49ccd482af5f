#include "kv/text_pool.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace telekv::kv {
namespace {

TEST(TextPool, KeepsEqualTextsOnce) {
  TextPool pool(1);
  const TextId ann = pool.acquire("Ann");
  EXPECT_EQ(pool.acquire("Ann"), ann);
  EXPECT_NE(pool.acquire("Bob"), ann);
  EXPECT_EQ(pool.view(ann), "Ann");
  EXPECT_EQ(pool.size(), 2U);
}

TEST(TextPool, TheEmptyTextIsAlwaysNumberZero) {
  TextPool pool(1);
  EXPECT_EQ(pool.acquire(""), 0U);
  pool.release(0);
  EXPECT_EQ(pool.view(0), "");
}

TEST(TextPool, GivesNoNumberToAnotherTextWhileHeld) {
  TextPool pool(1);
  const TextId ann = pool.acquire("Ann");
  pool.hold_numbers(true);
  pool.release(ann);
  EXPECT_NE(pool.acquire("Bob"), ann);
  pool.hold_numbers(false);
  EXPECT_EQ(pool.acquire("Eve"), ann);
  EXPECT_EQ(pool.validate(), "");
}

RC_GTEST_PROP(TextPool, CountsReferences, (const std::vector<std::uint8_t>& steps)) {
  TextPool pool(9);
  std::multimap<std::string, TextId> model;
  for (const std::uint8_t step : steps) {
    const std::string text(1 + step % 5, static_cast<char>('a' + step % 3));
    if (const auto known = model.find(text); step >= 128 && known != model.end()) {
      pool.release(known->second);
      model.erase(known);
    } else {
      model.emplace(text, pool.acquire(text));
    }
    for (const auto& [each, id] : model) RC_ASSERT(pool.view(id) == each);
  }
  RC_ASSERT(pool.validate().empty());
}

}  // namespace
}  // namespace telekv::kv
