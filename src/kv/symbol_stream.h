// Streams of symbols, a byte each, in the shortest of three forms: as they are, as one zstd frame,
// or, when they are short, coded in fractions of a bit (kv/symbol_coder.h).
//
// Internal to the codec. One thread at a time. O(symbols), some 1 ns each. Errors: kDamaged. Lack
// of memory throws std::bad_alloc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "kv/bytes.h"
#include "kv/error.h"
#include "kv/memory_blocks.h"

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

namespace telekv::kv {

/// What the symbols are, for the way of compressing them; a reader need not know.
enum class Content : std::uint8_t { kClasses, kCharacters };

/// One stream; two of the three are empty.
struct Packed {
  ByteView stored;
  ByteView zstd;
  ByteView coded;
};

/// Keeps zstd's tables from one stream to the next: taking them anew costs as much as a stream. A
/// small delta needs none.
class StreamPacker {
 public:
  StreamPacker();
  ~StreamPacker();
  StreamPacker(const StreamPacker&) = delete;
  StreamPacker& operator=(const StreamPacker&) = delete;

  /// Good until the next call, and as long as `raw`.
  Packed pack(ByteView raw, Content content);

  /// Memory for what is put together to be packed.
  Scratch& scratch() { return scratch_; }

 private:
  ZSTD_CCtx_s* context();
  ByteView frame(ByteView raw, std::size_t to_beat, std::span<char>& room);
  ByteView shortest_frame(ByteView raw, Content content, std::size_t to_beat);

  struct Free {
    void operator()(ZSTD_CCtx_s* context) const;
  };
  std::unique_ptr<ZSTD_CCtx_s, Free> context_;
  Scratch scratch_;
  Scratch rooms_;
  std::span<char> room_;
  std::span<char> other_room_;
  Bytes coded_;
};

class StreamUnpacker {
 public:
  StreamUnpacker();
  ~StreamUnpacker();
  StreamUnpacker(const StreamUnpacker&) = delete;
  StreamUnpacker& operator=(const StreamUnpacker&) = delete;

  /// The `size` symbols that pack() was given; the caller has bounded `size`. They live as long as
  /// this.
  Result<ByteView> unpack(const Packed& packed, std::size_t size);

  /// Memory that lives as long as this.
  Scratch& scratch() { return scratch_; }

 private:
  ZSTD_DCtx_s* context();

  struct Free {
    void operator()(ZSTD_DCtx_s* context) const;
  };
  std::unique_ptr<ZSTD_DCtx_s, Free> context_;
  Scratch scratch_;
};

}  // namespace telekv::kv
