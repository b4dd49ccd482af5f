// What the parsers of HTML and Markdown share: a place in the text, and the result with its length
// in UTF-16 units. Behind the end there are zeros, as in TDLib, which end every loop.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "emulator/formatting.h"

namespace telekv::emulator {

class FormattingReader {
 public:
  explicit FormattingReader(std::string_view text) : text_(text) {}

 protected:
  static ApiError wrong(const std::string& what) {
    return bad_request("can't parse entities: " + what);
  }
  static ApiError wrong_at(const std::string& what, std::size_t position) {
    return wrong(what + " at byte offset " + std::to_string(position));
  }

  char at(std::size_t position) const { return position < text_.size() ? text_[position] : '\0'; }

  void append(char c) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0u) != 0x80u) units_ += byte >= 0xF0u ? 2 : 1;
    result_.text += c;
  }

  bool is_fence(std::size_t i) const {
    return at(i) == '`' && at(i + 1) == '`' && at(i + 2) == '`';
  }

  // Behind ```: the language, if one is named, and one line break.
  std::string read_fence_line() {
    std::size_t end = i_;
    while (!is_space_or_end(at(end)) && at(end) != '`') ++end;
    std::string language;
    if (i_ != end && end < text_.size() && at(end) != '`') {
      language = text_.substr(i_, end - i_);
      i_ = end;
    }
    const auto is_break = [](char c) { return c == '\n' || c == '\r'; };
    if (is_break(at(i_))) i_ += is_break(at(i_ + 1)) && at(i_) != at(i_ + 1) ? 2 : 1;
    return language;
  }

  std::string_view text_;
  std::size_t i_ = 0;
  std::size_t units_ = 0;
  FormattedText result_;
};

}  // namespace telekv::emulator
