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
  explicit Decimal(std::integral auto value) {
    char* const begin = digits_.data();
    size_ =
        static_cast<std::size_t>(std::to_chars(begin, begin + digits_.size(), value).ptr - begin);
  }

  /// Good as long as the object.
  std::string_view text() const { return {digits_.data(), size_}; }
  std::size_t size() const { return size_; }

 private:
  std::array<char, 20> digits_;  // of 64 bits, or 19 and a sign
  std::size_t size_ = 0;
};

inline void append_number(std::string& out, std::integral auto value) {
  out += Decimal(value).text();
}

}  // namespace telekv::bot
