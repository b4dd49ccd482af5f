// parse_mode: texts with HTML or Markdown in them, as TDLib reads them (MessageEntity.cpp), and the
// entities they become, in UTF-16 units. Pure functions; linear in the text but for the sorting of
// entities. A refusal is the server's text with the byte offset of the mistake.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/answer.h"

namespace telekv::emulator {

/// In the order in which the server writes entities of the same span.
enum class EntityKind : std::uint8_t {
  kQuote,
  kExpandableQuote,
  kPre,
  kCode,
  kTextLink,
  kTextMention,
  kBold,
  kItalic,
  kUnderline,
  kStrikethrough,
  kSpoiler,
  kCustomEmoji,
};

struct Entity {
  EntityKind kind = EntityKind::kBold;
  std::size_t offset = 0;
  std::size_t length = 0;
  std::string argument = {};   ///< address of a link, language of a pre, id of an emoji
  std::int64_t mentioned = 0;  ///< kTextMention: the person
};

struct FormattedText {
  std::string text;
  std::vector<Entity> entities;
};

/// These want valid UTF-8.
Answer<FormattedText> parse_html(std::string_view text);
Answer<FormattedText> parse_markdown(std::string_view text);
Answer<FormattedText> parse_markdown_v2(std::string_view text);

/// Cleans the text as clean_text() does and moves the entities along; what cannot be nested is
/// dropped or split, what touches is joined.
void clean_formatted(FormattedText& formatted);

/// The Bot API's name of a kind.
std::string_view name_of(EntityKind kind);

/// What a link becomes: a mention of a person for tg://user?id=N, otherwise a text_link to the
/// address in the server's form. False when it is no address: the text stays plain.
bool set_link(Entity& entity, std::string_view address);

/// The id in tg://emoji?id=N; "" when it is no such address.
std::string custom_emoji_of(std::string_view address);

/// As TDLib's: the end of a text counts as blank too, which ends every loop there.
bool is_space_or_end(char c);

}  // namespace telekv::emulator
