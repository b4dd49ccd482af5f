// parse_mode: what HTML, Markdown and MarkdownV2 become, and how their mistakes are told.
#include "emulator/formatting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "emulator/telegram.h"
#include "emulator/text.h"

namespace telekv::emulator {
namespace {

using Parser = Answer<FormattedText> (*)(std::string_view);

// "text" with its entities, each as name(offset,length) and what belongs to it.
std::string shown(Parser parse, std::string_view text) {
  auto formatted = parse(text);
  if (formatted.has_error()) return formatted.error().description;
  clean_formatted(*formatted);
  std::string result = formatted->text;
  for (const Entity& entity : formatted->entities) {
    result += " " + std::string(name_of(entity.kind)) + "(" + std::to_string(entity.offset) + "," +
              std::to_string(entity.length) + ")";
    if (entity.mentioned != 0) result += "@" + std::to_string(entity.mentioned);
    const bool tells = entity.kind != EntityKind::kCode && !entity.argument.empty();
    if (tells) result += "=" + entity.argument;
  }
  return result;
}

std::string html(std::string_view text) { return shown(parse_html, text); }
std::string markdown(std::string_view text) { return shown(parse_markdown, text); }
std::string markdown_v2(std::string_view text) { return shown(parse_markdown_v2, text); }

TEST(Html, TagsBecomeEntitiesInUtf16Units) {
  EXPECT_EQ(html("Ж𝕏<b>😀!</b>"), "Ж𝕏😀! bold(3,3)");
  EXPECT_EQ(html("<i>a</i><EM>b</em> <u>c</u><ins>d</ins>"), "ab cd italic(0,2) underline(3,2)");
  EXPECT_EQ(html("<s>a</s> <del>b</del> <strike>c</strike> <tg-spoiler>d</tg-spoiler> "
                 "<span class=\"tg-spoiler\">e</span>"),
            "a b c d e strikethrough(0,1) strikethrough(2,1) strikethrough(4,1) spoiler(6,1) "
            "spoiler(8,1)");
  EXPECT_EQ(html("<pre>a</pre> <code>b</code> <pre><code class=\"language-c++\">c</code></pre>"),
            "a b c pre(0,1) code(2,1) pre(4,1)=c++");
  EXPECT_EQ(html("<blockquote>a</blockquote><blockquote expandable>b</blockquote>"),
            "ab blockquote(0,1) expandable_blockquote(1,1)");
  EXPECT_EQ(html("<tg-emoji emoji-id=\"5368324170671202286\">👍</tg-emoji>"),
            "👍 custom_emoji(0,2)=5368324170671202286");
}

TEST(Html, ReferencesAreDecodedAndOthersStay) {
  EXPECT_EQ(html("&lt;b&gt; &amp;amp; &quot;&#1046;&#x1D54F; &nbsp; &"), "<b> &amp; \"Ж𝕏 &nbsp; &");
  EXPECT_EQ(html("&#xD83D;"),
            "Bad Request: can't parse entities: Text contains invalid Unicode characters after "
            "decoding HTML entities, check for unmatched surrogate code units");
}

TEST(Html, LinksAreWrittenAsTheServerWritesThem) {
  EXPECT_EQ(html("<a href=\"https://Example.org\">x</a>"), "x text_link(0,1)=https://example.org/");
  EXPECT_EQ(html("<a href='example.org:8080/a b?c=1&amp;d'>x</a>"),
            "x text_link(0,1)=http://example.org:8080/a%20b?c=1&d");
  EXPECT_EQ(html("<a>example.org</a>"), "example.org text_link(0,11)=http://example.org/");
  EXPECT_EQ(html("<a href=\"tg://resolve?domain=x\">x</a>"),
            "x text_link(0,1)=tg://resolve?domain=x");
  EXPECT_EQ(html("<a href=\"tg://user?id=5123456789\">x</a>"), "x text_mention(0,1)@5123456789");
  for (const char* none :
       {"localhost", "javascript://a.b", "http://a.b:0/", "http:///x", "a b.c"}) {
    EXPECT_EQ(html("<a href=\"" + std::string(none) + "\">x</a>"), "x") << none;
  }
}

TEST(Html, MistakesTellTheirByteOffset) {
  const std::string prefix = "Bad Request: can't parse entities: ";
  EXPECT_EQ(html("Ж<x>"), prefix + "Unsupported start tag \"x\" at byte offset 2");
  EXPECT_EQ(html("a<b"), prefix + "Unclosed start tag at byte offset 1");
  EXPECT_EQ(html("1 < 2"), prefix + "Unsupported start tag \"\" at byte offset 2");
  EXPECT_EQ(html("</b>"), prefix + "Unexpected end tag at byte offset 0");
  EXPECT_EQ(html("<b>x</b"), prefix + "Unclosed end tag at byte offset 4");
  EXPECT_EQ(html("<b>x</i>"),
            prefix + "Unmatched end tag at byte offset 4, expected \"</b>\", found \"</i>\"");
  EXPECT_EQ(html("<b><i>x</i>"), prefix + "Can't find end tag corresponding to start tag \"b\"");
  EXPECT_EQ(html("<a ='x'>x</a>"),
            prefix + "Empty attribute name in the tag \"a\" at byte offset 0");
  EXPECT_EQ(html("<a href=a/b>x</a>"), prefix + "Unexpected end of name token at byte offset 8");
  EXPECT_EQ(html("<a href=\"x"), prefix + "Unclosed start tag at byte offset 0");
  EXPECT_EQ(html("<span>x</span>"),
            prefix + "Tag \"span\" must have class \"tg-spoiler\" at byte offset 0");
}

TEST(Html, NestingIsBroughtInOrder) {
  EXPECT_EQ(html("<b>a<i>b</i></b>"), "ab bold(0,2) italic(1,1)");
  EXPECT_EQ(html("<b>a<b>b</b></b><b>c</b>"), "abc bold(0,3)");
  EXPECT_EQ(html("<b>a<code>b</code>c</b>"), "abc bold(0,1) code(1,1) bold(2,1)");
  EXPECT_EQ(html("<a href=\"a.bc\">x<code>y</code></a>"), "xy text_link(0,2)=http://a.bc/");
  EXPECT_EQ(html("<b></b>x<b> </b>"), "x");
}

TEST(Html, TheCleanedTextKeepsItsEntities) {
  EXPECT_EQ(html("  \r\n<b>a\rb</b>\xE2\x80\xAE <i>c </i>  "), "ab c bold(0,2) italic(3,1)");
}

TEST(MarkdownV2, MarksBecomeEntities) {
  EXPECT_EQ(markdown_v2("*b* _i_ __u__ ~s~ ||p|| `c`"),
            "b i u s p c bold(0,1) italic(2,1) underline(4,1) strikethrough(6,1) spoiler(8,1) "
            "code(10,1)");
  EXPECT_EQ(markdown_v2("```\na\n```\n```c++\nb```"), "a\n\nb pre(0,2) pre(3,1)=c++");
  EXPECT_EQ(markdown_v2("[x](https://example.org/a\\)b) [y](tg://user?id=7)"),
            "x y text_link(0,1)=https://example.org/a)b text_mention(2,1)@7");
  EXPECT_EQ(markdown_v2("![👍](tg://emoji?id=12)"), "👍 custom_emoji(0,2)=12");
  EXPECT_EQ(markdown_v2("1\\.5 \\*x\\* \\\\"), "1.5 *x* \\");
  EXPECT_EQ(markdown_v2(">a\n>b\nc"), "a\nb\nc blockquote(0,4)");
  EXPECT_EQ(markdown_v2(">a\n>b||"), "a\nb expandable_blockquote(0,3)");
  EXPECT_EQ(markdown_v2("*Ж _𝕏_*"), "Ж 𝕏 bold(0,4) italic(2,2)");
}

TEST(MarkdownV2, MistakesAreTold) {
  const std::string prefix = "Bad Request: can't parse entities: ";
  EXPECT_EQ(markdown_v2("1.5"), prefix +
                                    "Character '.' is reserved and must be escaped with the "
                                    "preceding '\\'");
  EXPECT_EQ(markdown_v2("Ж *x"), prefix + "Can't find end of Bold entity at byte offset 3");
  EXPECT_EQ(markdown_v2("```c\nx"), prefix + "Can't find end of PreCode entity at byte offset 0");
  EXPECT_EQ(markdown_v2("[x](a"), prefix + "Can't find end of a URL at byte offset 4");
  EXPECT_EQ(markdown_v2("![x]"), prefix + "The entity must contain a tg://emoji or tg://time URL");
  EXPECT_EQ(markdown_v2(">*a\nb"), prefix + "Can't find end of Bold entity at byte offset 1");
}

TEST(Markdown, MarksBecomeEntitiesWithoutNesting) {
  EXPECT_EQ(markdown("*b _x_* _i_ `c` \\_ a.b!"),
            "b _x_ i c _ a.b! bold(0,5) italic(6,1) code(8,1)");
  EXPECT_EQ(markdown("```py\na``` [x](http://a.bc)"),
            "a x pre(0,1)=py text_link(2,1)=http://a.bc/");
  EXPECT_EQ(markdown("Ж_x"),
            "Bad Request: can't parse entities: Can't find end of the entity starting at byte "
            "offset 2");
}

// Whatever is sent: nothing is read beyond the text, and no entity reaches beyond the result.
RC_GTEST_PROP(Formatting, EntitiesLieInTheText, ()) {
  const auto pieces = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
      "<b>", "</b>", "<i", ">", "<a href=\"x.yz", "\">", "</a>", "<pre>", "<code>", "</code>",
      "&lt;", "&#", "x", "Ж", "𝕏", " ", "\n", "\r", "*", "_", "__", "`", "```", "[", "](", ")",
      "||", "!", "\\", std::string(1, '\0')));
  std::string text;
  for (const std::string& piece : pieces) text += piece;
  for (const Parser parse : {parse_html, parse_markdown, parse_markdown_v2}) {
    auto formatted = parse(text);
    if (formatted.has_error()) continue;
    clean_formatted(*formatted);
    RC_ASSERT(is_valid_utf8(formatted->text));
    RC_ASSERT(clean_text(formatted->text) == formatted->text);
    for (const Entity& entity : formatted->entities) {
      RC_ASSERT(entity.length > 0);
      RC_ASSERT(entity.offset + entity.length <= count_utf16_units(formatted->text));
    }
  }
}

