// What /metrics shows.
#include "bot/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace telekv::bot {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr seconds kUnixNow{1'790'000'500};
constexpr vault::Clock::Time kNow{seconds(1000)};

StoreFacts facts() {
  StoreFacts facts;
  facts.users = 12;
  facts.clicks = 90;
  facts.resident_bytes = 7'000'000;
  facts.table_bytes = 5000;
  facts.last_save = vault::CommitReport{
      .root_bytes = 300, .object_bytes = 200, .duration = std::chrono::milliseconds(1500)};
  facts.vault.epoch = vault::MessageId{77};
  facts.vault.sequence = 345;
  facts.vault.committed_at = 1'790'000'490;
  facts.vault.verified_at = 1'790'000'000;
  facts.vault.lost_updates = 3;
  facts.channel.calls = 9;
  facts.channel.in_calls = seconds(18);
  facts.channel.uploaded_bytes = 4096;
  facts.channel.in_penalties = seconds(35);
  facts.replies.sent = 6;
  return facts;
}

std::string text(const std::optional<StoreFacts>& known) {
  return metrics_text(known, kNow, kUnixNow);
}

TEST(Metrics, SayOnlyThatItIsNotReadyWhileTheStoreIsLoaded) {
  const std::string loading = text(std::nullopt);
  EXPECT_THAT(loading, HasSubstr("\ntelekv_ready 0\n"));
  EXPECT_THAT(loading, Not(HasSubstr("telekv_users")));
}

TEST(Metrics, TellStateAndTraffic) {
  const std::string all = text(facts());
  for (const char* line : {"telekv_ready 1", "telekv_users 12", "telekv_epoch 77",
                           "telekv_sequence 345", "telekv_lost_updates_total 3",
                           "telekv_chat_calls_total 9", "telekv_chat_uploaded_bytes_total 4096",
                           "telekv_clicks_total 90", "telekv_table_bytes 5000",
                           "process_resident_memory_bytes 7000000", "telekv_last_save_seconds 1.5",
                           "telekv_last_save_bytes 500", "telekv_chat_call_seconds_total 18",
                           "telekv_chat_penalty_seconds_total 35", "telekv_replies_sent_total 6"}) {
    EXPECT_THAT(all, HasSubstr(std::string("\n") + line + "\n"));
  }
  EXPECT_THAT(all, HasSubstr("# TYPE telekv_chat_calls_total counter"));
  EXPECT_THAT(all, HasSubstr("# HELP telekv_users "));
}

TEST(Metrics, TellHowOldThingsAre) {
  StoreFacts known = facts();
  EXPECT_THAT(text(known), HasSubstr("\ntelekv_saved_age_seconds 10\n"));
  EXPECT_THAT(text(known), HasSubstr("\ntelekv_verified_age_seconds 500\n"));
  EXPECT_THAT(text(known), HasSubstr("\ntelekv_unsaved_age_seconds 0\n"));
  known.vault.unsaved_since = kNow - seconds(8);
  EXPECT_THAT(text(known), HasSubstr("\ntelekv_unsaved_age_seconds 8\n"));
}

TEST(Metrics, LeaveOutWhatIsNotKnown) {
  StoreFacts known = facts();
  known.last_save.reset();
  known.resident_bytes = 0;
  EXPECT_THAT(text(known), Not(HasSubstr("telekv_last_save")));
  EXPECT_THAT(text(known), Not(HasSubstr("process_resident_memory_bytes")));
}

TEST(Metrics, LeaveOutAnAgeThatDoesNotExist) {
  StoreFacts known = facts();
  known.vault.verified_at = 0;
  EXPECT_THAT(text(known), Not(HasSubstr("telekv_verified_age_seconds")));
}

}  // namespace
}  // namespace telekv::bot
