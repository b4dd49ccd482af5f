#include "emulator/body_encoding.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>

#include "emulator/text.h"

namespace telekv::emulator {
namespace {

constexpr int kGzipOrZlib = MAX_WBITS + 32;  // zlib.h: finds out which of both headers there is

class Inflater {
 public:
  Inflater() : is_ready_(inflateInit2(&stream_, kGzipOrZlib) == Z_OK) {}
  ~Inflater() {
    if (is_ready_) inflateEnd(&stream_);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  Answer<std::string> run(std::string_view body, std::size_t max_bytes) {
    // zlib counts in 32 bits; a body is far below, by the server's bound.
    const bool fits = body.size() <= std::numeric_limits<uInt>::max();
    if (!is_ready_ || !fits) return broken();
    std::string result;
    std::array<char, 65536> piece;
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
    stream_.avail_in = static_cast<uInt>(body.size());
    for (int status = Z_OK; status != Z_STREAM_END;) {
      stream_.next_out = reinterpret_cast<Bytef*>(piece.data());
      stream_.avail_out = piece.size();
      status = inflate(&stream_, Z_NO_FLUSH);
      if (status != Z_OK && status != Z_STREAM_END) return broken();
      result.append(piece.data(), piece.size() - stream_.avail_out);
      if (result.size() > max_bytes) return ApiError{413, "Request Entity Too Large"};
    }
    return result;
  }

 private:
  static ApiError broken() { return bad_request("can't decode the body"); }

  z_stream stream_{};
  bool is_ready_;
};

}  // namespace

Answer<std::string> decode_body(std::string_view encoding, std::string body,
                                std::size_t max_bytes) {
  const std::string name = to_lower_ascii(encoding);
  if (name.empty() || name == "none" || name == "identity" || body.empty()) return body;
  if (name != "gzip" && name != "deflate") {
    return ApiError{415, "Unsupported Media Type: unsupported content-encoding"};
  }
  return Inflater().run(body, max_bytes);
}

}  // namespace telekv::emulator
