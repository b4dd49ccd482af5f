// The outbox against a scripted network on virtual time.
#include "telegram/outbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "vault/seeded_random.h"
#include "vault/virtual_clock.h"

namespace telekv::telegram {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Answers each sendMessage as the test's rule says and keeps what was sent, when.
class ScriptedTelegram final : public Http {
 public:
  struct Sent {
    std::int64_t chat;
    std::string text;
    vault::Clock::Duration at;
    std::string method;
    std::string markup;
  };
  using Rule = std::function<std::optional<std::string>(std::int64_t chat, std::size_t attempt)>;

  explicit ScriptedTelegram(vault::VirtualClock& clock) : clock_(&clock) {}

  Async<HttpResponse> exchange(HttpRequest request) override {
    std::string body;
    for (const auto& part : request.body) body += *part;
    const auto json = boost::json::parse(body);
    const std::int64_t chat = json.at("chat_id").as_int64();
    ++on_their_way_;
    most_on_their_way_ = std::max(most_on_their_way_, on_their_way_);
    co_await clock_->sleep_for(kRoundTrip);
    --on_their_way_;
    const std::optional<std::string> refusal = refuse_ ? refuse_(chat, attempts_++) : std::nullopt;
    if (refusal == "silence") {
      co_return Error{ErrorCode::kOutcomeUnknown, "no answer"};
    }
    if (refusal == "closed") co_return Error{ErrorCode::kUnavailable, "connection refused"};
    HttpResponse response;
    response.content_type = "application/json";
    if (refusal) {
      response.status = 400;
      response.body = *refusal;
    } else {
      const auto* markup = json.as_object().if_contains("reply_markup");
      sent_.push_back({chat, std::string(json.at("text").as_string()),
                       clock_->now().time_since_epoch(),
                       request.target.substr(request.target.rfind('/') + 1),
                       markup ? boost::json::serialize(*markup) : std::string()});
      response.status = 200;
      response.body = R"({"ok":true,"result":{"message_id":1,"date":1,"chat":{"id":)" +
                      std::to_string(chat) + R"(,"type":"private"},"text":"x"}})";
    }
    co_return response;
  }

  static constexpr milliseconds kRoundTrip{1};
  Rule refuse_;
  std::vector<Sent> sent_;
  std::size_t on_their_way_ = 0;
  std::size_t most_on_their_way_ = 0;

 private:
  vault::VirtualClock* clock_;
  std::size_t attempts_ = 0;
};

constexpr Topic kCount{0};
constexpr Topic kRating{1};
constexpr const char* kPenalty =
    R"({"ok":false,"error_code":429,"description":"Too Many Requests: retry after 35",)"
    R"("parameters":{"retry_after":35}})";
constexpr const char* kGone =
    R"({"ok":false,"error_code":400,"description":"Bad Request: message to edit not found"})";
constexpr const char* kBlocked =
    R"({"ok":false,"error_code":403,"description":"Forbidden: bot was blocked by the user"})";

class SomeOutbox : public ::testing::Test {
 protected:
  explicit SomeOutbox(FloodLimits limits) : limits_(limits) {}

  void push(std::int64_t chat, std::string text) {
    outbox_.push({.chat = ChatId{chat}, .text = std::move(text)});
  }
  std::vector<std::string> texts_to(std::int64_t chat) const {
    std::vector<std::string> texts;
    for (const auto& sent : telegram_.sent_) {
      if (sent.chat == chat) texts.push_back(sent.text);
    }
    return texts;
  }
  void run() { clock_.run(io_); }

  FloodLimits limits_;
  boost::asio::io_context io_;
  vault::VirtualClock clock_;
  vault::SeededRandom random_{7};
  ScriptedTelegram telegram_{clock_};
  FloodBudget budget_{clock_, limits_};
  Api api_{telegram_, *Token::parse("17179869195:AAthis_is_a_secret_of_the_tests_000"), &budget_};
  std::vector<ErrorCode> why_dropped_;
  Outbox outbox_{api_, budget_, clock_, random_, io_.get_executor(), [this](const Error& error) {
                   why_dropped_.push_back(error.code);
                 }};
};

class AnOutbox : public SomeOutbox {
 protected:
  AnOutbox() : SomeOutbox(FloodLimits::none()) {}
};

class ALimitedOutbox : public SomeOutbox {
 protected:
  ALimitedOutbox() : SomeOutbox({}) {}

