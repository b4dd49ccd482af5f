#include "kv/symbol_stream.h"

#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <new>
#include <optional>
#include <utility>

#include "kv/bit_stream.h"
#include "kv/codec_error.h"
#include "kv/symbol_coder.h"

namespace telekv::kv {
namespace {

// Higher levels gain less than 0.1% and cost several times as much.
constexpr int kCharactersLevel = 3;
constexpr int kClassesLevel = 1;
// Class bytes come from a small set, so what looks like a repeat is mostly chance and costs more
// than its symbols. They are tried with hardly any search too, and the shorter frame is kept.
constexpr int kLongestMinMatch = 7;
constexpr int kSmallestHashLog = 6;
// Longer streams are zstd's: what its coder loses is below 1% there, and it takes 1 ns a byte.
constexpr std::size_t kLongestCoded = std::size_t{16} << 10U;

}  // namespace

void StreamPacker::Free::operator()(ZSTD_CCtx_s* context) const { ZSTD_freeCCtx(context); }
void StreamUnpacker::Free::operator()(ZSTD_DCtx_s* context) const { ZSTD_freeDCtx(context); }

StreamPacker::StreamPacker() : context_(ZSTD_createCCtx()) {
  if (!context_) throw std::bad_alloc();
  ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_contentSizeFlag, 0);
}
StreamPacker::~StreamPacker() = default;

StreamUnpacker::StreamUnpacker() : context_(ZSTD_createDCtx()) {
  if (!context_) throw std::bad_alloc();
}
StreamUnpacker::~StreamUnpacker() = default;

/// A frame below `to_beat` bytes; empty when there is none.
Bytes StreamPacker::frame(ByteView raw, std::size_t to_beat) {
  if (to_beat == 0) return {};
  if (room_.size() < to_beat) room_ = resident_bytes(to_beat);
  const std::size_t size =
      ZSTD_compress2(context_.get(), room_.data(), to_beat - 1, raw.data(), raw.size());
  if (ZSTD_getErrorCode(size) == ZSTD_error_memory_allocation) throw std::bad_alloc();
  // The other error there is: it does not fit.
  return ZSTD_isError(size) != 0 ? Bytes() : room_.substr(0, size);
}

Bytes StreamPacker::shortest_frame(ByteView raw, Content content, std::size_t to_beat) {
  const auto set = [&](ZSTD_cParameter parameter, int value) {
    ZSTD_CCtx_setParameter(context_.get(), parameter, value);
  };
  const bool characters = content == Content::kCharacters;
  set(ZSTD_c_compressionLevel, characters ? kCharactersLevel : kClassesLevel);
  set(ZSTD_c_minMatch, 0);  // by the level
  set(ZSTD_c_hashLog, 0);
  Bytes best = frame(raw, to_beat);
  if (characters) return best;
  set(ZSTD_c_minMatch, kLongestMinMatch);
  set(ZSTD_c_hashLog, kSmallestHashLog);
  Bytes other = frame(raw, best.empty() ? to_beat : best.size());
  return other.empty() ? best : other;
}

Packed<Bytes> StreamPacker::pack(Bytes raw, Content content) {
  Packed<Bytes> packed;
  if (raw.size() <= kLongestCoded) {
    packed.coded = encode_symbols(raw);
    if (packed.coded.size() >= raw.size()) packed.coded.clear();
  }
  const std::size_t to_beat = packed.coded.empty() ? raw.size() : packed.coded.size();
  packed.zstd = shortest_frame(raw, content, to_beat);
  if (!packed.zstd.empty()) packed.coded.clear();
  if (packed.zstd.empty() && packed.coded.empty()) packed.stored = std::move(raw);
  return packed;
}

Result<Bytes> StreamUnpacker::unpack(const Packed<ByteView>& packed, std::size_t size) {
  const int forms = (packed.stored.empty() ? 0 : 1) + (packed.zstd.empty() ? 0 : 1) +
                    (packed.coded.empty() ? 0 : 1);
  if (forms > 1) return damaged("a stream that is there twice");
  if (!packed.coded.empty()) {
    if (size > kLongestCoded) return damaged("a coded stream too long");
    std::optional<Bytes> raw = decode_symbols(packed.coded, size);
    if (!raw) return damaged("a stream with a tail");
    return *std::move(raw);
  }
  if (packed.zstd.empty()) {
    if (packed.stored.size() != size) return damaged("a stream of another length");
    return Bytes(packed.stored);
  }
  Bytes raw = resident_bytes(size);
  const std::size_t got = ZSTD_decompressDCtx(context_.get(), raw.data(), raw.size(),
                                              packed.zstd.data(), packed.zstd.size());
  if (ZSTD_getErrorCode(got) == ZSTD_error_memory_allocation) throw std::bad_alloc();
  if (ZSTD_isError(got) != 0 || got != size) return damaged("a stream that does not decompress");
  return raw;
}

}  // namespace telekv::kv
