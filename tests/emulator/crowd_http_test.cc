// Simulated people over HTTP: what starts them and ends them, what is told of them, what is
// refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <thread>

#include "emulator/journal.h"
#include "emulator/served.h"

namespace telekv::emulator {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr int kPeople = 200;

// A bot that answers whatever it is told, on a thread of its own, as long as the object lives.
class AnsweringBot {
 public:
  AnsweringBot(std::uint16_t port, std::string root)
      : root_(std::move(root)), client_(port), thread_([this] { run(); }) {}
  AnsweringBot(const AnsweringBot&) = delete;
  AnsweringBot& operator=(const AnsweringBot&) = delete;
  ~AnsweringBot() { stop(); }

  /// How often it was told what.
  std::map<std::string, std::uint64_t> stop() {
    is_over_ = true;
    if (thread_.joinable()) thread_.join();
    return heard_;
  }

 private:
  void run() {
    for (std::int64_t offset = 0; !is_over_;) {
      const auto updates =
          client_.get(root_ + "getUpdates?timeout=1&offset=" + std::to_string(offset));
      for (const auto& update : updates.at("result").as_array()) {
        offset = update.at("update_id").as_int64() + 1;
        const auto& message = update.at("message");
        ++heard_[std::string(message.at("text").as_string())];
        const auto chat = std::to_string(message.at("chat").at("id").as_int64());
        client_.post(root_ + "sendMessage", R"({"text":"ok","chat_id":)" + chat + "}");
      }
    }
  }

  std::string root_;
  Client client_;
  std::map<std::string, std::uint64_t> heard_;
  std::atomic<bool> is_over_ = false;
  std::thread thread_;
};

class CrowdHttp : public Http {
 protected:
  explicit CrowdHttp(const fs::path& state_folder = {}) : Http(FloodKind::kOff, state_folder) {
    std::string people = R"({"bot_id":123456789,"people":[)";
    for (int i = 0; i < kPeople; ++i) {
      people += std::string(i == 0 ? "" : ",") + R"({"first_name":"Аня"})";
    }
    made_ = client_.post("/emulator/people", people + "]}");
  }

  // Everybody says the same. `loop`: what is added to the plan, or takes the place of what it says.
  Response post(const std::string& loop) {
    const boost::json::value changes = boost::json::parse(loop);
    boost::json::value whole = boost::json::parse(
        R"({"bot_id":123456789,"people":201,"time_s":1,"says":[{"text":"Клик"}]})");
    boost::json::object& plan = whole.as_object();
    for (const auto& [name, value] : changes.as_object()) {
      if (value.is_null()) {
        plan.erase(name);
      } else {
        plan[name] = value;
      }
    }
    return client_.send(http::verb::post, "/emulator/crowd", boost::json::serialize(plan));
  }

  boost::json::value report() { return client_.get("/emulator/crowd"); }

  boost::json::value wait_for_the_end() {
    auto last = report();
    while (last.at("running").as_bool()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      last = report();
    }
    return last;
  }

  static std::uint64_t count(const boost::json::value& report, const char* name) {
    return report.at(name).to_number<std::uint64_t>();
  }

  std::uint64_t pending() {
    return count(client_.get("/emulator/updates?bot_id=123456789"), "pending");
  }