TEST(ParseMode, MakesTheEntitiesOfAMessage) {
  Telegram telegram;
  const auto send = [&](const std::string& mode, const std::string& text) {
    return telegram.result("sendMessage",
                           {{"chat_id", kAnyaId}, {"text", text}, {"parse_mode", mode}});
  };
  const auto message = send("HTML", "<b>Аня</b> <a href=\"tg://user?id=" + kAnyaId +
                                        "\">x</a> <a href=\"tg://user?id=404\">y</a>");
  EXPECT_EQ(message.at("text").as_string(), "Аня x y");
  EXPECT_EQ(message.at("entities"),
            boost::json::parse(R"([{"offset":0,"length":3,"type":"bold"},{"offset":4,"length":1,)"
                               R"("type":"text_mention","user":{"id":5123456789,"is_bot":false,)"
                               R"("first_name":"Аня","language_code":"ru"}}])"));
  EXPECT_EQ(send("markdownv2", "a*b*").at("entities").at(0).at("type").as_string(), "bold");
  EXPECT_EQ(send("Markdown", "*b*").at("entities").at(0).at("type").as_string(), "bold");
  EXPECT_EQ(send("HTML", "a<b").at("description").as_string(),
            "Bad Request: can't parse entities: Unclosed start tag at byte offset 1");
  EXPECT_EQ(send("HTML", "<b> </b>").at("description").as_string(),
            "Bad Request: message text is empty");
  EXPECT_EQ(send("html5", "x").at("description").as_string(),
            "Bad Request: unsupported parse_mode");
}

