// parse_mode HTML (TDLib MessageEntity.cpp parse_html, decode_html_entity).
#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "emulator/formatting_reader.h"
#include "emulator/text.h"

namespace telekv::emulator {
namespace {

constexpr std::array<std::string_view, 16> kTags = {
    "a", "b",   "strong",     "i",        "em",   "s",   "strike", "del",
    "u", "ins", "tg-spoiler", "tg-emoji", "span", "pre", "code",   "blockquote"};

class HtmlParser : FormattingReader {
 public:
  using FormattingReader::FormattingReader;

  Answer<FormattedText> parse() {
    while (i_ < text_.size()) {
      if (at(i_) == '&' && append_reference(result_.text)) continue;
      if (at(i_) != '<') {
        append(text_[i_++]);
        continue;
      }
      const auto read = at(i_ + 1) == '/' ? read_end_tag() : read_start_tag();
      if (read.has_error()) return read.error();
    }
    if (!open_.empty()) {
      return wrong("Can't find end tag corresponding to start tag \"" + open_.back().name + "\"");
    }
    if (!is_valid_utf8(result_.text)) {
      return wrong(
          "Text contains invalid Unicode characters after decoding HTML entities, check for "
          "unmatched surrogate code units");
    }
    return std::move(result_);
  }

 private:
  struct Tag {
    std::string name;
    std::string argument;
    std::size_t offset = 0;
    std::size_t text_begin = 0;
  };

  void skip_blanks() {
    while (at(i_) != 0 && is_space_or_end(at(i_))) ++i_;
  }

  std::string lower_part(std::size_t begin) const {
    return to_lower_ascii(text_.substr(begin, i_ - begin));
  }

