#include "cli/progress_bar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>

namespace telekv::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Progress, ShowsWhatIsDoneOfWhatIsExpected) {
  EXPECT_EQ(render_progress({.bytes = 0, .expected = 4'500'000}, 80),
            "[------------------------------]    0%  0 B of 4.5 MB  0:00");
  EXPECT_EQ(render_progress({.bytes = 2'250'000, .expected = 4'500'000, .passed = seconds(12)}, 80),
            "[###############---------------]   50%  2.3 MB of 4.5 MB  0:12");
  EXPECT_EQ(render_progress({.bytes = 9, .expected = 9, .passed = seconds(3725)}, 80),
            "[##############################]  100%  9 B of 9 B  62:05");
}

TEST(Progress, IsNeverMoreThanAll) {
  EXPECT_THAT(render_progress({.bytes = 11, .expected = 10}, 80), HasSubstr("100%  10 B of 10 B"));
}

TEST(Progress, OfAnUnknownLengthIsANumber) {
  EXPECT_EQ(render_progress({.bytes = 4'500'000, .expected = 0, .passed = seconds(61)}, 80),
            "4.5 MB  1:01");
}

TEST(Progress, FitsIntoANarrowTerminal) {
  const Transfer transfer{.bytes = 5'000'000, .expected = 10'000'000, .passed = seconds(5)};
  EXPECT_EQ(render_progress(transfer, 40), "[###----]   50%  5.0 MB of 10.0 MB  0:05");
  for (std::size_t columns = 0; columns < 100; ++columns) {
    EXPECT_LE(render_progress(transfer, columns).size(), columns);
  }
}

/// What a terminal would get.
class Bar : public ::testing::Test {
 protected:
  Bar() { EXPECT_EQ(pipe(ends_.data()), 0); }
  ~Bar() override {
    close(ends_[0]);
    if (ends_[1] >= 0) close(ends_[1]);
  }
  std::string written() {
    close(ends_[1]);
    ends_[1] = -1;
    std::string all;
    std::array<char, 4096> block{};
    for (ssize_t got = 1; got > 0; all.append(block.data(), static_cast<std::size_t>(got))) {
      got = read(ends_[0], block.data(), block.size());
    }
    return all;
  }

  std::array<int, 2> ends_{};
  ProgressBar::Clock::time_point began_{};
};

TEST_F(Bar, ShowsNothingOfWhatIsShort) {
  {
    ProgressBar bar(ends_[1], 10, began_);
    bar.show(5, began_ + milliseconds(999));
  }
  EXPECT_THAT(written(), IsEmpty());
}

TEST_F(Bar, IsDrawnNowAndThenAndErasedInTheEnd) {
  {
    ProgressBar bar(ends_[1], 10, began_);
    bar.show(5, began_ + milliseconds(1000));
    bar.show(6, began_ + milliseconds(1100));
    bar.show(7, began_ + milliseconds(1200));
  }
  EXPECT_EQ(written(),
            "\r\x1b[K[###############---------------]   50%  5 B of 10 B  0:01"
            "\r\x1b[K[#####################---------]   70%  7 B of 10 B  0:01"
            "\r\x1b[K");
}

}  // namespace
}  // namespace telekv::cli
