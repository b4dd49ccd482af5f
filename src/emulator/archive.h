// The bytes of the emulator's own state records: integers as 8 little-endian bytes, strings with a
// length in front. One `describe` function per type serves both directions. Not a public format.
// A decoder that meets too few bytes fails once and for all; it never reads past the end.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace telekv::emulator {

class Encoder {
 public:
  explicit Encoder(std::string& out) : out_(out) {}

  template <std::integral T>
  void operator()(const T& value) {
    auto bits = static_cast<std::uint64_t>(value);
    std::array<char, 8> bytes;
    for (char& byte : bytes) {
      byte = static_cast<char>(bits & 0xFFu);
      bits >>= 8;
    }
    out_.append(bytes.data(), bytes.size());
  }
  void operator()(const std::string& value) {
    (*this)(value.size());
    out_ += value;
  }

 private:
  std::string& out_;
};

class Decoder {
 public:
  explicit Decoder(std::string_view in) : in_(in) {}

  template <std::integral T>
  void operator()(T& value) {
    std::uint64_t bits = 0;
    const std::string_view bytes = take(8);
    for (std::size_t i = bytes.size(); i-- > 0;) {
      bits = (bits << 8) | static_cast<unsigned char>(bytes[i]);
    }
    value = static_cast<T>(bits);
  }
  void operator()(std::string& value) {
    std::uint64_t size = 0;
    (*this)(size);
    value = take(size);
  }

  bool failed() const { return failed_; }
  bool at_end() const { return in_.empty(); }

 private:
  std::string_view take(std::uint64_t size) {
    if (failed_ || size > in_.size()) {
      failed_ = true;
      in_ = {};
      return {};
    }
    const std::string_view result = in_.substr(0, size);
    in_.remove_prefix(size);
    return result;
  }

  std::string_view in_;
  bool failed_ = false;
};

}  // namespace telekv::emulator