TEST(ParseMode, MakesAHundredEntitiesAtMost) {
  Telegram telegram;
  std::string text;
  for (int i = 0; i < 101; ++i) text += "<b>x</b> ";
  const auto message = telegram.result(
      "sendMessage", {{"chat_id", kAnyaId}, {"text", text}, {"parse_mode", "HTML"}});
  EXPECT_EQ(message.at("entities").as_array().size(), 100u);
}

TEST(ParseMode, MakesTheEntitiesOfCaptions) {
  Telegram telegram;
  const std::string sent = telegram.send_document(kAnya, "bytes");
  const auto edited = telegram.result("editMessageCaption", {{"chat_id", kAnyaId},
                                                             {"message_id", sent},
                                                             {"caption", "<u>x</u>"},
                                                             {"parse_mode", "HTML"}});
  EXPECT_EQ(edited.at("caption_entities").at(0).at("type").as_string(), "underline");
  const auto edit = [&](const std::string& caption) {
    return telegram.call(
        "editMessageMedia",
        {{"chat_id", kAnyaId},
         {"message_id", sent},
         {"media", R"({"type":"document","media":"attach://f","parse_mode":"HTML",)"
                   R"("caption":")" +
                       caption + "\"}"}},
        {{"f", "two.bin", "two"}});
  };
  EXPECT_EQ(edit("<s>x").at("description").as_string(),
            "Bad Request: can't parse InputMedia: Can't parse entities: Can't find end tag "
            "corresponding to start tag \"s\"");
  EXPECT_EQ(edit("<s>x</s>").at("result").at("caption_entities").at(0).at("type").as_string(),
            "strikethrough");
}

}  // namespace
}  // namespace telekv::emulator
