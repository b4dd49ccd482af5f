// parse_mode MarkdownV2 (TDLib MessageEntity.cpp parse_markdown_v2).
#include <utility>
#include <vector>

#include "emulator/formatting_reader.h"

namespace telekv::emulator {
namespace {

class MarkdownV2Parser : FormattingReader {
 public:
  using FormattingReader::FormattingReader;

  Answer<FormattedText> parse() {
    while (i_ < text_.size()) {
      const char c = text_[i_];
      if (c == '\\' && at(i_ + 1) > 0 && at(i_ + 1) <= 126) {
        ++i_;
        append(text_[i_]);
        if (text_[i_] != '\r') at_line_start_ = text_[i_] == '\n';
        ++i_;
      } else if (!is_reserved(c)) {
        append(c);
        if (c != '\r') at_line_start_ = false;
        ++i_;
      } else {
        const auto read = ends_entity() ? end_entity() : begin_entity();
        if (read.has_error()) return read.error();
      }
    }
    end_last_quote();
    if (!open_.empty()) return no_end();
    return std::move(result_);
  }

 private:
  // TDLib's types of entities, with the names in which its refusals call them.
  enum class Mark {
    kBold,
    kItalic,
    kUnderline,
    kStrikethrough,
    kSpoiler,
    kCode,
    kPre,
    kLink,
    kEmoji,
    kQuote
  };

  struct Open {
    Mark mark = Mark::kBold;
    std::string language;
    std::size_t offset = 0;
    std::size_t position = 0;
    std::size_t text_begin = 0;
  };

  static std::string_view name_of(const Open& open) {
    switch (open.mark) {
      case Mark::kBold:
        return "Bold";
      case Mark::kItalic:
        return "Italic";
      case Mark::kUnderline:
        return "Underline";
      case Mark::kStrikethrough:
        return "Strikethrough";
      case Mark::kSpoiler:
        return "Spoiler";
      case Mark::kCode:
        return "Code";
      case Mark::kPre:
        return open.language.empty() ? "Pre" : "PreCode";
      case Mark::kLink:
        return "TextUrl";
      case Mark::kEmoji:
        return "CustomEmoji";
      case Mark::kQuote:
        return "BlockQuote";
    }
    return {};
  }

  static EntityKind kind_of(Mark mark) {
    switch (mark) {
      case Mark::kBold:
        return EntityKind::kBold;
      case Mark::kItalic:
        return EntityKind::kItalic;
      case Mark::kUnderline:
        return EntityKind::kUnderline;
      case Mark::kStrikethrough:
        return EntityKind::kStrikethrough;
      case Mark::kSpoiler:
        return EntityKind::kSpoiler;
      case Mark::kCode:
        return EntityKind::kCode;
      case Mark::kPre:
        return EntityKind::kPre;
      case Mark::kLink:
        return EntityKind::kTextLink;
      case Mark::kEmoji:
        return EntityKind::kCustomEmoji;
      case Mark::kQuote:
        return EntityKind::kQuote;
    }
    return EntityKind::kBold;
  }

  bool is_in_code() const {
    return !open_.empty() && (open_.back().mark == Mark::kCode || open_.back().mark == Mark::kPre);
  }

  bool is_reserved(char c) const {
    const std::string_view reserved = is_in_code() ? "`" : "_*[]()~`>#+-=|{}.!\n";
    return reserved.find(c) != std::string_view::npos;
  }

  ApiError no_end() const {
    return wrong_at("Can't find end of " + std::string(name_of(open_.back())) + " entity",
                    open_.back().position);
  }

  ApiError reserved(char c) const {
    return wrong("Character '" + std::string(1, c) +
                 "' is reserved and must be escaped with the preceding '\\'");
  }

  bool ends_entity() const {
    if (open_.empty()) return false;
    const char c = text_[i_];
    if (in_quote_ && c == '\n' && at(i_ + 1) != '>') return true;
    switch (open_.back().mark) {
      case Mark::kBold:
        return c == '*';
      case Mark::kItalic:
        return c == '_' && at(i_ + 1) != '_';
      case Mark::kUnderline:
        return c == '_' && at(i_ + 1) == '_';
      case Mark::kStrikethrough:
        return c == '~';
      case Mark::kSpoiler:
        return c == '|' && at(i_ + 1) == '|';
      case Mark::kCode:
        return c == '`';
      case Mark::kPre:
        return is_fence(i_);
      case Mark::kLink:
      case Mark::kEmoji:
        return c == ']';
      case Mark::kQuote:
        return false;
    }
    return false;
  }

  void open(Mark mark, std::size_t marks, std::string language = {}) {
    open_.push_back({mark, std::move(language), units_, i_, result_.text.size()});
    i_ += marks;
  }

