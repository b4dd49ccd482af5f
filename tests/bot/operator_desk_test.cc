// What the operator asks for: backups and restore points, over the real vault on a simulated chat.
#include "bot/operator_desk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <string>
#include <vector>

#include "bot/post.h"
#include "telegram/api.h"
#include "vault/seeded_random.h"
#include "vault/world.h"

namespace telekv::bot {
namespace {

using std::chrono::seconds;
using telegram::ChatId;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr ChatId kOperator{std::int64_t{7} << 40};

struct Desk : vault::World, ::testing::Test {
  Desk() : Desk(true) {}
  explicit Desk(bool sealed) {
    options.make_scratch = [] { return std::make_unique<vault::MapState>(); };
    process = opened();
    saver.emplace(process->vault, clock, process->random, context.get_executor(), stopping,
                  vault::SaverOptions{.durability = vault::Durability::kStrict});
    desk.emplace(OperatorDesk::Parts{
        .vault = &process->vault,
        .saver = &*saver,
        .outbox = &outbox,
        .api = &api,
        .clock = &clock,
        .exporter = &exporter,
        .sealed = sealed,
        .status =
            [this] {
              return texts::StatusFacts{
                  .users = users.size(), .vault = process->vault.stats(), .now = clock.now()};
            },
        .uploaded_bytes = [] { return std::uint64_t{0}; },
        .heard = [this](texts::Language language) { heard = language; },
        .executor = context.get_executor()});
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
  Post post{clock};
  telegram::Api api{post, test_token()};
  vault::SeededRandom jitter{1};
  telegram::FloodBudget budget{clock, telegram::FloodLimits::none()};
  kv::Table<User> users{kv::TableOptions{}};
  Exporter exporter{{.users = &users,
                     .table = {},
                     .sealer = vault::test_sealer(),
                     .random = &jitter,
                     .clock = &clock,
                     .pool = context.get_executor()}};
  std::optional<texts::Language> heard;
  telegram::Outbox outbox{api, budget, clock, jitter, context.get_executor()};
  std::optional<vault::Saver> saver;
  std::optional<OperatorDesk> desk;
  std::optional<Result<void>> saver_end;
};

TEST_F(Desk, ReportsABackupThatWasMade) {
  process->apply(1, 1, "one");
  wish(Wish::Kind::kSnapshot);
  pass(seconds(2));
  EXPECT_THAT(post.texts(), ElementsAre(HasSubstr("Users: 1")));
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
  EXPECT_THAT(post.texts(), ElementsAre(HasSubstr("Bad Request: no")));
}

TEST_F(Desk, ListsRestorePoints) {
  wish(Wish::Kind::kListPoints);
  pass(seconds(1));
  EXPECT_THAT(post.texts(), ElementsAre(HasSubstr("no restore points")));
  process->apply(1, 1, "one");
  make_point();
  wish(Wish::Kind::kListPoints);
  pass(seconds(1));
  EXPECT_THAT(post.texts().back(), HasSubstr("\n1: 2026-"));
}

TEST_F(Desk, AsksBeforeItRestoresAndThenBringsThePointBack) {
  process->apply(1, 1, "old");
  make_point();
  process->apply(2, 1, "new");
  wish(Wish::Kind::kAskRestore, 1);
  pass(seconds(2));
  EXPECT_THAT(post.texts(), ElementsAre(HasSubstr("/restore 1 yes")));
  EXPECT_EQ(process->state.content().at(1), "new") << "nothing has happened yet";

  wish(Wish::Kind::kRestore, 1);
  pass(seconds(5));
  EXPECT_THAT(post.texts().back(), HasSubstr("Brought back: 1:"));
  EXPECT_EQ(process->state.content().at(1), "old");
  EXPECT_EQ(process->vault.points().size(), 3u) << "what was there before is a point too";
}

TEST_F(Desk, ShowsProgressOfLongWorkInOneMessageThatBecomesTheAnswer) {
  process->channel.on_call = vault::nth(
      vault::CallKind::kReplace, 1,
      {.kind = vault::Fault::Kind::kRefuse, .error = {ErrorCode::kRateLimited, "wait", "", 35}});
  process->apply(1, 1, "one");
  wish(Wish::Kind::kSnapshot);
  pass(seconds(2));
  EXPECT_THAT(post.texts(), IsEmpty()) << "it may be short";
  pass(seconds(60));
  EXPECT_THAT(post.texts(), ElementsAre(HasSubstr("Saving… 3 s"), HasSubstr("Saving… 13 s"),
                                        HasSubstr("Saving… 23 s"), HasSubstr("Saving… 33 s"),
                                        HasSubstr("Users: 1")));
  EXPECT_EQ(post.calls.front().method, "sendMessage");
  for (std::size_t i = 1; i < post.calls.size(); ++i) {
    EXPECT_EQ(post.calls[i].method, "editMessageText");
    EXPECT_EQ(post.calls[i].body.at("message_id").as_int64(), 1);
  }
}

TEST_F(Desk, TellsHowTheProgramIsDoingInTheOperatorsLanguage) {
  ASSERT_TRUE(users.insert(5, {.name = "Ann", .clicks = 7}));
  wish(Wish::Kind::kStatus);
  pass(seconds(1));
  EXPECT_THAT(post.texts(), ElementsAre(HasSubstr("Users: 1\nClicks in a minute: 0\n")));
  EXPECT_EQ(heard, texts::Language::kEnglish);
}

TEST_F(Desk, SendsASealedExportAndOffersAReadableOne) {
  for (kv::Key key = 1; key <= 2000; ++key) ASSERT_TRUE(users.insert(key, {.name = "Ann"}));
  wish(Wish::Kind::kExport);
  pass(seconds(1));
  ASSERT_EQ(post.calls.size(), 2u);
  EXPECT_EQ(post.calls[0].method, "sendDocument");
  const std::string form(post.calls[0].body.at("form").as_string());
  EXPECT_THAT(form, HasSubstr("clicker-20260921-141320.tkv"));
  EXPECT_THAT(form, Not(HasSubstr("Ann")));
  const std::string offer = boost::json::serialize(post.calls[1].body);
  EXPECT_THAT(offer, HasSubstr("export-plain:" + std::to_string(telegram::to_int(kOperator))));

  wish(Wish::Kind::kExportPlain);
  pass(seconds(1));
  ASSERT_EQ(post.calls.size(), 4u);
  const std::string readable(post.calls[2].body.at("form").as_string());
  EXPECT_THAT(readable, HasSubstr("clicker-20260921-141321.jsonl"));
  EXPECT_THAT(readable, HasSubstr(R"({"chat_id":2000,"name":"Ann","clicks":0,"state":0})"));
}

TEST_F(Desk, OffersAReadableExportAlsoInThePlaceOfTheProgress) {
  ASSERT_TRUE(users.insert(5, {.name = "Ann"}));
  post.takes["sendDocument"] = seconds(5);
  wish(Wish::Kind::kExport);
  pass(seconds(6));
  ASSERT_EQ(post.calls.size(), 3u);
  EXPECT_EQ(post.calls[1].method, "sendMessage");
  EXPECT_EQ(post.calls[2].method, "editMessageText");
  EXPECT_EQ(post.calls[2].body.at("message_id").as_int64(), 2);
  EXPECT_THAT(boost::json::serialize(post.calls[2].body), HasSubstr("export-plain:"));
}

TEST_F(Desk, MakesOneExportAfterTheOther) {
  ASSERT_TRUE(users.insert(5, {.name = "Ann"}));
  post.takes["sendDocument"] = seconds(10);
  for (int i = 0; i < 3; ++i) wish(i == 1 ? Wish::Kind::kExportPlain : Wish::Kind::kExport);
  for (std::size_t exports = 1; exports <= 3; ++exports) {
    pass(seconds(8));
    EXPECT_EQ(post.count("sendDocument"), exports);
    wish(Wish::Kind::kStatus);
    pass(seconds(2));
    EXPECT_THAT(post.texts(), Contains(HasSubstr("Clicks in a minute")).Times(exports))
        << "does not wait for an export";
  }
  pass(seconds(10));
  EXPECT_EQ(post.count("sendDocument"), 3u) << "each wish has its file";
  EXPECT_EQ(post.most_at_once["sendDocument"], 1);
}

TEST_F(Desk, MeasuresTheOldJsonOnceAMinuteAtMost) {
  for (kv::Key key = 1; key <= 3; ++key) {
    ASSERT_TRUE(users.insert(key, {.name = "Ann"}));
    wish(Wish::Kind::kStatus);
    pass(seconds(key == 1 ? 1 : 60));
  }
  EXPECT_THAT(post.texts(),
              ElementsAre(HasSubstr("the old JSON: 18 B"), HasSubstr("the old JSON: 18 B"),
                          HasSubstr("the old JSON: 54 B")));
}

struct DeskWithoutAKey : Desk {
  DeskWithoutAKey() : Desk(false) {}
};

TEST_F(DeskWithoutAKey, AsksBeforeItSendsWhatEverybodyCanRead) {
  ASSERT_TRUE(users.insert(1, {.name = "Ann"}));
  wish(Wish::Kind::kExport);
  pass(seconds(1));
  ASSERT_EQ(post.calls.size(), 1u);
  const std::string question = boost::json::serialize(post.calls[0].body);
  EXPECT_THAT(question, HasSubstr("has no key"));
  EXPECT_THAT(question, HasSubstr("export-plain:"));
}

TEST_F(Desk, SaysWhenThereIsNoSuchPoint) {
  wish(Wish::Kind::kAskRestore, 5);
  wish(Wish::Kind::kRestore, 5);
  pass(seconds(2));
  EXPECT_THAT(post.texts(), ElementsAre(HasSubstr("no point 5"), HasSubstr("no point 5")));
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
  const std::vector<std::string> texts = post.texts();
  const auto answers = std::count_if(texts.begin(), texts.end(), [](const std::string& text) {
    return text.find("wait") != std::string::npos;
  });
  EXPECT_EQ(static_cast<std::size_t>(answers), OperatorDesk::kMaxWishes);
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
  pass(seconds(2));
  EXPECT_THAT(post.texts(), IsEmpty());
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
