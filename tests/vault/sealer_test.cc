// Sealed objects: the bytes of docs/format.md, and every object only in its own place.
#include "vault/sealer.h"

#include <gtest/gtest.h>

#include <cstdio>

#include "seeded_random.h"

namespace telekv::vault {
namespace {

const ObjectIdentity kIdentity{.kind = ObjectKind::kChunk,
                               .epoch = 8589934594,
                               .writer = 0x1122334455667788,
                               .sequence = 300,
                               .number = 2};

Key test_key() {
  return Key::parse("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f").value();
}

Sealer::Nonce counting_nonce() {
  Sealer::Nonce nonce{};
  for (std::size_t i = 0; i < nonce.size(); ++i) nonce[i] = static_cast<std::uint8_t>(0x40 + i);
  return nonce;
}

std::string hex(ByteView bytes) {
  std::string text;
  for (const char byte : bytes) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned char>(byte));
    text += digits;
  }
  return text;
}

// The worked example of docs/format.md. Objects of this version are read for ever: these bytes
// never change.
TEST(Sealer, WritesTheBytesOfTheFormat) {
  const Bytes object = Sealer::with_key(test_key()).seal(kIdentity, "telekv", counting_nonce());
  EXPECT_EQ(hex(ByteView(object).substr(0, 36)),
            "544b5601"
            "02010000"
            "0200000002000000"
            "8877665544332211"
            "2c01000000000000"
            "02000000");
  EXPECT_EQ(hex(ByteView(object).substr(36, 28)),
            "01ea40f8b87d0d9a0000000000000000000000000000000060ffd0de");
  EXPECT_EQ(hex(ByteView(object).substr(64, 24)),
            "404142434445464748494a4b4c4d4e4f5051525354555657");
  EXPECT_EQ(hex(ByteView(object).substr(88)), "6c29d224e7aba7a5de799e1aada41b5d512267c9dbb5");
}

TEST(Sealer, OpensWhatItSealed) {
  SeededRandom random(1);
  for (const Sealer& sealer : {Sealer::with_key(test_key()), Sealer::plaintext()}) {
    for (const std::size_t size : {0u, 1u, 63u, 100'000u}) {
      Bytes body(size, '\0');
      random.fill(body.data(), body.size());
      const Bytes object = sealer.seal(kIdentity, body, Sealer::make_nonce(random));
      EXPECT_EQ(object.size(), body.size() + Sealer::kOverhead);
      EXPECT_EQ(Sealer::peek(object).value(), kIdentity);
      EXPECT_EQ(sealer.open(kIdentity, object).value(), body);
    }
  }
}

TEST(Sealer, HidesTheBodyUnlessItIsPlaintext) {
  const std::string body = "a body that is easy to recognise";
  EXPECT_EQ(Sealer::with_key(test_key()).seal(kIdentity, body, counting_nonce()).find(body),
            Bytes::npos);
  EXPECT_NE(Sealer::plaintext().seal(kIdentity, body, counting_nonce()).find(body), Bytes::npos);
}

TEST(Sealer, RefusesAnObjectThatIsNotTheOneExpected) {
  const Sealer sealer = Sealer::with_key(test_key());
  const Bytes object = sealer.seal(kIdentity, "body", counting_nonce());
  std::array<ObjectIdentity, 5> others;
  others.fill(kIdentity);
  others[0].kind = ObjectKind::kRoot;
  others[1].epoch += 1;
  others[2].writer += 1;
  others[3].sequence += 1;
  others[4].number += 1;
  for (const ObjectIdentity& other : others) {
    ASSERT_FALSE(sealer.open(other, object));
    EXPECT_EQ(sealer.open(other, object).error().code, ErrorCode::kDamaged);
  }
}

// The header is associated data: a true header before another object's body does not verify.
TEST(Sealer, RefusesAnotherObjectsHeader) {
  for (const Sealer& sealer : {Sealer::with_key(test_key()), Sealer::plaintext()}) {
    ObjectIdentity other = kIdentity;
    other.sequence += 1;
    const Bytes object = sealer.seal(kIdentity, "body", counting_nonce());
    const Bytes swapped =
        sealer.seal(other, "body", counting_nonce()).substr(0, 64) + object.substr(64);
    ASSERT_FALSE(sealer.open(other, swapped));
    EXPECT_EQ(sealer.open(other, swapped).error().code, ErrorCode::kDamaged);
  }
}

TEST(Sealer, TellsAWrongKeyFromDamage) {
  SeededRandom random(2);
  const Sealer sealer = Sealer::with_key(test_key());
  const Sealer other = Sealer::with_key(Key::generate(random));
  const Sealer plaintext = Sealer::plaintext();
  const Bytes sealed = sealer.seal(kIdentity, "body", counting_nonce());
  const Bytes open = plaintext.seal(kIdentity, "body", counting_nonce());
  EXPECT_EQ(other.open(kIdentity, sealed).error().code, ErrorCode::kWrongKey);
  EXPECT_EQ(plaintext.open(kIdentity, sealed).error().code, ErrorCode::kWrongKey);
  EXPECT_EQ(sealer.open(kIdentity, open).error().code, ErrorCode::kWrongKey);
}

TEST(Sealer, NeverReadsOutsideHostileBytes) {
  SeededRandom random(3);
  const Sealer sealer = Sealer::with_key(test_key());
  for (std::size_t size = 0; size < 200; ++size) {
    Bytes noise(size, '\0');
    random.fill(noise.data(), noise.size());
    EXPECT_FALSE(Sealer::peek(noise));
    EXPECT_FALSE(sealer.open(kIdentity, noise));
  }
}

TEST(Sealer, NoncesDoNotRepeat) {
  SystemRandom random;
  EXPECT_NE(Sealer::make_nonce(random), Sealer::make_nonce(random));
}

}  // namespace
}  // namespace telekv::vault
