// What a root says of itself, and which of two is the longer one.
#include "vault/root_form.h"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

namespace telekv::vault {
namespace {

constexpr MessageId kMessage{77};

format::Manifest active_root() {
  format::Manifest manifest;
  manifest.set_standing(format::Manifest::ACTIVE);
  manifest.set_ballot(to_int(kMessage));
  manifest.set_writer(5);
  manifest.mutable_state()->set_sequence(3);
  return manifest;
}

ObjectIdentity identity_of(const format::Manifest& manifest) {
  return {.kind = ObjectKind::kRoot,
          .epoch = manifest.ballot(),
          .writer = manifest.writer(),
          .sequence = manifest.state().sequence()};
}

TEST(RootForm, SaysWhatItsHeaderSays) {
  const format::Manifest good = active_root();
  EXPECT_TRUE(parse_root(kMessage, identity_of(good), good.SerializeAsString()));
  const std::vector<std::function<void(format::Manifest&)>> changes = {
      [](format::Manifest& root) { root.set_ballot(78); },
      [](format::Manifest& root) { root.set_writer(6); },
      [](format::Manifest& root) { root.mutable_state()->set_sequence(4); },
  };
  for (const auto& change : changes) {
    format::Manifest bad = good;
    change(bad);
    EXPECT_EQ(parse_root(kMessage, identity_of(good), bad.SerializeAsString()).error().code,
              ErrorCode::kDamaged)
        << bad.ShortDebugString();
  }
}

TEST(RootForm, HasABallotWhenItIsActiveAndOnlyThen) {
  format::Manifest without = active_root();
  without.clear_ballot();
  format::Manifest candidate = active_root();
  candidate.set_standing(format::Manifest::CANDIDATE);
  for (const format::Manifest& bad : {without, candidate}) {
    EXPECT_EQ(parse_root(kMessage, identity_of(bad), bad.SerializeAsString()).error().code,
              ErrorCode::kDamaged);
  }
}

TEST(RootForm, IsLongerByItsUpdatesAndUnderWebhooksByItsReign) {
  format::Manifest older = active_root();
  older.mutable_state()->set_applied_updates(9);
  format::Manifest younger = active_root();
  younger.set_ballot(78);
  EXPECT_TRUE(is_longer(older, younger));
  EXPECT_FALSE(is_longer(younger, older));
  for (format::Manifest* changed : {&older, &younger}) {
    changed->set_delivery(format::Manifest::WEBHOOK);
    EXPECT_TRUE(is_longer(younger, older));
    EXPECT_FALSE(is_longer(older, younger));
    changed->set_delivery(format::Manifest::POLLING);
  }
}

}  // namespace
}  // namespace telekv::vault