  Answer<void> begin_entity() {
    const char c = text_[i_];
    const char next = at(i_ + 1);
    switch (c) {
      case '_':
        next == '_' ? open(Mark::kUnderline, 2) : open(Mark::kItalic, 1);
        return {};
      case '*':
        open(Mark::kBold, 1);
        return {};
      case '~':
        open(Mark::kStrikethrough, 1);
        return {};
      case '|':
        if (next != '|') return reserved(c);
        open(Mark::kSpoiler, 2);
        return {};
      case '[':
        open(Mark::kLink, 1);
        return {};
      case '!':
        if (next != '[') return reserved(c);
        open(Mark::kEmoji, 2);
        return {};
      case '`':
        if (!is_fence(i_)) {
          open(Mark::kCode, 1);
        } else {
          open(Mark::kPre, 3);
          open_.back().language = read_fence_line();
        }
        return {};
      case '\n':
        append(c);
        at_line_start_ = true;
        ++i_;
        return {};
      case '>':
        if (!at_line_start_) return reserved(c);
        if (in_quote_) {
          ++i_;
        } else {
          in_quote_ = true;
          open(Mark::kQuote, 1);
        }
        return {};
      default:
        return reserved(c);
    }
  }

  Answer<void> end_entity() {
    if (text_[i_] == '\n') return end_quote();
    Open ended = std::move(open_.back());
    open_.pop_back();
    Entity entity{kind_of(ended.mark), ended.offset, units_ - ended.offset, ended.language};
    switch (ended.mark) {
      case Mark::kUnderline:
      case Mark::kSpoiler:
        i_ += 2;
        break;
      case Mark::kPre:
        i_ += 3;
        break;
      case Mark::kLink:
      case Mark::kEmoji: {
        ++i_;
        const auto is_entity =
            ended.mark == Mark::kLink ? read_link(entity, ended.text_begin) : read_emoji(entity);
        if (is_entity.has_error()) return is_entity.error();
        if (!*is_entity) return {};
        break;
      }
      default:
        ++i_;
    }
    if (entity.length != 0) result_.entities.push_back(std::move(entity));
    return {};
  }

  // At a line break behind which no quoted line follows.
  Answer<void> end_quote() {
    EntityKind kind = EntityKind::kQuote;
    if (open_.back().mark != Mark::kQuote) {
      // "||" just before makes it expandable.
      const std::size_t behind = i_ - open_.back().position;
      const bool is_at_end = behind == 2 || (behind == 3 && at(i_ - 1) == '\r');
      if (open_.back().mark != Mark::kSpoiler || !is_at_end) return no_end();
      open_.pop_back();
      if (open_.back().mark != Mark::kQuote) return no_end();
      kind = EntityKind::kExpandableQuote;
    }
    append('\n');
    ++i_;
    in_quote_ = false;
    at_line_start_ = true;
    result_.entities.push_back({kind, open_.back().offset, units_ - open_.back().offset});
    open_.pop_back();
    return {};
  }

  void end_last_quote() {
    if (!in_quote_) return;
    EntityKind kind = EntityKind::kQuote;
    if (open_.back().mark == Mark::kSpoiler && open_.back().position + 2 == text_.size()) {
      open_.pop_back();
      kind = EntityKind::kExpandableQuote;
    }
    if (open_.back().mark != Mark::kQuote) return;
    const std::size_t length = units_ - open_.back().offset;
    if (length != 0) result_.entities.push_back({kind, open_.back().offset, length});
    open_.pop_back();
  }

  // "(address)" at i_.
  Answer<std::string> read_address() {
    const std::size_t begin = ++i_;
    std::string address;
    while (i_ < text_.size() && text_[i_] != ')') {
      if (text_[i_] == '\\' && at(i_ + 1) > 0 && at(i_ + 1) <= 126) ++i_;
      address += text_[i_++];
    }
    if (at(i_) != ')') return wrong_at("Can't find end of a URL", begin);
    ++i_;
    return address;
  }

  // Whether it became an entity.
  Answer<bool> read_link(Entity& entity, std::size_t text_begin) {
    if (at(i_) != '(') return set_link(entity, result_.text.substr(text_begin));
    const auto address = read_address();
    if (address.has_error()) return address.error();
    return set_link(entity, *address);
  }

  Answer<bool> read_emoji(Entity& entity) {
    if (at(i_) != '(') return wrong("The entity must contain a tg://emoji or tg://time URL");
    const auto address = read_address();
    if (address.has_error()) return address.error();
    entity.argument = custom_emoji_of(*address);
    if (entity.argument.empty()) return wrong("Invalid tg://emoji or tg://time URL specified");
    return true;
  }

  std::vector<Open> open_;
  bool in_quote_ = false;
  bool at_line_start_ = true;
};

}  // namespace

Answer<FormattedText> parse_markdown_v2(std::string_view text) {
  return MarkdownV2Parser(text).parse();
}

}  // namespace telekv::emulator
