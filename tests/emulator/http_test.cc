// The emulator over a real loopback connection: keep-alive, long polls, bodies of every kind,
// faults, control.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <future>
#include <sstream>

#include "emulator/served.h"

namespace telekv::emulator {
namespace {

using testing::HasSubstr;

TEST_F(Http, AnswersOneRequestAfterAnotherOnOneConnection) {
  EXPECT_EQ(client_.get(bot("getMe")).at("result").at("id").as_int64(), kBot);
  EXPECT_EQ(client_.get(bot("GETME")).at("ok").as_bool(), true);
  EXPECT_EQ(client_.send(http::verb::get, bot("sendNothing")).result_int(), 404u);
  EXPECT_EQ(client_.get(bot("sendNothing")).at("description").as_string(),
            "Not Found: method not found");
  EXPECT_EQ(client_.send(http::verb::get, "/bot1:short/getMe").result_int(), 401u);
  EXPECT_EQ(client_.get("/elsewhere").at("description").as_string(), "Not Found");
}

TEST_F(Http, ALongPollEndsWhenAnUpdateArrives) {
  Client poller(server_->port());
  auto waiting =
      std::async(std::launch::async, [&] { return poller.get(bot("getUpdates?timeout=50")); });
  write(client_, "Клик");
  const auto updates = waiting.get().at("result");
  ASSERT_EQ(updates.as_array().size(), 1u);
  EXPECT_EQ(updates.at(0).at("message").at("text").as_string(), "Клик");
}

TEST_F(Http, ALongPollFromTheEndGetsAllThatComesTogether) {
  Client poller(server_->port());
  auto waiting = std::async(std::launch::async,
                            [&] { return poller.get(bot("getUpdates?offset=-1&timeout=50")); });
  while (!on_server([&] { return world_.find_bot(kBot)->last_poll.started != 0; })) {
  }
  on_server([&] {
    const TimeMs now = world_.find_bot(kBot)->last_poll.started;
    for (const char* text : {"one", "two"}) {
      world_.person_sends(*world_.find_bot(kBot), kAnya, text, now).value();
    }
    return true;
  });
  EXPECT_EQ(waiting.get().at("result").as_array().size(), 2u);
}

TEST_F(Http, HeadIsAnsweredWithoutABody) {
  EXPECT_EQ(client_.head("/").result_int(), 200u);
  EXPECT_EQ(client_.get(bot("getMe")).at("ok").as_bool(), true) << "the next answer is in step";
}

TEST_F(Http, TheOlderOfTwoLongPollsIsEndedWithAConflict) {
  Client older(server_->port());
  Client newer(server_->port());
  auto first =
      std::async(std::launch::async, [&] { return older.get(bot("getUpdates?timeout=50")); });
  std::future<boost::json::value> second;
  // The second call may be read first; then it is the one that ends. Either way one of them does.
  second = std::async(std::launch::async,
                      [&] { return newer.get(bot("getUpdates?offset=-1&timeout=50")); });
  std::future<boost::json::value>* ended = nullptr;
  while (ended == nullptr) {
    for (auto* call : {&first, &second}) {
      if (call->wait_for(std::chrono::milliseconds(1)) == std::future_status::ready) ended = call;
    }
  }
  const auto answer = ended->get();
  EXPECT_EQ(answer.at("error_code").as_int64(), 409);
  EXPECT_THAT(std::string(answer.at("description").as_string()),
              HasSubstr("Conflict: terminated by other getUpdates request"));
  write(client_, "Клик");
  EXPECT_EQ((ended == &first ? second : first).get().at("result").as_array().size(), 1u);
}

TEST_F(Http, ADocumentSentInChunksComesBackByteForByte) {
  std::string content;
  for (std::uint32_t i = 0; i < 3'000'000; ++i) content += static_cast<char>((i * 7919u) >> 5);
  const std::string body =
      "--B\r\ncontent-disposition: form-data; name=\"chat_id\"\r\n\r\n5123456789\r\n"
      "--B\r\ncontent-disposition: form-data; name=\"document\"; filename=s.gz\r\n\r\n" +
      content + "\r\n--B--\r\n";
  std::string request = "POST " + bot("sendDocument") +
                        " HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: multipart/form-data; "
                        "boundary=B\r\ntransfer-encoding: chunked\r\n\r\n";
  for (std::size_t at = 0; at < body.size(); at += 100'000) {
    const std::string piece = body.substr(at, 100'000);
    std::array<char, 16> size{};
    std::snprintf(size.data(), size.size(), "%zx\r\n", piece.size());
    request += size.data() + piece + "\r\n";
  }
  const auto sent = boost::json::parse(client_.send_raw(request + "0\r\n\r\n").body()).at("result");
  const std::string file_id(sent.at("document").at("file_id").as_string());
  const auto file = client_.get(bot("getFile?file_id=" + file_id)).at("result");
  const std::string path(file.at("file_path").as_string());
  EXPECT_EQ(path, "documents/file_1.gz");
  EXPECT_TRUE(
      client_.send(http::verb::get, std::string("/file/bot") + kToken + "/" + path).body() ==
      content);
  const auto page = client_.send(http::verb::get,
                                 "/emulator/chats/5123456789/messages/1/document?bot_id=123456789");
  EXPECT_TRUE(page.body() == content);
  EXPECT_EQ(
      client_.send(http::verb::get, std::string("/file/bot") + kToken + "/documents/file_2.gz")
          .result_int(),
      404u);
}

TEST_F(Http, ABodyOverTheBoundIsAnsweredWith413) {
  const auto response = client_.send_raw(
      "POST " + bot("sendDocument") + " HTTP/1.1\r\nHost: x\r\nContent-Length: 70000000\r\n\r\n");
  EXPECT_EQ(response.result_int(), 413u);
  EXPECT_THAT(response.body(), HasSubstr("Request Entity Too Large"));
}

// What zlib makes of a body; `window` chooses the format (zlib.h deflateInit2).
std::string compressed(const std::string& body, int window) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string result(deflateBound(&stream, body.size()), '\0');
  std::string input = body;
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  result.resize(stream.total_out);
  deflateEnd(&stream);
  return result;
}

constexpr int kGzip = MAX_WBITS + 16;
constexpr int kZlib = MAX_WBITS;

TEST_F(Http, BodiesMayComeInGzipAndDeflate) {
  const auto send = [&](const std::string& type, const std::string& encoding,
                        const std::string& body) {
    http::request<http::string_body> request(http::verb::post, bot("sendMessage"), 11);
    request.set(http::field::host, "127.0.0.1");
    request.set(http::field::content_type, type);
    request.set(http::field::content_encoding, encoding);
    request.body() = body;
    request.prepare_payload();
    std::ostringstream bytes;
    bytes << request;
    return client_.send_raw(bytes.str());
  };
  const std::string json = R"({"chat_id":5123456789,"text":"x"})";
  const std::string form = "chat_id=5123456789&text=x";
  EXPECT_EQ(send("application/json", "gzip", compressed(json, kGzip)).result_int(), 200u);
  EXPECT_EQ(send("application/json", "Deflate", compressed(json, kZlib)).result_int(), 200u);
  EXPECT_EQ(send("application/x-www-form-urlencoded", "gzip", compressed(form, kGzip)).result_int(),
            200u);
  EXPECT_EQ(send("application/json", "identity", json).result_int(), 200u);
  EXPECT_EQ(send("application/json", "br", json).result_int(), 415u);
  EXPECT_EQ(send("application/json", "gzip", json).result_int(), 400u);
  const std::string cut = compressed(json, kGzip).substr(0, 20);
  EXPECT_EQ(send("application/json", "gzip", cut).result_int(), 400u);
  const std::string bomb = compressed(std::string(61u << 20, ' '), kGzip);
  EXPECT_LT(bomb.size(), 100'000u);
  EXPECT_EQ(send("multipart/form-data; boundary=B", "gzip", bomb).result_int(), 413u);
  EXPECT_EQ(send("application/json", "gzip", compressed(json, kGzip)).result_int(), 200u);
}

TEST_F(Http, GarbageIsAnsweredWith400) {
  EXPECT_EQ(client_.send_raw("\x01\x02\r\n\r\n").result_int(), 400u);
}

TEST_F(Http, ThePageReadsTheChatAndWaitsForItsNextVersion) {
  const std::string chat = "/emulator/chats/5123456789/messages?bot_id=123456789";
  const auto before = client_.get(chat);
  EXPECT_TRUE(before.at("messages").as_array().empty());
  Client page(server_->port());
  auto waiting = std::async(std::launch::async, [&] {
    return page.get(chat + "&wait_s=60&after=" + std::to_string(before.at("version").as_int64()));
  });
  client_.post(bot("sendMessage"),
               R"({"chat_id":5123456789,"text":"x","reply_markup":{"keyboard":[["Клик"]]}})");
  const auto after = waiting.get();
  EXPECT_NE(after.at("version"), before.at("version"));
  EXPECT_EQ(after.at("messages").at(0).at("text").as_string(), "x");
  EXPECT_EQ(after.at("messages").at(0).at("pinned").as_bool(), false);
  EXPECT_EQ(after.at("reply_keyboard"), boost::json::parse(R"({"keyboard":[[{"text":"Клик"}]]})"));
}

TEST_F(Http, ControlCallsComeOnlyFromLoopbackPages) {
  const auto status = [&](const std::string& host) {
    return client_.send(http::verb::get, "/emulator/stats", {}, {}, host).result_int();
  };
  EXPECT_EQ(status("localhost:8081"), 200u);
  EXPECT_EQ(status("127.0.0.1"), 200u);
  EXPECT_EQ(status("evil.example"), 403u);
  EXPECT_EQ(status("127.0.0.1.evil.example"), 403u);
  const auto cross = client_.send_raw(
      "POST /emulator/clock HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://evil.example\r\n"
      "Content-Length: 15\r\n\r\n{\"advance_s\":1}");
  EXPECT_EQ(cross.result_int(), 403u);
}

TEST_F(Http, FaultsSpoilTheNextCallsAndNoMore) {
  const auto fault = [&](const std::string& json) { client_.post("/emulator/faults", json); };
  const auto send = [&] {
    return client_.send(http::verb::post, bot("sendMessage"),
                        R"({"chat_id":5123456789,"text":"x"})");
  };
  fault(R"({"method":"sendmessage","kind":"429","retry_after":35})");
  const auto slow = send();
  EXPECT_EQ(slow.result_int(), 429u);
  EXPECT_EQ(slow[http::field::retry_after], "35");
  EXPECT_EQ(slow.body(),
            R"({"ok":false,"error_code":429,"description":"Too Many Requests: retry after 35",)"
            R"("parameters":{"retry_after":35}})");
  fault(R"({"method":"*","kind":"502","bot_id":123456789})");
  const auto page = send();
  EXPECT_EQ(page.result_int(), 502u);
  EXPECT_THAT(page.body(), HasSubstr("<html>"));
  fault(R"({"method":"sendMessage","kind":"502","count":5})");
  EXPECT_EQ(client_.get("/emulator/faults").at("faults").as_int64(), 1);
  EXPECT_EQ(boost::json::serialize(
                boost::json::parse(client_.send(http::verb::delete_, "/emulator/faults").body())),
            R"({"faults":0})");
  EXPECT_EQ(send().result_int(), 200u);
  EXPECT_EQ(client_.get("/emulator/stats").at("messages").as_int64(), 1)
      << "no effect but the last";
}

TEST_F(Http, ACutConnectionMayOrMayNotHaveHadItsEffect) {
  const auto cut = [&](const char* kind) {
    client_.post("/emulator/faults",
                 std::string(R"({"method":"sendMessage","kind":")") + kind + "\"}");
    Client other(server_->port());
    EXPECT_THROW(
        other.send(http::verb::post, bot("sendMessage"), R"({"chat_id":5123456789,"text":"x"})"),
        boost::system::system_error);
    return client_.get("/emulator/stats").at("messages").as_int64();
  };
  EXPECT_EQ(cut("drop_before"), 0);
  EXPECT_EQ(cut("drop_after"), 1);
}

TEST_F(Http, FaultsThatWaitAreListedAndTakenBackOneByOne) {
  const auto fault = [&](const std::string& json) { client_.post("/emulator/faults", json); };
  fault(R"({"method":"sendmessage","kind":"429","retry_after":35,"count":2})");
  fault(R"({"method":"*","kind":"delay","delay_ms":50,"bot_id":77})");
  fault(R"({"method":"file","kind":"cut","bytes":10})");
  client_.post(bot("sendMessage"), R"({"chat_id":5123456789,"text":"x"})");
  EXPECT_EQ(boost::json::serialize(client_.get("/emulator/faults")),
            R"({"faults":3,"rules":[)"
            R"({"id":1,"method":"sendMessage","kind":"429","count":1,"retry_after":35},)"
            R"({"id":2,"method":"*","kind":"delay","count":1,"bot_id":77,"delay_ms":50},)"
            R"({"id":3,"method":"file","kind":"cut","count":1,"bytes":10}]})");
  const auto take_back = [&](const std::string& id) {
    return client_.send(http::verb::delete_, "/emulator/faults?id=" + id).result_int();
  };
  EXPECT_EQ(take_back("2"), 200u);
  EXPECT_EQ(take_back("2"), 404u);
  EXPECT_EQ(take_back("-1"), 404u);
  EXPECT_EQ(client_.get("/emulator/faults").at("faults").as_int64(), 2);
}

TEST_F(Http, AFaultThatMakesNoSenseIsRefused) {
  const auto status = [&](const std::string& json) {
    return client_.send(http::verb::post, "/emulator/faults", json).result_int();
  };
  EXPECT_EQ(status(R"({"method":"sendNothing","kind":"429"})"), 400u);
  EXPECT_EQ(status(R"({"method":"sendMessage","kind":"418"})"), 400u);
  EXPECT_EQ(status(R"({"method":"sendMessage","kind":"second_poller"})"), 400u);
  EXPECT_EQ(status(R"({"method":"*","kind":"cut","bytes":-1})"), 400u);
  EXPECT_EQ(status(R"({"method":"*","kind":"timeout","delay_ms":600001})"), 400u);
  EXPECT_EQ(status(R"({"method":"*","kind":"502","count":0})"), 400u);
  EXPECT_EQ(client_.get("/emulator/faults").at("faults").as_int64(), 0);
  const auto methods = client_.get("/emulator/methods").at("methods").as_array();
  EXPECT_THAT(boost::json::serialize(methods), HasSubstr("\"getUpdates\""));
}

TEST_F(Http, AnAnswerIsCutInTheMiddleAndTheCallHasHadItsEffect) {
  client_.post("/emulator/faults", R"({"method":"sendMessage","kind":"cut","bytes":7})");
  Client other(server_->port());
  const auto [head, body] =
      other.send_and_read_all("POST " + bot("sendMessage?chat_id=5123456789&text=x") +
                              " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n");
  EXPECT_THAT(head, HasSubstr("200 OK"));
  EXPECT_EQ(body, R"({"ok":t)");
  EXPECT_EQ(client_.get("/emulator/stats").at("messages").as_int64(), 1);
}

TEST_F(Http, ACutBeyondTheEndTakesTheLastByte) {
  const auto me = client_.send(http::verb::get, bot("getMe")).body();
  client_.post("/emulator/faults", R"({"method":"getMe","kind":"cut","bytes":1000000})");
  Client other(server_->port());
  const auto [head, body] =
      other.send_and_read_all("GET " + bot("getMe") + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  EXPECT_EQ(body, me.substr(0, me.size() - 1));
}

TEST_F(Http, ACallThatTimesOutHasHadItsEffect) {
  client_.post("/emulator/faults", R"({"method":"sendMessage","kind":"timeout","delay_ms":200})");
  Client other(server_->port());
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THROW(
      other.send(http::verb::post, bot("sendMessage"), R"({"chat_id":5123456789,"text":"x"})"),
      boost::system::system_error);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(200));
  EXPECT_EQ(client_.get("/emulator/stats").at("messages").as_int64(), 1);
}

TEST_F(Http, ASecondPollerEndsTheWaitingPollAndTheNextOne) {
  Client poller(server_->port());
  auto waiting =
      std::async(std::launch::async, [&] { return poller.get(bot("getUpdates?timeout=50")); });
  while (!on_server([&] {
    const Bot* known = world_.find_bot(kBot);
    return known != nullptr && known->last_poll.started != 0;
  })) {
  }
  client_.post("/emulator/faults", R"({"method":"getUpdates","kind":"second_poller","count":2})");
  EXPECT_THAT(std::string(waiting.get().at("description").as_string()),
              HasSubstr("Conflict: terminated by other getUpdates request"));
  EXPECT_EQ(client_.get(bot("getUpdates")).at("error_code").as_int64(), 409);
  EXPECT_TRUE(client_.get(bot("getUpdates")).at("ok").as_bool());
}

TEST_F(Http, APersonUnpinsAndDeletesAndTheBotIsNotTold) {
  client_.post(bot("sendMessage"), R"({"chat_id":5123456789,"text":"old"})");
  client_.post(bot("pinChatMessage"), R"({"chat_id":5123456789,"message_id":1})");
  client_.get(bot("getUpdates?offset=-1"));
  client_.post("/emulator/clock", R"({"advance_s":259200})");
  const auto status = [&](const std::string& call, const std::string& json) {
    return client_
        .send(http::verb::post, "/emulator/" + call,
              R"({"bot_id":123456789,"from":5123456789)" + json + "}")
        .result_int();
  };
  const auto chat = [&] {
    return client_.get("/emulator/chats/5123456789/messages?bot_id=123456789");
  };
  EXPECT_FALSE(chat().at("pinned_message").is_null());
  EXPECT_EQ(status("unpin", R"(,"message_id":9)"), 400u);
  EXPECT_EQ(status("unpin", R"(,"message_id":1)"), 200u);
  EXPECT_TRUE(chat().at("pinned_message").is_null());
  EXPECT_EQ(status("unpin", ""), 400u) << "nothing is pinned any more";
  EXPECT_EQ(status("delete_message", R"(,"message_id":1)"), 200u) << "older than 48 hours";
  EXPECT_EQ(status("delete_message", R"(,"message_id":1)"), 400u);
  EXPECT_EQ(status("delete_message", R"(,"message_id":99999999999)"), 400u);
  EXPECT_EQ(chat().at("messages").as_array().size(), 1u) << "what is left tells of the pin";
  EXPECT_EQ(client_.get("/emulator/updates?bot_id=123456789").at("pending").as_int64(), 1)
      << "of the pin alone";
}

TEST_F(Http, TheClockGoesForward) {
  write(client_, "old");
  client_.post("/emulator/clock", R"({"advance_s":86401})");
  EXPECT_EQ(client_.get(bot("getUpdates")).at("result").as_array().size(), 0u);
  EXPECT_EQ(client_.send(http::verb::post, "/emulator/clock", R"({"advance_s":-1})").result_int(),
            400u);
  EXPECT_EQ(client_.get("/emulator/clock").at("advance_s").as_int64(), 86401);
}

TEST_F(Http, RawUpdatesReachTheBotAsTheyAre) {
  client_.post("/emulator/raw_update", R"({"bot_id":123456789,"base64":"Im1lc3NhZ2UiOv99"})");
  EXPECT_THAT(client_.send(http::verb::get, bot("getUpdates")).body(),
              HasSubstr("\"update_id\":100000001,\"message\":\xFF}"));
}

TEST_F(Http, AWebhookGetsUpdatesAndItsAnswerIsCarriedOut) {
  BotServer server;
  EXPECT_EQ(client_.post(bot("setWebhook"), server.settings()).at("description").as_string(),
            "Webhook was set");
  write(client_, "Клик");
  const auto delivered = server.receive();
  EXPECT_EQ(delivered["X-Telegram-Bot-Api-Secret-Token"], "s");
  const auto update = boost::json::parse(delivered.body());
  EXPECT_EQ(update.at("message").at("text").as_string(), "Клик");
  server.answer(R"({"method":"sendMessage","chat_id":5123456789,"text":"Кликов: 1"})");

  write(client_, "Ещё");
  server.receive();
  // The next update is delivered once the answer to the one before has been carried out.
  const auto chat = client_.get("/emulator/chats/5123456789/messages?bot_id=123456789");
  const auto& messages = chat.at("messages").as_array();
  EXPECT_EQ(std::count_if(messages.begin(), messages.end(),
                          [](const auto& each) { return each.at("text") == "Кликов: 1"; }),
            1);
  const auto queue = client_.get("/emulator/updates?bot_id=123456789");
  const auto id = update.at("update_id").as_int64();
  EXPECT_EQ(queue.at("confirmed"), boost::json::value({{id, id}}));
  EXPECT_EQ(queue.at("queued"), boost::json::array{id + 1});
}

TEST_F(Http, AWebhooksAnswerMayNotReadOrChangeTheWebhook) {
  BotServer server;
  client_.post(bot("setWebhook"), server.settings());
  for (const char* json : {R"({"method":"deleteWebhook"})", R"({"method":"SetWebhook","url":""})",
                           R"({"method":"getMe"})", R"({"method":"logOut"})",
                           R"({"method":"none"})", "[1]", "{", "x"}) {
    write(client_, "Клик");
    server.receive();
    server.answer(json);
  }
  write(client_, "Клик");
  server.receive();
  const auto calls = client_.get("/emulator/stats").at("calls");
  EXPECT_EQ(calls.as_object().size(), 1u) << calls;
}

TEST_F(Http, WhileAWebhookIsSetGetUpdatesIsAConflict) {
  BotServer server;
  client_.post(bot("setWebhook"), server.settings());
  const auto answer = client_.get(bot("getUpdates"));
  EXPECT_EQ(answer.at("error_code").as_int64(), 409);
  EXPECT_EQ(answer.at("description").as_string(),
            "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to "
            "delete the webhook first");
  client_.get(bot("deleteWebhook"));
  EXPECT_TRUE(client_.get(bot("getUpdates")).at("ok").as_bool());
}

TEST_F(Http, SetWebhookEndsALongPoll) {
  BotServer server;
  Client poller(server_->port());
  auto waiting =
      std::async(std::launch::async, [&] { return poller.get(bot("getUpdates?timeout=50")); });
  while (!on_server([&] {
    const Bot* known = world_.find_bot(kBot);
    return known != nullptr && known->last_poll.started != 0;
  })) {
  }
  client_.post(bot("setWebhook"), server.settings());
  EXPECT_EQ(waiting.get().at("description").as_string(),
            "Conflict: terminated by setWebhook request");
}

TEST_F(Http, ALaterEditCancelsTheUploadOfAnEarlierOne) {
  const auto edit = [&](Client& client, const std::string& content) {
    const std::string body =
        "--B\r\nContent-Disposition: form-data; name=\"chat_id\"\r\n\r\n5123456789\r\n"
        "--B\r\nContent-Disposition: form-data; name=\"message_id\"\r\n\r\n1\r\n"
        "--B\r\nContent-Disposition: form-data; name=\"media\"\r\n\r\n"
        "{\"type\":\"document\",\"media\":\"attach://f\"}\r\n"
        "--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n" +
        content + "\r\n--B--\r\n";
    return boost::json::parse(client
                                  .send(http::verb::post, bot("editMessageMedia"), body,
                                        "multipart/form-data; boundary=B")
                                  .body());
  };
  client_.get(bot("sendMessage?chat_id=5123456789&text=x"));
  client_.post("/emulator/upload_time", R"({"ms":600000})");
  Client slow(server_->port());
  auto canceled = std::async(std::launch::async, [&] { return edit(slow, "slow"); });
  // The earlier edit does not end by itself; the later ones are quick, and one will meet it.
  Client quick(server_->port());
  while (canceled.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready) {
    client_.get(bot("editMessageMedia?chat_id=5123456789&message_id=1&media=%7B%7D"));
  }
  EXPECT_EQ(canceled.get().at("description").as_string(),
            "Bad Request: canceled by new edit message request");
  client_.post("/emulator/upload_time", R"({"ms":0})");
  EXPECT_TRUE(edit(quick, "quick").at("ok").as_bool());
}

TEST_F(Http, LoggingOutAndClosingEndALongPoll) {
  const auto ended_by = [&](const char* method) {
    Client poller(server_->port());
    auto waiting =
        std::async(std::launch::async, [&] { return poller.get(bot("getUpdates?timeout=50")); });
    while (!on_server([&] { return world_.find_bot(kBot)->last_poll.started != 0; })) {
    }
    client_.post("/emulator/clock", R"({"advance_s":601})");  // close is refused to newcomers
    EXPECT_TRUE(client_.get(bot(method)).at("ok").as_bool()) << method;
    on_server([&] {
      world_.find_bot(kBot)->last_poll = {};
      return true;
    });
    return std::string(waiting.get().at("description").as_string());
  };
  EXPECT_EQ(ended_by("close"), "Internal Server Error: restart");
  EXPECT_EQ(client_.get(bot("close")).at("description").as_string(),
            "Bad Request: the bot has already been closed");
  EXPECT_EQ(ended_by("logOut"), "Logged out");
  EXPECT_EQ(client_.get(bot("getMe")).at("description").as_string(), "Logged out");
  client_.post("/emulator/clock", R"({"advance_s":601})");
  EXPECT_TRUE(client_.get(bot("getMe")).at("ok").as_bool());
}

class HttpUnderFloodLimits : public Http {
 protected:
  HttpUnderFloodLimits() : Http(FloodKind::kReal) {}
};

TEST_F(HttpUnderFloodLimits, CallsInAWebhooksAnswerAreCharged) {
  BotServer server;
  client_.post(bot("setWebhook"), server.settings());
  for (int i = 0; i < 30; ++i) {
    write(client_, "Клик");
    server.receive();
    server.answer(R"({"method":"sendMessage","chat_id":5123456789,"text":"Кликов: 1"})");
  }
  write(client_, "Клик");
  server.receive();
  const auto calls = client_.get("/emulator/stats").at("calls").at("sendMessage");
  EXPECT_GE(calls.at("ok").as_int64(), 20);
  EXPECT_LT(calls.at("ok").as_int64(), 30);
}

TEST_F(Http, TheClockMovesTheRetriesOfAWebhook) {
  BotServer server;
  client_.post(bot("setWebhook"), server.settings());
  write(client_, "Клик");
  const auto first = server.receive();
  server.ask_to_wait("3600");
  while (!client_.get(bot("getWebhookInfo")).at("result").as_object().contains("last_error_date")) {
  }
  client_.post("/emulator/clock", R"({"advance_s":3600})");
  EXPECT_EQ(server.receive().body(), first.body());
}

TEST_F(Http, TheChatPageIsServedWithItsOwnScriptsOnly) {
  const auto page = client_.send(http::verb::get, "/");
  EXPECT_EQ(page.result_int(), 200u);
  EXPECT_THAT(std::string(page["Content-Security-Policy"]), HasSubstr("default-src 'self'"));
  EXPECT_EQ(client_.send(http::verb::get, "/page.js").result_int(), 200u);
  EXPECT_EQ(client_.send(http::verb::get, "/page.css").result_int(), 200u);
  EXPECT_EQ(client_.send(http::verb::get, "/favicon.svg")["Content-Type"], "image/svg+xml");
}

TEST_F(Http, ABotCanBeNamedByItsToken) {
  const auto name = [&](const std::string& token, const std::string& first_name) {
    return client_.send(http::verb::post, "/emulator/bots",
                        R"({"token":")" + token + R"(","first_name":")" + first_name + "\"}");
  };
  const auto named = boost::json::parse(name(kToken, "Кликер").body());
  EXPECT_EQ(named.at("id").as_int64(), 123456789);
  EXPECT_EQ(client_.get(bot("getMe")).at("result").at("first_name").as_string(), "Кликер");
  EXPECT_EQ(client_.get("/emulator/bots").at("bots").at(0).at("first_name").as_string(), "Кликер");

  EXPECT_EQ(name("123456789:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB", "x").result_int(), 401u);
  EXPECT_EQ(name(kToken, "").result_int(), 400u);
  EXPECT_EQ(name(kToken, std::string(65, 'x')).result_int(), 400u);
  EXPECT_EQ(client_.get(bot("getMe")).at("result").at("first_name").as_string(), "Кликер");
}

}  // namespace
}  // namespace telekv::emulator
