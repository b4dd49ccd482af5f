// A scripted network: answers and faults in the order they were queued; what was asked is kept.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "telegram/http.h"

namespace telekv::telegram {

class FakeHttp final : public Http {
 public:
  struct Asked {
    HttpRequest request;
    std::string body;  ///< the gather list in one piece
  };

  void answer(unsigned status, std::string body, std::string content_type = "application/json",
              std::uint32_t retry_after_s = 0) {
    script_.emplace_back(
        HttpResponse{status, std::move(content_type), retry_after_s, std::move(body)});
  }
  void succeed(std::string_view result) {
    answer(200, std::string(R"({"ok":true,"result":)").append(result).append("}"));
  }
  void refuse(unsigned code, std::string_view description) {
    answer(code, std::string(R"({"ok":false,"error_code":)")
                     .append(std::to_string(code))
                     .append(R"(,"description":")")
                     .append(description)
                     .append("\"}"));
  }
  void fail(Error error) { script_.emplace_back(std::move(error)); }

  Async<HttpResponse> exchange(HttpRequest request) override {
    Asked asked{request, ""};
    for (const auto& part : request.body) asked.body += *part;
    asked_.push_back(std::move(asked));
    if (script_.empty()) {
      ADD_FAILURE() << "a request that the test did not expect: " << request.target;
      co_return Error{.code = ErrorCode::kUnavailable, .message = "nothing scripted"};
    }
    auto next = std::move(script_.front());
    script_.pop_front();
    if (next && request.sink && next->status / 100 == 2) {
      const std::string body = std::exchange(next->body, "");
      for (std::size_t at = 0; at < body.size(); at += kPiece) {
        auto taken = request.sink(std::string_view(body).substr(at, kPiece));
        if (!taken) co_return taken.error();
      }
    }
    co_return next;
  }

  const std::vector<Asked>& asked() const { return asked_; }
  const Asked& last() const { return asked_.back(); }
  bool exhausted() const { return script_.empty(); }

 private:
  static constexpr std::size_t kPiece = 7;
  std::deque<Result<HttpResponse>> script_;
  std::vector<Asked> asked_;
};

}  // namespace telekv::telegram
