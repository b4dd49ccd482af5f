#include "kv/symbol_stream.h"

#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <new>
#include <utility>

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
// RFC 8878: magic number, frame header, block header, and a byte in the block.
constexpr std::size_t kSmallestFrame = 4 + 2 + 3 + 1;

}  // namespace

void StreamPacker::Free::operator()(ZSTD_CCtx_s* context) const { ZSTD_freeCCtx(context); }
void StreamUnpacker::Free::operator()(ZSTD_DCtx_s* context) const { ZSTD_freeDCtx(context); }

StreamPacker::StreamPacker() = default;
StreamPacker::~StreamPacker() = default;
StreamUnpacker::StreamUnpacker() = default;
StreamUnpacker::~StreamUnpacker() = default;

ZSTD_CCtx_s* StreamPacker::context() {
  if (!context_) {
    context_.reset(ZSTD_createCCtx());
    if (!context_) throw std::bad_alloc();
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_contentSizeFlag, 0);
  }
  return context_.get();
}

ZSTD_DCtx_s* StreamUnpacker::context() {
  if (!context_) {
    context_.reset(ZSTD_createDCtx());
    if (!context_) throw std::bad_alloc();
  }
  return context_.get();
}

/// A frame below `to_beat` bytes, in `room`; empty when there is none.
ByteView StreamPacker::frame(ByteView raw, std::size_t to_beat, std::span<char>& room) {
  if (room.size() < to_beat) room = rooms_.take<char>(to_beat);
  const std::size_t size =
      ZSTD_compress2(context(), room.data(), to_beat - 1, raw.data(), raw.size());
  if (ZSTD_getErrorCode(size) == ZSTD_error_memory_allocation) throw std::bad_alloc();
  // The other error there is: it does not fit.
  return ZSTD_isError(size) != 0 ? ByteView() : ByteView(room.data(), size);
}

ByteView StreamPacker::shortest_frame(ByteView raw, Content content, std::size_t to_beat) {
  if (to_beat <= kSmallestFrame) return {};
  const auto set = [&](ZSTD_cParameter parameter, int value) {
    ZSTD_CCtx_setParameter(context(), parameter, value);
  };
  const bool characters = content == Content::kCharacters;
  set(ZSTD_c_compressionLevel, characters ? kCharactersLevel : kClassesLevel);
  set(ZSTD_c_minMatch, 0);  // by the level
  set(ZSTD_c_hashLog, 0);
  const ByteView best = frame(raw, to_beat, room_);
  if (characters) return best;
  set(ZSTD_c_minMatch, kLongestMinMatch);
  set(ZSTD_c_hashLog, kSmallestHashLog);
  const ByteView other = frame(raw, best.empty() ? to_beat : best.size(), other_room_);
  return other.empty() ? best : other;
}

Packed StreamPacker::pack(ByteView raw, Content content) {
  coded_.clear();
  if (raw.size() <= kLongestCoded) coded_ = encode_symbols(raw);
  // A stream of zeros is coded in no bytes, which would say that it is not coded.
  if (coded_.size() >= raw.size()) coded_.clear();
  const std::size_t to_beat = coded_.empty() ? raw.size() : coded_.size();
  const ByteView zstd = shortest_frame(raw, content, to_beat);
  if (!zstd.empty()) return {.stored = {}, .zstd = zstd, .coded = {}};
  if (!coded_.empty()) return {.stored = {}, .zstd = {}, .coded = coded_};
  return {.stored = raw, .zstd = {}, .coded = {}};
}

Result<ByteView> StreamUnpacker::unpack(const Packed& packed, std::size_t size) {
  const int forms = (packed.stored.empty() ? 0 : 1) + (packed.zstd.empty() ? 0 : 1) +
                    (packed.coded.empty() ? 0 : 1);
  if (forms > 1) return damaged("a stream that is there twice");
  if (packed.coded.empty() && packed.zstd.empty()) {
    if (packed.stored.size() != size) return damaged("a stream of another length");
    return packed.stored;
  }
  if (!packed.coded.empty() && size > kLongestCoded) return damaged("a coded stream too long");
  const std::span<char> raw = scratch_.take<char>(size);
  if (!packed.coded.empty()) {
    if (!decode_symbols(packed.coded, raw)) return damaged("a stream with a tail");
    return ByteView(raw.data(), raw.size());
  }
  const std::size_t got = ZSTD_decompressDCtx(context(), raw.data(), raw.size(), packed.zstd.data(),
                                              packed.zstd.size());
  if (ZSTD_getErrorCode(got) == ZSTD_error_memory_allocation) throw std::bad_alloc();
  if (ZSTD_isError(got) != 0 || got != size) return damaged("a stream that does not decompress");
  return ByteView(raw.data(), raw.size());
}

}  // namespace telekv::kv