  void tap(std::int64_t chat, int count) {
    outbox_.push({.chat = ChatId{chat}, .text = std::to_string(count), .topic = kCount});
  }
  /// On the executor's thread, as the outbox asks.
  void soon(std::function<void()> what) { boost::asio::post(io_, std::move(what)); }
  void at(vault::Clock::Duration when, std::function<void()> what) {
    const auto wait = [this, when, what = std::move(what)]() -> boost::asio::awaitable<void> {
      co_await clock_.sleep_for(when);
      what();
    };
    waits_.push_back(wait);
    boost::asio::co_spawn(io_, waits_.back()(), boost::asio::detached);
  }

 private:
  std::deque<std::function<boost::asio::awaitable<void>()>> waits_;
};

TEST_F(AnOutbox, KeepsTheOrderWithinAChat) {
  for (int i = 0; i < 10; ++i) push(1, std::to_string(i));
  run();
  EXPECT_EQ(texts_to(1),
            (std::vector<std::string>{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}));
}

TEST_F(AnOutbox, ServesSeveralChatsAtOnceButNotMoreThanItsWorkers) {
  for (int chat = 1; chat <= 50; ++chat) push(chat, "x");
  run();
  EXPECT_EQ(telegram_.sent_.size(), 50u);
  EXPECT_EQ(telegram_.most_on_their_way_, Outbox::kWorkers);
}

TEST_F(AnOutbox, LeavesAChatAloneForExactlyItsPenaltyAndServesTheOthersMeanwhile) {
  telegram_.refuse_ = [](std::int64_t chat, std::size_t attempt) -> std::optional<std::string> {
    if (chat == 1 && attempt == 0) return kPenalty;
    return std::nullopt;
  };
  push(1, "held");
  push(2, "not held");
  push(1, "held too");
  run();
  EXPECT_EQ(texts_to(1), (std::vector<std::string>{"held", "held too"}));
  EXPECT_EQ(telegram_.sent_[0].chat, 2);
  EXPECT_LT(telegram_.sent_[0].at, seconds(1));
  EXPECT_EQ(telegram_.sent_[1].at, seconds(35) + 2 * ScriptedTelegram::kRoundTrip);
  EXPECT_EQ(outbox_.counters().rate_limited, 1u);
}

TEST_F(AnOutbox, PutsAReplyInThePlaceOfTheMessageItIsFor) {
  outbox_.push({.chat = ChatId{1}, .text = "done", .edits = MessageId{7}});
  run();
  ASSERT_EQ(texts_to(1), std::vector<std::string>{"done"});
  EXPECT_EQ(telegram_.sent_[0].method, "editMessageText");
}

// A long export ends in the place of its progress, with the question that belongs to it.
TEST_F(AnOutbox, AnEditKeepsItsButtons) {
  outbox_.push({.chat = ChatId{1},
                .text = "done",
                .keyboard = InlineKeyboard{{{.text = "more", .data = "more:1"}}},
                .edits = MessageId{7}});
  run();
  ASSERT_EQ(telegram_.sent_.size(), 1u);
  EXPECT_EQ(telegram_.sent_[0].method, "editMessageText");
  EXPECT_NE(telegram_.sent_[0].markup.find("more:1"), std::string::npos);
}

TEST_F(AnOutbox, HandsOverNoReplyThatIsAnEdit) {
  EXPECT_FALSE(outbox_.hand_over({.chat = ChatId{1}, .text = "done", .edits = MessageId{7}}));
  EXPECT_TRUE(outbox_.hand_over({.chat = ChatId{1}, .text = "done"}));
}

TEST_F(AnOutbox, SendsAReplyWhoseMessageIsGoneAsANewOne) {
  telegram_.refuse_ = [](std::int64_t, std::size_t attempt) -> std::optional<std::string> {
    if (attempt == 0) return kGone;
    return std::nullopt;
  };
  outbox_.push({.chat = ChatId{1}, .text = "done", .edits = MessageId{7}});
  run();
  ASSERT_EQ(texts_to(1), std::vector<std::string>{"done"});
  EXPECT_EQ(telegram_.sent_[0].method, "sendMessage");
}

TEST_F(ALimitedOutbox, KeepsAnswersToDifferentPeopleInAGroupApart) {
  const auto answer = [&](std::int64_t to, std::string text) {
    outbox_.push({.chat = ChatId{-5}, .text = std::move(text), .topic = kCount, .to = UserId{to}});
  };
  for (int i = 1; i <= 7; ++i) answer(1, std::to_string(i));
  for (int i = 1; i <= 7; ++i) answer(2, "b" + std::to_string(i));
  run();
  EXPECT_THAT(texts_to(-5), ::testing::IsSupersetOf({"7", "b7"}));
}

TEST_F(AnOutbox, GivesUpWhatIsRefusedOrUncertainAndGoesOn) {
  telegram_.refuse_ = [](std::int64_t chat, std::size_t) -> std::optional<std::string> {
    if (chat == 1) return kBlocked;
    if (chat == 2) return "silence";
    return std::nullopt;
  };
  for (const int chat : {1, 2, 3}) push(chat, "x");
  run();
  EXPECT_EQ(telegram_.sent_.size(), 1u);
  EXPECT_EQ(outbox_.counters().dropped, 2u);
  EXPECT_THAT(why_dropped_,
              ::testing::UnorderedElementsAre(ErrorCode::kForbidden, ErrorCode::kOutcomeUnknown));
  EXPECT_EQ(outbox_.counters().sent, 1u);
}

TEST_F(AnOutbox, TriesAgainWhatCertainlyDidNotArrive) {
  telegram_.refuse_ = [](std::int64_t, std::size_t attempt) -> std::optional<std::string> {
    if (attempt < 3) return "closed";
    return std::nullopt;
  };
  push(1, "x");
  run();
  EXPECT_EQ(texts_to(1), std::vector<std::string>{"x"});
}

TEST_F(AnOutbox, DropsAChatsOldestRepliesAboveItsBound) {
  telegram_.refuse_ = [](std::int64_t, std::size_t attempt) -> std::optional<std::string> {
    if (attempt == 0) return kPenalty;
    return std::nullopt;
  };
  for (std::size_t i = 0; i < Outbox::kMaxPerChat + 5; ++i) push(1, std::to_string(i));
  run();
  const std::vector<std::string> sent = texts_to(1);
  EXPECT_EQ(sent.size(), Outbox::kMaxPerChat + 1);
  EXPECT_EQ(sent.front(), "0") << "it was on its way";
  EXPECT_EQ(sent[1], "5");
  EXPECT_EQ(outbox_.counters().dropped, 4u);
  EXPECT_THAT(why_dropped_, ::testing::Each(ErrorCode::kTooLarge));
}

TEST_F(AnOutbox, HoldsTheCallerBackWhileTooManyWait) {
  for (std::size_t i = 0; i < Outbox::kMaxWaiting; ++i) push(static_cast<int>(i) + 1, "x");
  bool went_on = false;
  const auto wait = [&]() -> boost::asio::awaitable<void> {
    co_await outbox_.room();
    went_on = true;
  };
  boost::asio::co_spawn(io_, wait(), boost::asio::detached);
  io_.poll();
  EXPECT_FALSE(went_on);
  run();
  EXPECT_TRUE(went_on);
  EXPECT_EQ(telegram_.sent_.size(), Outbox::kMaxWaiting);
}

TEST_F(AnOutbox, TellsWhenEverythingHasGone) {
  push(1, "x");
  bool drained = false;
  const auto wait = [&]() -> boost::asio::awaitable<void> {
    co_await outbox_.drained();
    drained = true;
    EXPECT_EQ(telegram_.sent_.size(), 1u);
  };
  boost::asio::co_spawn(io_, wait(), boost::asio::detached);
  run();
  EXPECT_TRUE(drained);
}

TEST_F(ALimitedOutbox, TenQuickTapsMakeTheFirstAnswersAndTheLast) {
  soon([&] {
    for (int i = 1; i <= 10; ++i) tap(1, i);
  });
  run();
  EXPECT_EQ(texts_to(1), (std::vector<std::string>{"1", "10"}));
  EXPECT_EQ(outbox_.counters().coalesced, 8u);
  EXPECT_EQ(outbox_.counters().rate_limited, 0u);
}

TEST_F(ALimitedOutbox, OnlyTheSameThingIsCoalescedAndTheOrderStays) {
  soon([&] {
    push(1, "report 1");
    tap(1, 1);
    push(1, "report 2");
    tap(1, 2);
    outbox_.push({.chat = ChatId{1}, .text = "rating", .topic = kRating});
    push(1, "report 2");
  });
  run();
  EXPECT_EQ(texts_to(1),
            (std::vector<std::string>{"report 1", "report 2", "2", "rating", "report 2"}));
}

TEST_F(ALimitedOutbox, WritesIntoAChatOnceASecondAfterABurst) {
  soon([&] {
    for (int i = 0; i < 6; ++i) push(1, std::to_string(i));
  });
  run();
  ASSERT_EQ(telegram_.sent_.size(), 6u);
  EXPECT_LT(telegram_.sent_[2].at, milliseconds(100));
  for (std::size_t i = 3; i < 6; ++i) {
    EXPECT_GE(telegram_.sent_[i].at - telegram_.sent_[i - 1].at, milliseconds(990));
  }
}

// A chat that asks for more than everybody else together waits for its own turns.
TEST_F(ALimitedOutbox, AHotChatStarvesNobody) {
  soon([&] {
    for (int i = 0; i < 30; ++i) push(1, std::to_string(i));
    for (int chat = 2; chat <= 60; ++chat) push(chat, "x");
  });
  run();
  for (int chat = 2; chat <= 60; ++chat) {
    const auto sent = std::find_if(telegram_.sent_.begin(), telegram_.sent_.end(),
                                   [&](const auto& each) { return each.chat == chat; });
    ASSERT_NE(sent, telegram_.sent_.end());
    EXPECT_LT(sent->at, seconds(4)) << chat;
  }
}

TEST_F(ALimitedOutbox, NeverSendsMoreThanItsShareInASecond) {
  soon([&] {
    for (int chat = 1; chat <= 500; ++chat) push(chat, "x");
  });
  run();
  ASSERT_EQ(telegram_.sent_.size(), 500u);
  for (std::size_t i = 25; i < 500; ++i) {
    EXPECT_GE(telegram_.sent_[i].at - telegram_.sent_[i - 25].at, seconds(1));
  }
  EXPECT_LT(telegram_.sent_.back().at, seconds(26));
}

TEST_F(ALimitedOutbox, WhatABlockedChatWasToGetGoesAndItIsAnsweredWhenItWritesAgain) {
  telegram_.refuse_ = [](std::int64_t, std::size_t attempt) -> std::optional<std::string> {
    if (attempt == 0) return kBlocked;
    return std::nullopt;
  };
  soon([&] {
    push(1, "a");
    push(1, "b");
    push(1, "c");
  });
  at(seconds(5), [&] { push(1, "d"); });
  run();
  EXPECT_EQ(texts_to(1), std::vector<std::string>{"d"});
  EXPECT_EQ(outbox_.counters().dropped, 3u);
}

TEST_F(ALimitedOutbox, APenaltyThatComesMeanwhileIsNoticed) {
  soon([&] {
    for (int i = 0; i < 4; ++i) push(1, std::to_string(i));
    budget_.penalize(ChatId{1}, seconds(20));
    push(2, "x");
  });
  run();
  EXPECT_EQ(telegram_.sent_.size(), 5u);
  EXPECT_LT(telegram_.sent_[1].at, seconds(1)) << "the other chat goes on";
  EXPECT_GE(telegram_.sent_[2].at, seconds(20));
}

TEST_F(ALimitedOutbox, HandsOverWhatMayGoAtOnceAndChargesIt) {
  const auto hand_over = [&](std::int64_t chat) {
    return outbox_.hand_over({.chat = ChatId{chat}, .text = "x"});
  };
  soon([&] {
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(hand_over(1)) << "the burst of a chat";
    EXPECT_FALSE(hand_over(1));
    push(2, "first");
    EXPECT_FALSE(hand_over(2)) << "the order within a chat stays";
    budget_.penalize(ChatId{3}, seconds(5));
    EXPECT_FALSE(hand_over(3));
  });
  at(seconds(10), [&] { EXPECT_TRUE(hand_over(2)); });
  run();
  EXPECT_EQ(telegram_.sent_.size(), 1u);
  EXPECT_EQ(outbox_.counters().sent, 5u);
}

TEST_F(ALimitedOutbox, ANewerCountTakesThePlaceOfOneThatWasRefused) {
  telegram_.refuse_ = [](std::int64_t, std::size_t attempt) -> std::optional<std::string> {
    if (attempt == 0) return kPenalty;
    return std::nullopt;
  };
  soon([&] {
    tap(1, 1);
    tap(1, 2);
  });
  at(seconds(10), [&] { tap(1, 3); });
  run();
  EXPECT_EQ(texts_to(1), std::vector<std::string>{"3"});
}

}  // namespace
}  // namespace telekv::telegram
