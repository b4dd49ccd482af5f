// parse_mode Markdown (TDLib MessageEntity.cpp parse_markdown).
#include <algorithm>
#include <utility>

#include "emulator/formatting_reader.h"

namespace telekv::emulator {
namespace {

class MarkdownParser : FormattingReader {
 public:
  using FormattingReader::FormattingReader;

  Answer<FormattedText> parse() {
    constexpr std::string_view kMarks = "_*`[";
    const auto is_mark = [&](char c) { return c != 0 && kMarks.find(c) != std::string_view::npos; };
    while (i_ < text_.size()) {
      if (at(i_) == '\\' && is_mark(at(i_ + 1))) {
        append(text_[i_ + 1]);
        i_ += 2;
      } else if (!is_mark(at(i_))) {
        append(text_[i_++]);
      } else if (const auto read = read_entity(); read.has_error()) {
        return read.error();
      }
    }
    return std::move(result_);
  }

 private:
  Answer<void> read_entity() {
    const std::size_t begin = i_;
    const char mark = text_[i_];
    const char end = mark == '[' ? ']' : mark;
    const bool is_pre = is_fence(i_);
    Entity entity;
    i_ += is_pre ? 3 : 1;
    if (is_pre) entity.argument = read_fence_line();
    entity.offset = units_;
    const std::size_t text_begin = i_;
    while (i_ < text_.size() && (is_pre ? !is_fence(i_) : text_[i_] != end)) append(text_[i_++]);
    if (i_ >= text_.size()) return wrong_at("Can't find end of the entity starting", begin);
    entity.length = units_ - entity.offset;
    const std::string_view inner = text_.substr(text_begin, i_ - text_begin);
    i_ += is_pre ? 3 : 1;
    entity.kind = mark == '_'   ? EntityKind::kItalic
                  : mark == '*' ? EntityKind::kBold
                  : is_pre      ? EntityKind::kPre
                                : EntityKind::kCode;
    if (entity.length == 0) return {};
    if (mark == '[' && !set_link(entity, read_address(inner))) return {};
    result_.entities.push_back(std::move(entity));
    return {};
  }

  std::string_view read_address(std::string_view inner) {
    if (at(i_) != '(') return inner;
    const std::size_t begin = ++i_;
    i_ = std::min(text_.find(')', begin), text_.size());
    const std::string_view address = text_.substr(begin, i_ - begin);
    ++i_;
    return address;
  }
};

}  // namespace

Answer<FormattedText> parse_markdown(std::string_view text) { return MarkdownParser(text).parse(); }

}  // namespace telekv::emulator
