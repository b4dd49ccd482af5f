// What stands on inline buttons and what comes back from them.
#include "bot/taps.h"

#include <gtest/gtest.h>

namespace telekv::bot {
namespace {

using telegram::UserId;

constexpr UserId kFarthest{(std::int64_t{1} << 52) - 1};

TEST(ATap, IsReadAsItWasWritten) {
  for (const TapKind kind : {TapKind::kForget, TapKind::kKeep, TapKind::kExportPlain}) {
    const std::string data = tap_data({kind, kFarthest});
    EXPECT_LE(data.size(), 64u) << "Bot API, callback_data";
    const auto tap = parse_tap(data);
    ASSERT_TRUE(tap) << data;
    EXPECT_EQ(tap->kind, kind);
    EXPECT_EQ(tap->asked, kFarthest);
  }
}

TEST(ATap, OfAnythingElseIsNone) {
  for (const char* data : {"", ":", "forget", "forget:", "forget:x", "forget:-5", "forget:5:5",
                           "Forget:5", "forget:9223372036854775808", "forget:99999999999999999999",
                           "c:1", "forget: 5", "forget:5 "}) {
    EXPECT_FALSE(parse_tap(data)) << data;
  }
}

}  // namespace
}  // namespace telekv::bot
