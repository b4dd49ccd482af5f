// The Bot API for tests of what the bot sends: takes everything, and keeps it.
#pragma once

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "telegram/api.h"
#include "telegram/http.h"
#include "vault/clock.h"

namespace telekv::bot {

/// The n-th call's message has the id n.
class Post final : public telegram::Http {
 public:
  struct Call {
    std::string method;
    boost::json::value body;
    vault::Clock::Time at{};
  };
  std::vector<Call> calls;
  std::map<std::string, vault::Clock::Duration> takes;  ///< until a method is answered
  std::map<std::string, int> most_at_once;              ///< of a method

  explicit Post(vault::Clock& clock) : clock_(&clock) {}

  telegram::Async<telegram::HttpResponse> exchange(telegram::HttpRequest request) override {
    std::string body;
    for (const auto& part : request.body) body += *part;
    const std::string method = request.target.substr(request.target.rfind('/') + 1);
    const bool is_json = request.content_type == "application/json";
    calls.push_back({method,
                     is_json ? boost::json::parse(body) : boost::json::object{{"form", body}},
                     clock_->now()});
    const std::size_t number = calls.size();
    most_at_once[method] = std::max(most_at_once[method], ++at_once_[method]);
    if (takes.contains(method)) co_await clock_->sleep_for(takes[method]);
    --at_once_[method];
    telegram::HttpResponse response;
    response.status = 200;
    response.content_type = "application/json";
    response.body = R"({"ok":true,"result":{"message_id":)" + std::to_string(number) +
                    R"(,"date":1,"chat":{"id":1,"type":"private"}}})";
    if (method == "answerCallbackQuery") response.body = R"({"ok":true,"result":true})";
    co_return response;
  }

  /// Of everything but documents.
  std::vector<std::string> texts() const {
    std::vector<std::string> texts;
    for (const Call& call : calls) {
      if (call.method != "sendDocument") texts.emplace_back(call.body.at("text").as_string());
    }
    return texts;
  }

  std::size_t count(std::string_view method) const {
    return static_cast<std::size_t>(std::count_if(
        calls.begin(), calls.end(), [&](const Call& call) { return call.method == method; }));
  }

 private:
  vault::Clock* clock_;
  std::map<std::string, int> at_once_;
};

inline telegram::Token test_token() {
  return telegram::Token::parse("17179869195:AAthis_is_a_secret_of_the_tests_000").value();
}

}  // namespace telekv::bot
