// Http that counts what goes through another one: downloads as they come, uploads when they are
// there. One thread.
#pragma once

#include <cstdint>
#include <utility>

#include "telegram/http.h"

namespace telekv::cli {

class CountedHttp final : public telegram::Http {
 public:
  /// `http` must outlive the object.
  explicit CountedHttp(telegram::Http& http) : http_(&http) {}

  /// Of both kinds, since the beginning.
  std::uint64_t bytes() const { return bytes_; }

  telegram::Async<telegram::HttpResponse> exchange(telegram::HttpRequest request) override {
    std::uint64_t upload = 0;
    for (const telegram::SharedBytes& part : request.body) upload += part->size();
    if (request.sink) {
      request.sink = [this, take = std::move(request.sink)](std::string_view piece) {
        bytes_ += piece.size();
        return take(piece);
      };
    }
    auto response = co_await http_->exchange(std::move(request));
    if (response) bytes_ += upload;
    co_return response;
  }

 private:
  telegram::Http* http_;
  std::uint64_t bytes_ = 0;
};

}  // namespace telekv::cli
