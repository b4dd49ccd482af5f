// How parameters are read from queries, forms, JSON and multipart bodies; what happens to texts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <boost/json.hpp>

#include "emulator/arguments.h"
#include "emulator/bot_api.h"
#include "emulator/json_writer.h"
#include "emulator/text.h"

namespace telekv::emulator {
namespace {

TEST(Arguments, ComeFromTheQueryAndTheForm) {
  const auto arguments =
      Arguments::parse("offset=5&x=%D0%96+y", "application/x-www-form-urlencoded",
                       "text=a%26b&flag=YES&empty")
          .value();
  EXPECT_EQ(arguments.get_integer("offset", 0), 5);
  EXPECT_EQ(arguments.get("x"), "Ж y");
  EXPECT_EQ(arguments.get("text"), "a&b");
  EXPECT_TRUE(arguments.get_boolean("flag"));
  EXPECT_EQ(arguments.find("empty"), "");
  EXPECT_EQ(arguments.find("absent"), std::nullopt);
}

TEST(Arguments, KeepNestedJsonAsText) {
  const auto arguments =
      Arguments::parse({}, "application/json; charset=utf-8",
                       R"({"chat_id":4503599627370496,"text":"\u0416","on":true,"none":null,)"
                       R"("reply_markup":{"keyboard":[["a"]]}})")
          .value();
  EXPECT_EQ(arguments.get("chat_id"), "4503599627370496");
  EXPECT_EQ(arguments.get("text"), "Ж");
  EXPECT_TRUE(arguments.get_boolean("on"));
  EXPECT_EQ(arguments.find("none"), std::nullopt);
  EXPECT_EQ(arguments.get("reply_markup"), R"({"keyboard":[["a"]]})");
}

TEST(Arguments, RefuseWhatIsNoJsonObject) {
  for (const char* body : {"[1]", "{", "{\"a\":\"\xFF\"}", "1 2"}) {
    EXPECT_EQ(Arguments::parse({}, "application/json", body).error().code, 400) << body;
  }
  EXPECT_TRUE(Arguments::parse({}, "application/json", " ").has_value());
}

TEST(Arguments, ReadIntegersAsTheServerDoes) {
  const auto arguments =
      Arguments::parse("a=12abc&b=abc&c=-7&d=99999999999999999999", {}, {}).value();
  EXPECT_EQ(arguments.get_integer("a", 1), 12);
  EXPECT_EQ(arguments.get_integer("b", 1), 0);
  EXPECT_EQ(arguments.get_integer("c", 1), -7);
  EXPECT_EQ(arguments.get_integer("d", 1), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(arguments.get_integer("e", 1), 1);
}

TEST(Arguments, AreBounded) {
  EXPECT_EQ(Arguments::parse({}, {}, std::string((1u << 20) + 1, 'a')).error().code, 413);
}

TEST(Multipart, ReadsPartsAsClientsSendThem) {
  const std::string body =
      "--XYZ\r\nContent-Disposition: form-data; name=\"chat_id\"\r\n\r\n777\r\n"
      "--XYZ\r\ncontent-disposition:form-data; name=f0; filename=s.gz\r\n"
      "content-type: application/octet-stream\r\n\r\na\r\n--XY\r\n\r\n"
      "--XYZ\r\nContent-Disposition: form-data; name=\"a%20b\"; "
      "filename=\"x\\\"y;z.bin\"\r\n\r\n\r\n"
      "--XYZ--\r\n";
  const auto arguments =
      Arguments::parse({}, "multipart/form-data; boundary=\"XYZ\"", body).value();
  EXPECT_EQ(arguments.get("chat_id"), "777");
  ASSERT_NE(arguments.find_file("f0"), nullptr);
  EXPECT_EQ(arguments.find_file("f0")->name, "s.gz");
  EXPECT_EQ(arguments.find_file("f0")->content, "a\r\n--XY\r\n");
  ASSERT_NE(arguments.find_file("a b"), nullptr);
  EXPECT_EQ(arguments.find_file("a b")->name, "x\"y;z.bin");
  EXPECT_EQ(arguments.find_file("a b")->content, "");
}

TEST(Multipart, AnEmptyFileNameStillMakesAFile) {
  const auto arguments =
      Arguments::parse(
          {}, "multipart/form-data; boundary=B",
          "--B\r\nContent-Disposition: form-data; name=\"d\"; filename=\"\"\r\n\r\nx\r\n--B--")
          .value();
  ASSERT_NE(arguments.find_file("d"), nullptr);
  EXPECT_EQ(arguments.find_file("d")->content, "x");
}

TEST(Multipart, RefusesWhatIsCutOrHasNoBoundary) {
  const std::string type = "multipart/form-data; boundary=B";
  const std::string whole = "--B\r\nContent-Disposition: form-data; name=\"d\"\r\n\r\nx\r\n--B--";
  ASSERT_TRUE(Arguments::parse({}, type, whole).has_value());
  for (std::size_t cut = 0; cut + 4 < whole.size(); ++cut) {
    EXPECT_TRUE(Arguments::parse({}, type, whole.substr(0, cut)).has_error()) << cut;
  }
  EXPECT_TRUE(Arguments::parse({}, "multipart/form-data", whole).has_error());
  EXPECT_TRUE(Arguments::parse({}, "multipart/form-data; boundary=" + std::string(71, 'x'), whole)
                  .has_error());
}

TEST(Multipart, TakesAtMostFiftyFiles) {
  std::string body;
  for (int i = 0; i < 51; ++i) {
    body += "--B\r\nContent-Disposition: form-data; name=\"d\"; filename=\"f\"\r\n\r\nx\r\n";
  }
  EXPECT_EQ(Arguments::parse({}, "multipart/form-data; boundary=B", body + "--B--").error().code,
            413);
}

TEST(Multipart, NamesAndHeadersCountAsParameters) {
  const auto status = [](std::string_view part) {
    std::string body;
    while (body.size() <= 2 * Arguments::kMaxParameterBytes) body += part;
    const auto parsed = Arguments::parse({}, "multipart/form-data; boundary=B", body + "--B--");
    return parsed.has_error() ? parsed.error().code : 200;
  };
  EXPECT_EQ(status("--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n"), 413);
  const std::string long_name(Arguments::kMaxParameterBytes, 'a');
  EXPECT_EQ(status("--B\r\nContent-Disposition: form-data; name=" + long_name + "\r\n\r\nx\r\n"),
            413);
}

RC_GTEST_PROP(Multipart, AnyBytesAreReadOrRefused, (const std::string& bytes)) {
  const auto parsed = Arguments::parse({}, "multipart/form-data; boundary=B", "--B" + bytes);
  RC_ASSERT(parsed.has_value() || parsed.error().code >= 400);
}

TEST(Methods, AreFoundInAnyCase) {
  ASSERT_NE(find_method("SENDmessage"), nullptr);
  EXPECT_EQ(find_method("SENDmessage")->name, "sendMessage");
  EXPECT_EQ(find_method("sendNothing"), nullptr);
}

TEST(AllowedUpdates, EmptyIsTheDefaultAndNonsenseChangesNothing) {
  const auto read = [](std::string_view json) {
    Arguments arguments;
    arguments.add("allowed_updates", std::string(json));
    return read_poll_request(arguments).allowed_updates;
  };
  EXPECT_EQ(read("[]"), kDefaultUpdates);
  EXPECT_EQ(read(R"(["message","unheard_of"])"), 1u);
  EXPECT_EQ(read("message"), std::nullopt);
  EXPECT_EQ(read(""), std::nullopt);
}

TEST(FileNames, AreCleaned) {
  EXPECT_EQ(clean_file_name("snap-000123.bin"), "snap-000123.bin");
  EXPECT_EQ(clean_file_name("../../etc/passwd"), "passwd");
  EXPECT_EQ(clean_file_name("a:b|c?.txt"), "a b c.txt");
  EXPECT_EQ(clean_file_name("  ..Отчёт 🚀 2026.pdf"), "Отчёт 2026.pdf");
  EXPECT_EQ(clean_file_name("\x01\x02"), "file");
  EXPECT_EQ(clean_file_name("\xFF"), "file");
  EXPECT_EQ(clean_file_name(""), "file");
  EXPECT_EQ(clean_file_name(std::string(100, 'a') + "." + std::string(30, 'b')),
            std::string(64, 'a') + "." + std::string(16, 'b'));
}

TEST(Json, EscapesEverythingBeyondAscii) {
  std::string out;
  JsonWriter writer(out);
  writer.string("Ж𝕏\"\\\n\x01");
  EXPECT_EQ(out, R"("\u0416\ud835\udd4f\"\\\n\u0001")");
}

RC_GTEST_PROP(Json, AnyTextComesBack, ()) {
  const auto code_points = *rc::gen::container<std::u32string>(
      rc::gen::suchThat(rc::gen::inRange<char32_t>(0, 0x110000),
                        [](char32_t c) { return c < 0xD800 || c > 0xDFFF; }));
  std::string text;
  std::string out;
  JsonWriter writer(out);
  for (const char32_t c : code_points) {
    if (c < 0x80) {
      text += static_cast<char>(c);
    } else if (c < 0x800) {
      text += {static_cast<char>(0xC0 | (c >> 6)), static_cast<char>(0x80 | (c & 63))};
    } else if (c < 0x10000) {
      text += {static_cast<char>(0xE0 | (c >> 12)), static_cast<char>(0x80 | ((c >> 6) & 63)),
               static_cast<char>(0x80 | (c & 63))};
    } else {
      text += {static_cast<char>(0xF0 | (c >> 18)), static_cast<char>(0x80 | ((c >> 12) & 63)),
               static_cast<char>(0x80 | ((c >> 6) & 63)), static_cast<char>(0x80 | (c & 63))};
    }
  }
  writer.string(text);
  RC_ASSERT(std::string(boost::json::parse(out).as_string()) == text);
}

RC_GTEST_PROP(Base64, AnyBytesComeBack, (const std::string& bytes)) {
  RC_ASSERT(base64_decode(base64url_encode(bytes)) == bytes);
}

}  // namespace
}  // namespace telekv::emulator
