// The chat does not grow: ten thousand commits in four hundred reigns, more than a year of them,
// with posts, edits and deletions that get no answer. The bound is docs/reliability.md's.
#include <gtest/gtest.h>

#include <algorithm>

#include "objects_named.h"
#include "world.h"

namespace telekv::vault {
namespace {

constexpr int kReigns = 400;
constexpr int kCommitsOfAReign = 25;
constexpr int kKeys = 60;

struct Life : World {
  Life() {
    options.make_scratch = [] { return std::make_unique<MapState>(); };
    options.ladder.tail_bytes = 60;
    options.ladder.least_bytes = 512;
    pace = {.records_per_step = 20, .records_per_chunk = 20};
    chat.keeps_log = false;
  }

  std::unique_ptr<Process> next_reign() {
    std::unique_ptr<Process> fresh = process();
    fresh->channel.on_call = [this](const Call& call) { return draw_fault(call); };
    (void)open(*fresh).value();
    fresh->vault.note_witness();
    return fresh;
  }

  Fault draw_fault(const Call& call) {
    chat.now = clock.now();
    if (!is_mutating(call.kind) || random.below(50) != 0) return {};
    ++(call.kind == CallKind::kPost ? unanswered_posts : unanswered_others);
    return {.kind = random.below(2) == 0 ? Fault::Kind::kUnknownDone : Fault::Kind::kUnknownNever};
  }

  void live(Process& process) {
    clock.advance(std::chrono::minutes(30 + random.below(60)));
    for (std::uint64_t i = 0; i <= random.below(4); ++i) {
      ++update;
      process.apply(update, static_cast<std::int64_t>(random.below(kKeys)), std::to_string(update));
    }
    if (process.vault.base_due()) {
      if (run(process.vault.write_base(deadline()))) ++bases;
    }
    if (commit(process)) ++commits;
    if (process.vault.drill_due()) (void)run(process.vault.drill(deadline()));
    most_named = std::max(most_named, objects_named(process.vault));
    most_messages = std::max(most_messages, chat.messages().size());
  }

  SeededRandom random{7};
  std::int64_t update = 0;
  int commits = 0;
  int bases = 0;
  std::size_t unanswered_posts = 0;
  std::size_t unanswered_others = 0;
  std::size_t most_named = 0;
  std::size_t most_messages = 0;
};

TEST(VaultChat, StaysBoundedOverTenThousandCommitsAndFourHundredTakeOvers) {
  Life life;
  for (int reign = 0; reign < kReigns; ++reign) {
    const std::unique_ptr<Process> process = life.next_reign();
    for (int i = 0; i < kCommitsOfAReign; ++i) life.live(*process);
  }
  const std::size_t bound = 3 * life.most_named + 1;
  std::printf(
      "%d commits, %d bases, at most %zu objects named, %zu messages (bound %zu), %zu posts "
      "without an answer, %zu messages at the end\n",
      life.commits, life.bases, life.most_named, life.most_messages, bound, life.unanswered_posts,
      life.chat.messages().size());
  EXPECT_GT(life.commits, kReigns * kCommitsOfAReign * 9 / 10);
  EXPECT_GT(life.bases, kReigns / 4);
  EXPECT_LE(life.most_messages, bound + life.unanswered_posts);
  EXPECT_TRUE(life.next_reign());
}

// A slot whose edit got no answer is not edited again in the same reign, so a reign without end
// adds a message for each.
TEST(VaultChat, GrowsInOneReignOnlyByWhatGotNoAnswer) {
  Life life;
  const std::unique_ptr<Process> process = life.next_reign();
  for (int i = 0; i < kReigns * kCommitsOfAReign; ++i) life.live(*process);
  const std::size_t bound = 3 * life.most_named + 1;
  std::printf("%d commits, at most %zu messages (bound %zu), %zu calls without an answer\n",
              life.commits, life.most_messages, bound,
              life.unanswered_posts + life.unanswered_others);
  EXPECT_GT(life.commits, kReigns * kCommitsOfAReign * 9 / 10);
  EXPECT_LE(life.most_messages, bound + life.unanswered_posts + life.unanswered_others);
  const std::size_t before = life.chat.messages().size();
  for (int reign = 0; reign < 8; ++reign) {
    const std::unique_ptr<Process> next = life.next_reign();
    for (int i = 0; i < kCommitsOfAReign; ++i) life.live(*next);
  }
  EXPECT_LE(life.chat.messages().size(), before + bound) << "its successors use them again";
}

}  // namespace
}  // namespace telekv::vault
