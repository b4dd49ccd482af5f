// A Telegram in the hands of a test: a world, one bot, virtual time; methods are called as the
// server calls them.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "emulator/bot_api.h"

namespace telekv::emulator {

inline constexpr BotId kBot = 123456789;
inline constexpr PersonId kAnya = 5'123'456'789;             // above 2^32
inline constexpr PersonId kAdmin = (std::int64_t{1} << 52);  // the largest id
inline constexpr const char* kToken = "123456789:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

struct Upload {
  std::string field;
  std::string name;
  std::string content;
};

struct Telegram {
  Telegram() : bot(*world.authorize(kToken).value()) {
    world.put_person({kAnya, "Аня", "", "", "ru"}).value();
    world.put_person({kAdmin, "Admin", "", "", ""}).value();
    world.open_chat(bot, kAnya);
    world.open_chat(bot, kAdmin);
  }

  using Values = std::vector<std::pair<std::string, std::string>>;

  /// The whole answer, as a client reads it.
  boost::json::value call(std::string_view method, const Values& values,
                          const std::vector<Upload>& uploads = {}) {
    Arguments arguments;
    for (const auto& [name, value] : values) arguments.add(name, value);
    for (const Upload& upload : uploads) arguments.add({upload.field, upload.name, upload.content});
    std::string result;
    Call in{world, files, bot, arguments, now};
    const auto done = find_method(method)->run(in, result);
    return boost::json::parse(done.has_error() ? wrap_error(done.error())
                                               : wrap_result(result, in.description));
  }

  /// The result of a call that succeeds.
  boost::json::value result(std::string_view method, const Values& values,
                            const std::vector<Upload>& uploads = {}) {
    boost::json::value answer = call(method, values, uploads);
    return answer.at("ok").as_bool() ? answer.at("result") : answer;
  }

  /// The description of a call that fails, "" when it succeeds.
  std::string error(std::string_view method, const Values& values,
                    const std::vector<Upload>& uploads = {}) {
    const boost::json::value answer = call(method, values, uploads);
    return answer.at("ok").as_bool() ? std::string()
                                     : std::string(answer.at("description").as_string());
  }

  std::string send(PersonId to, const std::string& text) {
    return id_of(result("sendMessage", {{"chat_id", std::to_string(to)}, {"text", text}}));
  }

  std::string send_document(PersonId to, const std::string& content) {
    return id_of(result("sendDocument", {{"chat_id", std::to_string(to)}},
                        {{"document", "root.bin", content}}));
  }

  static std::string id_of(const boost::json::value& message) {
    return std::to_string(message.at("message_id").as_int64());
  }

  /// What getUpdates would return now.
  boost::json::array updates(PollRequest request = {}) {
    boost::json::array list;
    for (const QueuedUpdate* update : world.poll(bot, world.plan_poll(bot, request, now), now)) {
      list.push_back(boost::json::parse(update->json));
    }
    return list;
  }

  void pass(std::int64_t seconds) { now += seconds * 1000; }

  TimeMs now = 1'790'000'000'000;
  World world{now};
  FileStore files;
  Bot& bot;
};

inline const std::string kAnyaId = std::to_string(kAnya);
inline const std::string kAdminId = std::to_string(kAdmin);

}  // namespace telekv::emulator
