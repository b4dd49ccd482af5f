// What the operator asks for: backups and restore points, over the real vault on a simulated chat.
#include "bot/operator_desk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <string>
#include <vector>

#include "telegram/api.h"
#include "vault/seeded_random.h"
#include "vault/world.h"

namespace telekv::bot {
namespace {

using std::chrono::seconds;
using telegram::ChatId;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr ChatId kOperator{std::int64_t{7} << 40};

/// Takes every message.
class Post final : public telegram::Http {
 public:
  std::vector<std::string> texts;

  telegram::Async<telegram::HttpResponse> exchange(telegram::HttpRequest request) override {
    std::string body;
    for (const auto& part : request.body) body += *part;
    texts.emplace_back(boost::json::parse(body).at("text").as_string());
    telegram::HttpResponse response;
    response.status = 200;
    response.content_type = "application/json";
    response.body =
        R"({"ok":true,"result":{"message_id":1,"date":1,"chat":{"id":1,"type":"private"}}})";
    co_return response;
  }
};

struct Desk : vault::World, ::testing::Test {
  Desk() {
    options.make_scratch = [] { return std::make_unique<vault::MapState>(); };
    process = opened();
    saver.emplace(process->vault, clock, process->random, context.get_executor(), stopping,
                  vault::SaverOptions{.durability = vault::Durability::kStrict});
    desk.emplace(process->vault, *saver, outbox, clock, context.get_executor());
    begin(saver->run(), saver_end);
  }
  ~Desk() override {
    stopping.set();
    clock.run(context);
  }

  void wish(Wish::Kind kind, std::uint64_t point = 0) {
    desk->take(
        {.kind = kind, .chat = kOperator, .language = texts::Language::kEnglish, .point = point});
  }
  void pass(seconds time) { clock.run_for(context, time); }
  void make_point() {
    std::optional<Result<vault::CommitReport>> made;
    begin(process->vault.make_point(deadline()), made);
    pass(seconds(1));
    ASSERT_TRUE(made && *made);
  }

  vault::Event stopping{context.get_executor()};
  std::unique_ptr<vault::Process> process;
  Post post;
  telegram::Api api{
      post, telegram::Token::parse("17179869195:AAthis_is_a_secret_of_the_tests_000").value()};
  vault::SeededRandom jitter{1};
  telegram::FloodBudget budget{clock, telegram::FloodLimits::none()};
  Outbox outbox{api, budget, clock, jitter, context.get_executor()};
  std::optional<vault::Saver> saver;
  std::optional<OperatorDesk> desk;
  std::optional<Result<void>> saver_end;
};

TEST_F(Desk, ReportsABackupThatWasMade) {
  process->apply(1, 1, "one");
  wish(Wish::Kind::kSnapshot);
  pass(seconds(2));
  EXPECT_THAT(post.texts, ElementsAre(HasSubstr("Пользователей: 1")));
  EXPECT_EQ(process->vault.unsaved_records(), 0u);
}

TEST_F(Desk, ReportsABackupThatFailed) {
  process->channel.on_call = [](const vault::Call& call) {
    if (call.kind != vault::CallKind::kReplace) return vault::Fault{};
    return vault::Fault{.kind = vault::Fault::Kind::kRefuse,
                        .error = {ErrorCode::kRejected, "Bad Request: no"}};
  };
  process->apply(1, 1, "one");
  wish(Wish::Kind::kSnapshot);
  pass(seconds(2));
  EXPECT_THAT(post.texts, ElementsAre(HasSubstr("Bad Request: no")));
}

TEST_F(Desk, ListsRestorePoints) {
  wish(Wish::Kind::kListPoints);
  pass(seconds(1));
  EXPECT_THAT(post.texts, ElementsAre(HasSubstr("no restore points")));
  process->apply(1, 1, "one");
  make_point();
  wish(Wish::Kind::kListPoints);
  pass(seconds(1));
  EXPECT_THAT(post.texts.back(), HasSubstr("\n1: 2026-"));
}

TEST_F(Desk, AsksBeforeItRestoresAndThenBringsThePointBack) {
  process->apply(1, 1, "old");
  make_point();
  process->apply(2, 1, "new");
  wish(Wish::Kind::kAskRestore, 1);
  pass(seconds(2));
  EXPECT_THAT(post.texts, ElementsAre(HasSubstr("/restore 1 yes")));
  EXPECT_EQ(process->state.content().at(1), "new") << "nothing has happened yet";

  wish(Wish::Kind::kRestore, 1);
  pass(seconds(5));
  EXPECT_THAT(post.texts.back(), HasSubstr("Brought back: 1:"));
  EXPECT_EQ(process->state.content().at(1), "old");
  EXPECT_EQ(process->vault.points().size(), 3u) << "what was there before is a point too";
}

TEST_F(Desk, SaysWhenThereIsNoSuchPoint) {
  wish(Wish::Kind::kAskRestore, 5);
  wish(Wish::Kind::kRestore, 5);
  pass(seconds(2));
  EXPECT_THAT(post.texts, ElementsAre(HasSubstr("no point 5"), HasSubstr("no point 5")));
}

TEST_F(Desk, IgnoresMoreWishesThanItsBound) {
  process->channel.on_call = [](const vault::Call& call) {
    if (call.kind != vault::CallKind::kReplace) return vault::Fault{};
    return vault::Fault{.kind = vault::Fault::Kind::kRefuse,
                        .error = {ErrorCode::kRateLimited, "wait", "", 30}};
  };
  process->apply(1, 1, "one");
  for (std::size_t i = 0; i < OperatorDesk::kMaxWishes + 5; ++i) wish(Wish::Kind::kSnapshot);
  pass(seconds(600));
  EXPECT_EQ(post.texts.size(), OperatorDesk::kMaxWishes);
}

TEST_F(Desk, GivesUpWhatIsUnderWayWhenItCloses) {
  const auto held_for_ever = [](vault::Saver* turns,
                                vault::Event* end) -> boost::asio::awaitable<bool> {
    const vault::Turn::Held held = co_await turns->turn().take();
    co_await end->wait();
    co_return true;
  };
  std::optional<bool> held;
  begin(held_for_ever(&*saver, &stopping), held);
  process->apply(1, 1, "old");
  wish(Wish::Kind::kRestore, 1);
  pass(seconds(60));
  EXPECT_THAT(post.texts, IsEmpty());
  const auto close = [](OperatorDesk* open) -> boost::asio::awaitable<bool> {
    co_await open->close();
    co_return true;
  };
  std::optional<bool> closed;
  begin(close(&*desk), closed);
  pass(seconds(1));
  EXPECT_TRUE(closed);
  stopping.set();
  pass(seconds(1));
  EXPECT_TRUE(held);
}

}  // namespace
}  // namespace telekv::bot
