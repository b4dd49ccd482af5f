#include "vault/sealer.h"

#include <sodium.h>

#include <array>
#include <cstring>

namespace telekv::vault {
namespace {

// The first 64 bytes are laid out alike in every major version, so that any version can tell
// damaged bytes from a newer format.
constexpr std::size_t kHeaderBytes = 64;
constexpr std::size_t kChecksumAt = 60;
constexpr std::size_t kKeyIdAt = 36;
constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr char kMagic[] = {'T', 'K', 'V'};
constexpr std::uint8_t kFormatMajor = 1;

enum class Seal : std::uint8_t { kChecksumOnly = 0, kXChaCha20Poly1305 = 1 };
enum class KeySource : std::uint8_t { kRaw = 0 };

static_assert(Sealer::kOverhead == kHeaderBytes + kNonceBytes + kTagBytes);

const unsigned char* raw(ByteView bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* raw(Bytes& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

template <class T>
void append_le(Bytes& out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    out.push_back(static_cast<char>((static_cast<std::uint64_t>(value) >> (8 * i)) & 0xff));
  }
}

template <class T>
T read_le(ByteView bytes, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value |= std::uint64_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
  }
  return static_cast<T>(value);
}

Bytes hash(ByteView first, ByteView second, std::size_t size) {
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, size);
  crypto_generichash_update(&state, raw(first), first.size());
  crypto_generichash_update(&state, raw(second), second.size());
  Bytes out(size, '\0');
  crypto_generichash_final(&state, raw(out), size);
  return out;
}

Bytes header_checksum(ByteView header) {
  return content_hash(header.substr(0, kChecksumAt)).substr(0, kHeaderBytes - kChecksumAt);
}

Error damaged(std::string what) {
  return Error{ErrorCode::kDamaged, "a stored object is damaged: " + std::move(what)};
}

}  // namespace

Bytes content_hash(ByteView bytes) { return hash(bytes, {}, crypto_generichash_BYTES); }

Sealer Sealer::with_key(const Key& key) { return Sealer(Keyed{key.sealing_key(), key.id()}); }
Sealer Sealer::plaintext() { return Sealer(std::nullopt); }

Bytes Sealer::header(const ObjectIdentity& identity) const {
  Bytes out(kMagic, sizeof kMagic);
  append_le(out, kFormatMajor);
  append_le(out, static_cast<std::uint8_t>(identity.kind));
  append_le(out,
            static_cast<std::uint8_t>(keyed_ ? Seal::kXChaCha20Poly1305 : Seal::kChecksumOnly));
  append_le(out, static_cast<std::uint8_t>(KeySource::kRaw));
  append_le(out, std::uint8_t{0});
  append_le(out, identity.epoch);
  append_le(out, identity.writer);
  append_le(out, identity.sequence);
  append_le(out, identity.number);
  for (std::size_t i = 0; i < 8; ++i) append_le(out, keyed_ ? keyed_->id[i] : std::uint8_t{0});
  out.resize(kChecksumAt, '\0');
  return out + header_checksum(out);
}

Sealer::Nonce Sealer::make_nonce(Random& random) {
  Nonce nonce;
  random.fill(nonce.data(), nonce.size());
  return nonce;
}

Bytes Sealer::seal(const ObjectIdentity& identity, ByteView body, const Nonce& nonce) const {
  Bytes object = header(identity);
  const Bytes associated = object;
  object.append(reinterpret_cast<const char*>(nonce.data()), nonce.size());
  object.resize(object.size() + body.size() + kTagBytes, '\0');
  unsigned char* sealed = raw(object) + kHeaderBytes + kNonceBytes;
  if (!keyed_) {
    std::memcpy(sealed, body.data(), body.size());
    const Bytes checksum =
        hash(ByteView(object).substr(0, kHeaderBytes + kNonceBytes), body, kTagBytes);
    std::memcpy(sealed + body.size(), checksum.data(), kTagBytes);
    return object;
  }
  unsigned long long sealed_size = 0;
  crypto_aead_xchacha20poly1305_ietf_encrypt(sealed, &sealed_size, raw(body), body.size(),
                                             raw(associated), associated.size(), nullptr,
                                             nonce.data(), keyed_->sealing_key.data());
  return object;
}

