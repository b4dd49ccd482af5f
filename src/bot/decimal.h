// Whole numbers as text, for files of a million users: nothing is allocated for a number.
#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>

namespace telekv::bot {

/// A number's digits, with the sign of a negative one.
class Decimal {
 public:
  template <std::integral Integer>
  explicit Decimal(Integer value)
      : size_(static_cast<std::size_t>(
            std::to_chars(digits_.data(), digits_.data() + digits_.size(), value).ptr -
            digits_.data())) {}

  /// Good as long as the object.
  std::string_view text() const { return {digits_.data(), size_}; }
  std::size_t size() const { return size_; }

 private:
  std::array<char, 20> digits_{};  // of 64 bits, or 19 and a sign
  std::size_t size_;
};

inline void append_number(std::string& out, std::integral auto value) {
  out += Decimal(value).text();
}

}  // namespace telekv::bot
