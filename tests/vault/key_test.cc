// The vault's key: what is accepted, and what is derived from it for ever.
#include "vault/key.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "seeded_random.h"

namespace telekv::vault {
namespace {

constexpr std::string_view kHex =
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

TEST(Key, ReadsHexadecimalAndBase64) {
  const Key key = Key::parse(kHex).value();
  EXPECT_EQ(key.to_hex(), kHex);
  for (const std::string_view text :
       {"000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"}) {
    ASSERT_TRUE(Key::parse(text)) << text;
    EXPECT_EQ(Key::parse(text)->to_hex(), kHex);
  }
  const std::string ones(64, 'f');
  EXPECT_EQ(Key::parse("__________________________________________8")->to_hex(), ones);
  EXPECT_EQ(Key::parse("//////////////////////////////////////////8=")->to_hex(), ones);
}

TEST(Key, RefusesEverythingElseWithoutRepeatingIt) {
  const std::string hex(kHex);
  for (const std::string& text :
       {std::string(), std::string("secret"), hex.substr(1), hex + "0", hex.substr(2),
        "zz" + hex.substr(2), " " + hex, hex + "\n", std::string(43, '!'), std::string(64, '\0')}) {
    const auto key = Key::parse(text);
    ASSERT_FALSE(key) << text;
    EXPECT_EQ(key.error().code, ErrorCode::kInvalidArgument);
    EXPECT_FALSE(key.error().hint.empty());
    EXPECT_TRUE(text.empty() || describe(key.error()).find(text) == std::string::npos);
  }
}

TEST(Key, AGeneratedKeyIsReadBack) {
  SeededRandom random(4);
  const Key key = Key::generate(random);
  EXPECT_EQ(Key::parse(key.to_hex())->to_hex(), key.to_hex());
  EXPECT_NE(Key::generate(random).to_hex(), key.to_hex());
}

TEST(Key, EveryPurposeHasAKeyOfItsOwn) {
  const Key key = Key::parse(kHex).value();
  const auto sealing = key.sealing_key();
  const auto digest = key.digest_key();
  const auto id = key.id();
  // Stored data depends on them. Computed with another BLAKE2b (Python's hashlib).
  EXPECT_EQ(sealing.front(), 0x93);
  EXPECT_EQ(sealing.back(), 0x3f);
  EXPECT_EQ(digest, (std::array<std::uint8_t, 16>{0x64, 0x18, 0xb9, 0x66, 0x4c, 0xf2, 0xdd, 0x27,
                                                  0x13, 0x9d, 0x03, 0x12, 0xa1, 0xa9, 0x4f, 0xc3}));
  EXPECT_EQ(id, (std::array<std::uint8_t, 8>{0x01, 0xea, 0x40, 0xf8, 0xb8, 0x7d, 0x0d, 0x9a}));
  EXPECT_FALSE(std::equal(digest.begin(), digest.end(), sealing.begin()));
  EXPECT_FALSE(std::equal(id.begin(), id.end(), sealing.begin()));
  EXPECT_FALSE(std::equal(id.begin(), id.end(), digest.begin()));
}

TEST(Key, APassphraseMakesAKeyOfItsOwnForEachBot) {
  const Key key = Key::from_setting("passphrase:correct horse battery", "8100000001").value();
  EXPECT_EQ(key.to_hex(), Key::from_passphrase("correct horse battery", "8100000001")->to_hex());
  EXPECT_NE(key.to_hex(), Key::from_passphrase("correct horse battery", "8100000002")->to_hex());
  EXPECT_NE(key.to_hex(), Key::from_passphrase("correct horse batterx", "8100000001")->to_hex());
  // Golden: data sealed under it must stay readable.
  EXPECT_EQ(key.to_hex(), "6a0796cadb722e8ad7b06bb36431eae97083c955a4e05818355a3f237e0b8033");
}

TEST(Key, AShortPassphraseIsRefusedAndNotRepeated) {
  const auto refused = Key::from_setting("passphrase:secret", "1");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(describe(refused.error()).find("secret"), std::string::npos);
}

TEST(Key, WithoutThePrefixASettingIsTheKeyItself) {
  const std::string hex(64, 'a');
  EXPECT_EQ(Key::from_setting(hex, "1")->to_hex(), hex);
  EXPECT_FALSE(Key::from_setting("correct horse battery staple", "1"));
}

}  // namespace
}  // namespace telekv::vault