Result<ObjectIdentity> Sealer::peek(ByteView object) {
  const Result<ObjectHeader> header = read_header(object);
  return header ? Result<ObjectIdentity>(header->identity) : header.error();
}

Result<ObjectHeader> Sealer::read_header(ByteView object) {
  if (object.size() < kOverhead || std::memcmp(object.data(), kMagic, sizeof kMagic) != 0) {
    return damaged("it does not begin with a telekv header");
  }
  const ByteView header = object.substr(0, kHeaderBytes);
  if (header.substr(kChecksumAt) != header_checksum(header)) {
    return damaged("its header does not match its checksum");
  }
  const auto major = read_le<std::uint8_t>(header, 3);
  const auto seal = read_le<std::uint8_t>(header, 5);
  const auto key_source = read_le<std::uint8_t>(header, 6);
  if (major != kFormatMajor) {
    return Error{ErrorCode::kUnsupportedVersion,
                 "the stored data has format " + std::to_string(major) +
                     ", this version reads format " + std::to_string(kFormatMajor),
                 "start the newer version that wrote it"};
  }
  if (seal > static_cast<std::uint8_t>(Seal::kXChaCha20Poly1305) ||
      key_source != static_cast<std::uint8_t>(KeySource::kRaw)) {
    return Error{ErrorCode::kUnsupportedVersion,
                 "the stored data is sealed in a way this version does not know",
                 "start the newer version that wrote it"};
  }
  ObjectHeader result{
      .identity = {.kind = static_cast<ObjectKind>(read_le<std::uint8_t>(header, 4)),
                   .epoch = read_le<std::int64_t>(header, 8),
                   .writer = read_le<std::uint64_t>(header, 16),
                   .sequence = read_le<std::uint64_t>(header, 24),
                   .number = read_le<std::uint32_t>(header, 32)},
      .sealed = seal == static_cast<std::uint8_t>(Seal::kXChaCha20Poly1305)};
  std::memcpy(result.key_id.data(), header.data() + kKeyIdAt, result.key_id.size());
  return result;
}

Result<Bytes> Sealer::open(const ObjectIdentity& expected, ByteView object) const {
  const Result<ObjectIdentity> identity = peek(object);
  if (!identity) return identity.error();
  if (*identity != expected) return damaged("it stands in another object's place");

  const ByteView header = object.substr(0, kHeaderBytes);
  const ByteView nonce = object.substr(kHeaderBytes, kNonceBytes);
  const ByteView sealed = object.substr(kHeaderBytes + kNonceBytes);
  const auto seal = static_cast<Seal>(read_le<std::uint8_t>(header, 5));

  if (!keyed_) {
    if (seal != Seal::kChecksumOnly) {
      return Error{ErrorCode::kWrongKey, "the stored data is sealed, but no key was given",
                   "set TELEKV_KEY to the key it was sealed with"};
    }
    const ByteView body = sealed.substr(0, sealed.size() - kTagBytes);
    if (sealed.substr(body.size()) !=
        hash(object.substr(0, kHeaderBytes + kNonceBytes), body, kTagBytes)) {
      return damaged("its content does not match its checksum");
    }
    return Bytes(body);
  }
  if (seal == Seal::kChecksumOnly) {
    return Error{ErrorCode::kWrongKey, "the stored data is not sealed, but a key was given",
                 "if you really stored it unsealed, start with --plaintext and without TELEKV_KEY"};
  }
  if (std::memcmp(header.data() + kKeyIdAt, keyed_->id.data(), keyed_->id.size()) != 0) {
    return Error{ErrorCode::kWrongKey, "TELEKV_KEY is not the key the stored data was sealed with",
                 "set TELEKV_KEY to the key used before; without it the data cannot be read"};
  }
  Bytes body(sealed.size() - kTagBytes, '\0');
  unsigned long long body_size = 0;
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(raw(body), &body_size, nullptr, raw(sealed),
                                                 sealed.size(), raw(header), header.size(),
                                                 raw(nonce), keyed_->sealing_key.data()) != 0) {
    return damaged("its seal does not verify");
  }
  return body;
}

}  // namespace telekv::vault