  // The code point of the reference at i_, which is then behind it; 0, and nothing read, if it is
  // none.
  std::uint32_t read_reference() {
    std::size_t end = i_ + 1;
    std::uint32_t code = 0;
    if (at(end) == '#') {
      const bool is_hex = at(end + 1) == 'x';
      end += is_hex ? 2 : 1;
      for (; end - i_ < 16; ++end) {  // more digits than that are refused below
        const auto digit = digit_of(at(end), is_hex ? 16 : 10);
        if (!digit) break;
        code = code * (is_hex ? 16u : 10u) + *digit;
      }
      if (code == 0 || code >= 0x10FFFF || end - i_ >= 10) return 0;
    } else {
      while ((at(end) >= 'a' && at(end) <= 'z') || (at(end) >= 'A' && at(end) <= 'Z')) ++end;
      const std::string_view name = text_.substr(i_ + 1, end - i_ - 1);
      static constexpr std::pair<std::string_view, char> kNames[] = {
          {"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}};
      for (const auto& [known, character] : kNames) {
        if (known == name) code = static_cast<unsigned char>(character);
      }
      if (code == 0) return 0;
    }
    i_ = at(end) == ';' ? end + 1 : end;
    return code;
  }

  static std::optional<std::uint32_t> digit_of(char c, int base) {
    if (c >= '0' && c <= '9') return static_cast<std::uint32_t>(c - '0');
    if (base == 16 && c >= 'a' && c <= 'f') return static_cast<std::uint32_t>(c - 'a' + 10);
    if (base == 16 && c >= 'A' && c <= 'F') return static_cast<std::uint32_t>(c - 'A' + 10);
    return std::nullopt;
  }

  static void append_code_point(std::string& out, std::uint32_t code) {
    const auto add = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (code < 0x80) return add(code);
    if (code < 0x800) {
      add(0xC0u | (code >> 6));
    } else {
      if (code < 0x10000) {
        add(0xE0u | (code >> 12));
      } else {
        add(0xF0u | (code >> 18));
        add(0x80u | ((code >> 12) & 0x3Fu));
      }
      add(0x80u | ((code >> 6) & 0x3Fu));
    }
    add(0x80u | (code & 0x3Fu));
  }

  bool append_reference(std::string& out) {
    const std::uint32_t code = read_reference();
    if (code == 0) return false;
    append_code_point(out, code);
    if (&out == &result_.text) units_ += code > 0xFFFF ? 2 : 1;
    return true;
  }

  Answer<void> read_start_tag() {
    const std::size_t begin = i_++;
    while (!is_space_or_end(at(i_)) && at(i_) != '>') ++i_;
    if (at(i_) == 0) return wrong_at("Unclosed start tag", begin);
    Tag tag;
    tag.name = lower_part(begin + 1);
    if (std::find(kTags.begin(), kTags.end(), tag.name) == kTags.end()) {
      return wrong_at("Unsupported start tag \"" + tag.name + "\"", begin);
    }
    while (at(i_) != '>') {
      skip_blanks();
      if (at(i_) == '>') break;
      if (const auto read = read_attribute(tag, begin); read.has_error()) return read.error();
    }
    ++i_;
    if (tag.name == "span" && tag.argument != "spoiler") {
      return wrong_at("Tag \"span\" must have class \"tg-spoiler\"", begin);
    }
    tag.offset = units_;
    tag.text_begin = result_.text.size();
    open_.push_back(std::move(tag));
    return {};
  }

  Answer<void> read_attribute(Tag& tag, std::size_t tag_begin) {
    const std::size_t begin = i_;
    constexpr std::string_view kEnds = "=>/\"'";
    while (!is_space_or_end(at(i_)) && kEnds.find(at(i_)) == std::string_view::npos) ++i_;
    const std::string_view name = text_.substr(begin, i_ - begin);
    if (name.empty())
      return wrong_at("Empty attribute name in the tag \"" + tag.name + "\"", tag_begin);
    skip_blanks();
    if (at(i_) != '=') {
      if (at(i_) == 0) return wrong_at("Unclosed start tag \"" + tag.name + "\"", tag_begin);
      if (tag.name == "blockquote" && name == "expandable") tag.argument = "1";
      return {};
    }
    ++i_;
    skip_blanks();
    if (at(i_) == 0) return wrong_at("Unclosed start tag \"" + tag.name + "\"", tag_begin);
    auto value = read_attribute_value();
    if (value.has_error()) return value.error();
    if (at(i_) == 0) return wrong_at("Unclosed start tag", tag_begin);
    keep_attribute(tag, name, std::move(*value));
    return {};
  }

  Answer<std::string> read_attribute_value() {
    const std::size_t begin = i_;
    const char quote = at(i_);
    if (quote != '\'' && quote != '"') {
      const auto is_token = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '.' || c == '-';
      };
      while (is_token(at(i_))) ++i_;
      if (!is_space_or_end(at(i_)) && at(i_) != '>') {
        return wrong_at("Unexpected end of name token", begin);
      }
      return lower_part(begin);
    }
    std::string value;
    ++i_;
    while (at(i_) != quote && at(i_) != 0) {
      if (at(i_) == '&' && append_reference(value)) continue;
      value += text_[i_++];
    }
    if (at(i_) == quote) ++i_;
    return value;
  }

  static void keep_attribute(Tag& tag, std::string_view name, std::string value) {
    const bool is_class = name == "class";
    const bool is_whole =
        (tag.name == "a" && name == "href") || (tag.name == "tg-emoji" && name == "emoji-id");
    if (is_whole) {
      tag.argument = std::move(value);
    } else if (tag.name == "code" && is_class && value.starts_with("language-")) {
      tag.argument = value.substr(9);
    } else if (tag.name == "span" && is_class && value.starts_with("tg-")) {
      tag.argument = value.substr(3);
    } else if (tag.name == "blockquote" && name == "expandable") {
      tag.argument = "1";
    }
  }

  Answer<void> read_end_tag() {
    const std::size_t begin = i_;
    if (open_.empty()) return wrong_at("Unexpected end tag", begin);
    i_ += 2;
    while (!is_space_or_end(at(i_)) && at(i_) != '>') ++i_;
    const std::string name = lower_part(begin + 2);
    skip_blanks();
    if (at(i_) != '>') return wrong_at("Unclosed end tag", begin);
    ++i_;
    Tag tag = std::move(open_.back());
    open_.pop_back();
    if (!name.empty() && name != tag.name) {
      return wrong("Unmatched end tag at byte offset " + std::to_string(begin) + ", expected \"</" +
                   tag.name + ">\", found \"</" + name + ">\"");
    }
    if (units_ == tag.offset) return {};
    return add_entity(std::move(tag));
  }

  Answer<void> add_entity(Tag tag) {
    static constexpr std::pair<std::string_view, EntityKind> kPlain[] = {
        {"i", EntityKind::kItalic},
        {"em", EntityKind::kItalic},
        {"b", EntityKind::kBold},
        {"strong", EntityKind::kBold},
        {"s", EntityKind::kStrikethrough},
        {"strike", EntityKind::kStrikethrough},
        {"del", EntityKind::kStrikethrough},
        {"u", EntityKind::kUnderline},
        {"ins", EntityKind::kUnderline},
        {"tg-spoiler", EntityKind::kSpoiler},
        {"span", EntityKind::kSpoiler}};
    Entity entity{EntityKind::kBold, tag.offset, units_ - tag.offset};
    if (tag.name == "a") {
      const std::string address =
          tag.argument.empty() ? result_.text.substr(tag.text_begin) : tag.argument;
      if (!set_link(entity, address)) return {};
    } else if (tag.name == "tg-emoji") {
      entity.kind = EntityKind::kCustomEmoji;
      entity.argument = custom_emoji_of("tg://emoji?id=" + tag.argument);
      if (entity.argument.empty()) return wrong("Invalid custom emoji identifier specified");
    } else if (tag.name == "blockquote") {
      entity.kind = tag.argument.empty() ? EntityKind::kQuote : EntityKind::kExpandableQuote;
    } else if (tag.name == "pre" || tag.name == "code") {
      return add_code(std::move(entity), std::move(tag));
    } else {
      for (const auto& [name, kind] : kPlain) {
        if (name == tag.name) entity.kind = kind;
      }
    }
    result_.entities.push_back(std::move(entity));
    return {};
  }

  // <pre><code class="language-x"> is one entity, either way round.
  Answer<void> add_code(Entity entity, Tag tag) {
    const bool is_pre = tag.name == "pre";
    entity.kind = is_pre ? EntityKind::kPre : EntityKind::kCode;
    entity.argument = std::move(tag.argument);
    Entity* const inner = result_.entities.empty() ? nullptr : &result_.entities.back();
    const bool is_same_span =
        inner != nullptr && inner->offset == entity.offset && inner->length == entity.length;
    if (is_same_span && is_pre && inner->kind == EntityKind::kCode && !inner->argument.empty()) {
      inner->kind = EntityKind::kPre;
    } else if (is_same_span && !is_pre && inner->kind == EntityKind::kPre &&
               !entity.argument.empty()) {
      inner->argument = std::move(entity.argument);
    } else {
      result_.entities.push_back(std::move(entity));
    }
    return {};
  }

  std::vector<Tag> open_;
};

}  // namespace

Answer<FormattedText> parse_html(std::string_view text) { return HtmlParser(text).parse(); }

}  // namespace telekv::emulator