  boost::json::value made_;
};

TEST_F(CrowdHttp, ManyPeopleAreMadeInOneCall) {
  EXPECT_EQ(made_, boost::json::parse(R"({"people":200})"));
  const auto people = client_.get("/emulator/people?limit=1&offset=200");
  EXPECT_EQ(people.at("total").as_int64(), 201);
  const auto last = std::to_string(people.at("people").at(0).at("id").as_int64());
  EXPECT_TRUE(client_.get(bot("sendMessage?text=x&chat_id=" + last)).at("ok").as_bool())
      << "the chat is open";
}

TEST_F(CrowdHttp, AListOfPeopleThatIsNoneIsRefused) {
  const auto refusal = [&](const std::string& people) {
    const auto answer =
        client_.send(http::verb::post, "/emulator/people", R"({"people":)" + people + "}");
    EXPECT_EQ(answer.result_int(), 400u) << people;
    return std::string(boost::json::parse(answer.body()).at("error").as_string());
  };
  std::string many = "[{}";
  for (int i = 0; i < 10'000; ++i) many += ",{}";
  EXPECT_EQ(refusal(many + "]"), "\"people\" must be a list of at most 10000");
  EXPECT_THAT(refusal("3"), HasSubstr("\"people\""));
  EXPECT_THAT(refusal("[3]"), HasSubstr("\"people\""));
  EXPECT_THAT(refusal(R"([{"first_name":"B"},{"id":8}])"), HasSubstr("\"first_name\""));
  EXPECT_THAT(refusal(R"([{"first_name":"B","id":-8}])"), HasSubstr("id must be in 1..2^52"));
}

TEST_F(CrowdHttp, AClosedLoopIsAnsweredAndEnds) {
  AnsweringBot answering(server_->port(), bot(""));
  EXPECT_EQ(
      post(R"({"waiting":5,"says":[{"text":"Клик","share":0.75},{"text":"Рейтинг","share":0.25}]})")
          .body(),
      "{}");
  EXPECT_TRUE(report().at("running").as_bool());
  const auto last = wait_for_the_end();
  const auto heard = answering.stop();
  EXPECT_EQ(heard.size(), 2u);
  EXPECT_GT(heard.at("Клик"), heard.at("Рейтинг"));
  EXPECT_EQ(count(last, "written"), heard.at("Клик") + heard.at("Рейтинг"));
  EXPECT_EQ(count(last, "answers"), count(last, "written"));
  EXPECT_EQ(count(last, "unanswered"), 0u);
  EXPECT_EQ(count(last, "waiting"), 0u);
  EXPECT_GT(count(last, "elapsed_us"), 500'000u);
  const auto& latency = last.at("latency_us");
  EXPECT_GT(count(latency, "p50"), 0u);
  EXPECT_LE(count(latency, "p50"), count(latency, "p99"));
  EXPECT_LE(count(latency, "p99"), count(latency, "p99_9"));
  EXPECT_LE(count(latency, "p99_9"), count(latency, "max"));
  EXPECT_LE(count(last, "longest_gap_us"), count(last, "elapsed_us"));
}

TEST_F(CrowdHttp, AnOpenLoopWritesAllThatIsDue) {
  AnsweringBot answering(server_->port(), bot(""));
  post(R"({"per_second":150,"newcomers":0.5,"says":[{"text":"Клик","share":0.5}]})");
  const auto last = wait_for_the_end();
  const auto heard = answering.stop();
  EXPECT_EQ(count(last, "written") + count(last, "skipped"), 150u);
  EXPECT_EQ(count(last, "written"), heard.at("Клик") + heard.at("/start"));
  EXPECT_EQ(count(last, "answers"), count(last, "written"));
  EXPECT_EQ(count(client_.get("/emulator/people"), "total"), 201 + heard.at("/start"));
}

TEST_F(CrowdHttp, DeletedItWritesNoMore) {
  post(R"({"waiting":3,"time_s":3600})");
  EXPECT_EQ(pending(), 3u);
  EXPECT_EQ(client_.send(http::verb::delete_, "/emulator/crowd").body(), "{}");
  EXPECT_FALSE(report().at("running").as_bool());
  {
    AnsweringBot answering(server_->port(), bot(""));
    while (pending() > 0) {
    }
  }
  EXPECT_EQ(count(report(), "written"), 3u);
  EXPECT_EQ(count(report(), "answers"), 0u) << "they do not wait any more";
}

TEST_F(CrowdHttp, AnotherTakesThePlaceOfTheOneBefore) {
  post(R"({"waiting":3,"time_s":3600})");
  EXPECT_EQ(post(R"({"waiting":2,"time_s":3600})").result_int(), 200u);
  EXPECT_EQ(count(report(), "written"), 2u);
  EXPECT_EQ(count(report(), "waiting"), 2u);
  EXPECT_EQ(pending(), 5u);
  EXPECT_EQ(post(R"({"waiting":0})").result_int(), 400u);
  EXPECT_EQ(count(report(), "written"), 2u) << "what is refused ends nothing";
  EXPECT_TRUE(report().at("running").as_bool());
}

TEST_F(CrowdHttp, WhatIsWrongIsNamed) {
  const auto refusal = [&](const std::string& change) {
    const auto answer = post(change);
    EXPECT_EQ(answer.result_int(), 400u) << change;
    return std::string(boost::json::parse(answer.body()).at("error").as_string());
  };
  const std::string long_text(4097, 'x');
  EXPECT_THAT(refusal(R"({"waiting":1,"bot_id":null})"), HasSubstr("\"bot_id\""));
  EXPECT_THAT(refusal(R"({"waiting":1,"people":null})"), HasSubstr("\"people\""));
  EXPECT_THAT(refusal(R"({"waiting":1,"people":0})"), HasSubstr("\"people\""));
  EXPECT_THAT(refusal(R"({"waiting":1,"time_s":0})"), HasSubstr("\"time_s\""));
  EXPECT_THAT(refusal(R"({"waiting":1,"time_s":86401})"), HasSubstr("\"time_s\""));
  EXPECT_THAT(refusal(R"({"waiting":1,"seed":"x"})"), HasSubstr("\"seed\""));
  EXPECT_THAT(refusal(R"({})"), HasSubstr("\"waiting\""));
  EXPECT_THAT(refusal(R"({"waiting":1,"per_second":1})"), HasSubstr("\"per_second\""));
  EXPECT_THAT(refusal(R"({"waiting":-1})"), HasSubstr("\"waiting\""));
  EXPECT_THAT(refusal(R"({"waiting":202})"), HasSubstr("\"waiting\""));
  EXPECT_THAT(refusal(R"({"waiting":8,"people":7})"), HasSubstr("\"waiting\""));
  EXPECT_THAT(refusal(R"({"per_second":-1})"), HasSubstr("\"per_second\""));
  EXPECT_THAT(refusal(R"({"per_second":1e9})"), HasSubstr("\"per_second\""));
  EXPECT_THAT(refusal(R"({"per_second":"1"})"), HasSubstr("\"per_second\""));
  EXPECT_THAT(refusal(R"({"waiting":1,"says":null})"), HasSubstr("\"says\""));
  EXPECT_THAT(refusal(R"({"waiting":1,"says":"Клик"})"), HasSubstr("\"says\""));
  EXPECT_THAT(refusal(R"({"waiting":1,"says":["Клик"]})"), HasSubstr("\"says\""));
  EXPECT_THAT(refusal(R"({"waiting":1,"says":[]})"), HasSubstr("shares"));
  EXPECT_THAT(refusal(R"({"waiting":1,"newcomers":0.1})"), HasSubstr("shares"));
  EXPECT_THAT(refusal(R"({"waiting":1,"newcomers":-1,"says":[{"text":"x"},{"text":"y"}]})"),
              HasSubstr("\"newcomers\""));
  EXPECT_THAT(refusal(R"({"waiting":1,"says":[{"text":"x","share":0.5}]})"), HasSubstr("shares"));
  EXPECT_THAT(refusal(R"({"waiting":1,"says":[{"text":"x","share":2}]})"), HasSubstr("\"share\""));
  EXPECT_THAT(refusal(R"({"waiting":1,"says":[{"share":1}]})"), HasSubstr("\"text\""));
  EXPECT_THAT(refusal(R"({"waiting":1,"says":[{"text":" \n"}]})"), HasSubstr("\"text\""));
  EXPECT_THAT(refusal(R"({"waiting":1,"says":[{"text":")" + long_text + R"("}]})"),
              HasSubstr("\"text\""));
  EXPECT_EQ(client_.send(http::verb::get, "/emulator/crowd").result_int(), 404u)
      << "nothing of it started one";
  EXPECT_EQ(post(R"({"waiting":201})").result_int(), 200u);
}

TEST_F(CrowdHttp, AnAnswerOfAWebhookLetsTheNextOneWriteAtOnce) {
  BotServer server;
  client_.post(bot("setWebhook"), server.settings());
  post(R"({"waiting":1})");
  // By the clock alone the next one would write ten times in that second.
  for (int i = 0; i < 20; ++i) {
    const auto person = boost::json::parse(server.receive().body()).at("message").at("chat");
    server.answer(R"({"method":"sendMessage","text":"ok","chat_id":)" +
                  std::to_string(person.at("id").as_int64()) + "}");
  }
  EXPECT_GE(count(report(), "written"), 20u);
}

TEST_F(CrowdHttp, PagesAreToldOfNewcomers) {
  std::shared_ptr<PageWatch> page;
  post(R"({"per_second":20,"newcomers":1,"says":[]})");
  on_server([&] { return (page = service_.page_events().open()) != nullptr; });
  std::string news;
  while (!on_server([&] {
    if (!page->has_news()) return false;
    news = page->take_news(world_);
    return true;
  })) {
  }
  EXPECT_THAT(news, HasSubstr(R"("people":true)"));
}

class CrowdWithState : public CrowdHttp {
 protected:
  CrowdWithState() : CrowdHttp(folder()) {}
  ~CrowdWithState() override {
    stop();
    fs::remove_all(folder());
  }
  static fs::path folder() { return fs::path(testing::TempDir()) / "telekv_crowd_state"; }
};

TEST_F(CrowdWithState, WhatItWroteIsKept) {
  post(R"({"per_second":100,"time_s":3600})");
  while (!on_server([&] { return world_.find_bot(kBot)->queue.size() >= 10; })) {
  }
  stop();
  const std::size_t written = world_.find_bot(kBot)->queue.size();
  journal_.reset();
  World again(1'790'000'000'000);
  const auto opened = Journal::open(folder(), again);
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(again.find_bot(kBot)->queue.size(), written);
}

}  // namespace
}  // namespace telekv::emulator
