// A request and its answer, free of any HTTP library: what the service sees and gives back.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "emulator/file_store.h"

namespace telekv::emulator {

/// An upload of 50 MB, its form and some room.
inline constexpr std::uint64_t kMaxBodyBytes = 60u << 20;

struct HttpRequest {
  std::string method;
  std::string target;  ///< path and query, still percent-encoded
  std::string content_type;
  std::string content_encoding;
  std::string host;
  std::string origin;
  std::string body;

  std::string_view path() const { return std::string_view(target).substr(0, target.find('?')); }
  std::string_view query() const {
    const std::size_t mark = target.find('?');
    return mark == std::string::npos ? std::string_view()
                                     : std::string_view(target).substr(mark + 1);
  }
};

enum class Delivery {
  kAnswer,
  kCut,  ///< the connection is closed without an answer
};

struct HttpReply {
  int status = 200;
  std::string_view content_type = "application/json";
  std::string body;
  FileStore::Bytes file;      ///< instead of `body`, when set
  std::string extra_headers;  ///< complete lines
  Delivery delivery = Delivery::kAnswer;
  std::chrono::milliseconds delay{0};
  std::optional<std::uint64_t> cut_after_bytes;  ///< of the body; then the connection is closed

  std::size_t size() const { return file ? file->size() : body.size(); }
};

}  // namespace telekv::emulator
