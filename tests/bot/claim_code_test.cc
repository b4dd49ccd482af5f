#include "bot/claim_code.h"

#include <gtest/gtest.h>

#include "vault/seeded_random.h"

namespace telekv::bot {
namespace {

TEST(AClaimCode, IsSixteenCharactersThatDifferEveryTime) {
  vault::SeededRandom random(1);
  const std::string first = make_claim_code(random);
  const std::string second = make_claim_code(random);
  EXPECT_EQ(first.size(), 16u);
  EXPECT_NE(first, second);
  EXPECT_EQ(first.find_first_not_of("0123456789abcdefghjkmnpqrstvwxyz"), std::string::npos);
}

TEST(AClaimCode, IsAcceptedExactlyButForSpacesAroundIt) {
  EXPECT_TRUE(is_same_code("abc123", "abc123"));
  EXPECT_TRUE(is_same_code("abc123", " abc123\n"));
  for (const char* wrong : {"", " ", "abc124", "abc12", "abc1234", "ABC123", "abc 123"}) {
    EXPECT_FALSE(is_same_code("abc123", wrong)) << wrong;
  }
}

}  // namespace
}  // namespace telekv::bot
