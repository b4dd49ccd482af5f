#include "kv/text_codec.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "kv/code_point.h"
#include "kv/codec_error.h"
#include "kv/columns_message.h"
#include "telekv.pb.h"

namespace telekv::kv {
namespace {

constexpr std::size_t kMaxAlphabet = 127;
constexpr std::uint8_t kRareSymbol = 0xff;
constexpr std::size_t kSymbols = 256;
// Values at once on their way out of a column.
constexpr std::size_t kPart = 512;

/// A number for each code point. Those of two bytes of UTF-8, nearly all there are in names, are
/// found in place.
class CodePointMap {
 public:
  using Entry = std::pair<std::uint32_t, std::uint32_t>;

  CodePointMap() : common_(kTwoBytesEnd) {}

  /// 0 as long as nothing was assigned to it.
  std::uint32_t& operator[](std::uint32_t code_point) {
    return code_point < kTwoBytesEnd ? common_[code_point] : others_[code_point];
  }

  /// Those that are not 0 and not of ASCII.
  std::vector<Entry> entries() const {
    std::vector<Entry> found(others_.begin(), others_.end());
    for (std::uint32_t code_point = kAsciiEnd; code_point < kTwoBytesEnd; ++code_point) {
      if (common_[code_point] != 0) found.emplace_back(code_point, common_[code_point]);
    }
    return found;
  }

 private:
  std::vector<std::uint32_t> common_;
  std::unordered_map<std::uint32_t, std::uint32_t> others_;
};

/// The texts that have more than one row, most frequent first; equally frequent ones by their
/// bytes, so that the order depends on the records alone.
std::vector<std::uint32_t> dictionary_of(const TextList& distinct,
                                         std::span<const std::uint32_t> uses) {
  struct Entry {
    std::uint32_t uses;
    std::uint32_t text;
    std::uint64_t prefix;  // tells most texts apart without a look at them
  };
  std::vector<Entry> entries;
  for (std::uint32_t text = 0; text < uses.size(); ++text) {
    if (uses[text] < 2) continue;
    const std::string_view bytes = distinct[text];
    std::uint64_t prefix = 0;
    std::memcpy(&prefix, bytes.data(), std::min(bytes.size(), sizeof prefix));
    entries.push_back({uses[text], text, __builtin_bswap64(little_endian(prefix))});
  }
  std::sort(entries.begin(), entries.end(), [&](const Entry& a, const Entry& b) {
    if (a.uses != b.uses) return a.uses > b.uses;
    if (a.prefix != b.prefix) return a.prefix < b.prefix;
    return distinct[a.text] < distinct[b.text];
  });
  std::vector<std::uint32_t> texts;
  texts.reserve(entries.size());
  for (const Entry& entry : entries) texts.push_back(entry.text);
  return texts;
}

/// Texts lie in the order in which they came, not in the one in which they are spelled.
[[gnu::always_inline]] inline void fetch_ahead(const TextList& distinct,
                                               std::span<const std::uint32_t> texts,
                                               std::size_t at) {
  constexpr std::size_t kAhead = 8;
  if (at + 2 * kAhead < texts.size()) distinct.prefetch_place(texts[at + 2 * kAhead]);
  if (at + kAhead < texts.size()) distinct.prefetch(texts[at + kAhead]);
}

/// What the texts are spelled with, and how.
struct Spelling {
  std::vector<std::uint32_t> alphabet;  // the commonest code points that are not ASCII, ascending
  IntegerList lengths;                  // of each text, in code points
  std::span<char> symbols;
  IntegerList rare;  // code points that are not in the alphabet
};

/// Goes over the texts once: a code point gets its symbol where it first stands, and in the end the
/// symbols are put in order. False when there are more code points than the alphabet holds.
bool spell_at_once(const TextList& distinct, std::span<const std::uint32_t> texts, Scratch& scratch,
                   Spelling& spelling) {
  CodePointMap symbols;  // and one
  for (std::uint32_t ascii = 0; ascii < kAsciiEnd; ++ascii) symbols[ascii] = ascii + 1;
  std::vector<std::uint32_t> found;
  const std::span<char> room = scratch.take<char>(distinct.bytes());  // no symbol without a byte
  char* next = room.data();
  spelling.lengths.reserve(texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    fetch_ahead(distinct, texts, i);
    const std::uint32_t text = texts[i];
    const char* const begin = next;
    for_each_code_point(distinct[text], distinct.readable(text), [&](std::uint32_t code_point) {
      std::uint32_t& symbol = symbols[code_point];
      if (symbol == 0) [[unlikely]] {
        symbol = kAsciiEnd + static_cast<std::uint32_t>(found.size()) + 1;
        found.push_back(code_point);
      }
      *next++ = static_cast<char>(symbol - 1);
    });
    if (found.size() > kMaxAlphabet) return false;
    spelling.lengths.push_back(static_cast<std::uint64_t>(next - begin));
  }
  spelling.symbols = scratch.shorten(room, static_cast<std::size_t>(next - room.data()));
  spelling.alphabet = found;
  std::sort(spelling.alphabet.begin(), spelling.alphabet.end());
  std::array<char, kSymbols> in_order{};
  for (std::uint32_t ascii = 0; ascii < kAsciiEnd; ++ascii) {
    in_order[ascii] = static_cast<char>(ascii);
  }
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto place =
        std::lower_bound(spelling.alphabet.begin(), spelling.alphabet.end(), found[i]);
    in_order[kAsciiEnd + i] = static_cast<char>(kAsciiEnd + (place - spelling.alphabet.begin()));
  }
  for (char& symbol : spelling.symbols) symbol = in_order[static_cast<std::uint8_t>(symbol)];
  return true;
}

/// The commonest code points. Answers how many symbols there are.
std::size_t choose_alphabet(const TextList& distinct, std::span<const std::uint32_t> texts,
                            Spelling& spelling) {
  spelling.lengths.clear();
  std::size_t symbols = 0;
  CodePointMap uses;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    fetch_ahead(distinct, texts, i);
    const std::uint32_t text = texts[i];
    std::size_t length = 0;
    for_each_code_point(distinct[text], distinct.readable(text), [&](std::uint32_t code_point) {
      ++length;
      ++uses[code_point];
    });
    spelling.lengths.push_back(length);
    symbols += length;
  }
  std::vector<CodePointMap::Entry> found = uses.entries();
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  if (found.size() > kMaxAlphabet) found.resize(kMaxAlphabet);
  for (const auto& each : found) spelling.alphabet.push_back(each.first);
  std::sort(spelling.alphabet.begin(), spelling.alphabet.end());
  return symbols;
}

void encode_alphabet(const std::vector<std::uint32_t>& alphabet, StreamPacker& packer,
                     WireWriter& message) {
  if (alphabet.empty()) return;
  IntegerList steps;
  std::uint32_t before = 0;
  for (const std::uint32_t code_point : alphabet) {
    steps.push_back(code_point - std::exchange(before, code_point));
  }
  message.number(format::Texts::kAlphabetSizeFieldNumber, alphabet.size());
  encode_integers(steps, packer, format::Texts::kAlphabetFieldNumber, message);
}

/// With an alphabet that does not hold all.
void spell_by_alphabet(const TextList& distinct, std::span<const std::uint32_t> texts,
                       std::span<char> room, Spelling& spelling) {
  CodePointMap symbols;  // 0: rare, or the character 0
  for (std::uint32_t ascii = 0; ascii < kAsciiEnd; ++ascii) symbols[ascii] = ascii;
  for (std::uint32_t i = 0; i < spelling.alphabet.size(); ++i) {
    symbols[spelling.alphabet[i]] = kAsciiEnd + i;
  }
  spelling.symbols = room;
  char* next = room.data();
  for (std::size_t i = 0; i < texts.size(); ++i) {
    fetch_ahead(distinct, texts, i);
    const std::uint32_t text = texts[i];
    for_each_code_point(distinct[text], distinct.readable(text), [&](std::uint32_t code_point) {
      std::uint32_t symbol = symbols[code_point];
      if (symbol == 0 && code_point != 0) [[unlikely]] {
        spelling.rare.push_back(code_point);
        symbol = kRareSymbol;
      }
      *next++ = static_cast<char>(symbol);
    });
  }
}

Spelling spelling_of(const TextList& distinct, std::span<const std::uint32_t> texts,
                     Scratch& scratch) {
  Spelling spelling;
  if (!spell_at_once(distinct, texts, scratch, spelling)) {
    const std::size_t symbols = choose_alphabet(distinct, texts, spelling);
    spell_by_alphabet(distinct, texts, scratch.take<char>(symbols), spelling);
  }
  return spelling;
}

void encode_symbols_of(const Spelling& spelling, StreamPacker& packer, WireWriter& message) {
  using format::Texts;
  const Packed packed =
      packer.pack({spelling.symbols.data(), spelling.symbols.size()}, Content::kCharacters);
  message.bytes(Texts::kSymbolsFieldNumber, packed.stored);
  message.bytes(Texts::kSymbolsZstdFieldNumber, packed.zstd);
  const Bytes coded(packed.coded);  // packing more ends the view
  if (!spelling.rare.empty()) {
    message.number(Texts::kRareCountFieldNumber, spelling.rare.size());
    encode_integers(spelling.rare, packer, Texts::kRareFieldNumber, message);
  }
  message.bytes(Texts::kSymbolsCodedFieldNumber, coded);
}

struct Symbols {
  ByteView coded;
  std::array<SpelledCodePoint, kSymbols> spelled{};  // a size of 0: not in the alphabet, or rare
  std::vector<SpelledCodePoint> rare;                // one after the other
  std::size_t bytes = 0;                             // of all texts
};

Result<void> decode_alphabet(const TextsMessage& message, StreamUnpacker& unpacker,
                             Symbols& symbols) {
  if (message.alphabet_size > kMaxAlphabet) return damaged("an alphabet too large");
  const Result<IntegerList> steps =
      decode_integers(message.alphabet, static_cast<std::size_t>(message.alphabet_size), unpacker);
  if (!steps) return steps.error();
  for (std::uint32_t ascii = 0; ascii < kAsciiEnd; ++ascii) symbols.spelled[ascii] = spell(ascii);
  std::uint64_t code_point = 0;
  for (std::size_t i = 0; i < steps->size(); ++i) {
    if ((*steps)[i] >= kCodePointsEnd - code_point) return damaged("not a code point");
    code_point += (*steps)[i];
    symbols.spelled[kAsciiEnd + i] = spell(static_cast<std::uint32_t>(code_point));
  }
  return {};
}

/// `count` of them.
Result<void> decode_rare(ByteView encoded, std::size_t count, StreamUnpacker& unpacker,
                         Symbols& symbols) {
  const Result<IntegerList> code_points = decode_integers(encoded, count, unpacker);
  if (!code_points) return code_points.error();
  for (const std::uint64_t code_point : *code_points) {
    if (code_point >= kCodePointsEnd) return damaged("not a code point");
    symbols.rare.push_back(spell(static_cast<std::uint32_t>(code_point)));
    symbols.bytes += symbols.rare.back().size;
  }
  return {};
}

Result<Symbols> decode_symbols_of(const TextsMessage& message, std::size_t count,
                                  StreamUnpacker& unpacker) {
  Symbols symbols;
  if (Result<void> read = decode_alphabet(message, unpacker, symbols); !read) return read.error();
  const Result<ByteView> coded = unpacker.unpack(message.symbols, count);
  if (!coded) return coded.error();
  symbols.coded = *coded;
  std::size_t rare = 0;
  for (const char each : symbols.coded) {
    const auto symbol = static_cast<std::uint8_t>(each);
    const std::size_t size = symbols.spelled[symbol].size;
    if (size == 0 && symbol != kRareSymbol) return damaged("a symbol outside the alphabet");
    if (size == 0) ++rare;
    symbols.bytes += size;
  }
  if (rare != message.rare_count) return damaged("rare code points of another number");
  if (Result<void> read = decode_rare(message.rare, rare, unpacker, symbols); !read) {
    return read.error();
  }
  return symbols;
}

/// Puts the texts together from checked symbols; `lengths` add up to their number.
Result<TextViews> spell_texts(const Symbols& symbols, std::span<const std::uint32_t> lengths,
                              Scratch& scratch) {
  // Each code point is written as one word, and the next one over what was too much of it.
  const std::span<char> bytes = scratch.take<char>(symbols.bytes + sizeof(SpelledCodePoint::bytes));
  const std::span<std::uint32_t> ends = scratch.take<std::uint32_t>(lengths.size());
  char* at = bytes.data();
  const char* next = symbols.coded.data();
  const SpelledCodePoint* next_rare = symbols.rare.data();
  for (std::size_t text = 0; text < lengths.size(); ++text) {
    const char* const start = at;
    for (const char* const end = next + lengths[text]; next != end; ++next) {
      const SpelledCodePoint* spelled = &symbols.spelled[static_cast<std::uint8_t>(*next)];
      if (spelled->size == 0) [[unlikely]]
        spelled = next_rare++;
      std::memcpy(at, spelled->bytes.data(), sizeof spelled->bytes);
      at += spelled->size;
    }
    if (static_cast<std::size_t>(at - start) > kMaxTextBytes) return damaged("a text too long");
    ends[text] = static_cast<std::uint32_t>(at - bytes.data());
  }
  return TextViews(bytes.data(), ends);
}

/// In code points; `left` is lowered by their sum.
Result<std::span<const std::uint32_t>> decode_lengths(ByteView encoded, std::size_t count,
                                                      std::size_t& left, StreamUnpacker& unpacker) {
  Result<IntegerReader> reader = IntegerReader::open(encoded, count, unpacker);
  if (!reader) return reader.error();
  const std::span<std::uint32_t> lengths = unpacker.scratch().take<std::uint32_t>(count);
  std::array<std::uint64_t, kPart> part{};
  for (std::size_t begin = 0; begin < count; begin += kPart) {
    const std::span<std::uint64_t> values = std::span(part).first(std::min(kPart, count - begin));
    reader->read(values);
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (values[i] > kMaxTextBytes) return damaged("a text too long");
      if (values[i] > left) return damaged("too much text");
      left -= static_cast<std::size_t>(values[i]);
      lengths[begin + i] = static_cast<std::uint32_t>(values[i]);
    }
  }
  return std::span<const std::uint32_t>(lengths);
}

}  // namespace

std::size_t text_bound_bytes(std::string_view text) {
  // Its length and a symbol for each character. Any byte that is not ASCII may be one, and rare.
  static const std::size_t rare_bits = 8 + integer_bound_bits(kCodePointsEnd - 1);
  const auto others = static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char each) { return each < 0; }));
  const std::size_t bits = integer_bound_bits(text.size()) + (text.size() - others) * 8;
  return (bits + others * rare_bits + 7) / 8;
}

std::vector<std::uint32_t> count_uses(std::span<const std::uint64_t> values, std::size_t texts) {
  std::vector<std::uint32_t> uses(texts);
  for (const std::uint64_t text : values) ++uses[static_cast<std::size_t>(text)];
  return uses;
}

TextWriter::TextWriter(const TextList& distinct, std::span<const std::uint32_t> uses,
                       std::size_t rows, Scratch& scratch)
    : distinct_(distinct),
      stored_(scratch.take<std::uint32_t>(distinct.size())),
      index_(rows, scratch) {
  const std::vector<std::uint32_t> dictionary = dictionary_of(distinct, uses);
  const auto singles = std::count(uses.begin(), uses.end(), 1U);
  dictionary_ = dictionary.size();
  next_ = dictionary_;
  spelled_ = scratch.take<std::uint32_t>(dictionary_ + static_cast<std::size_t>(singles));
  std::copy(dictionary.begin(), dictionary.end(), spelled_.begin());
  std::fill(stored_.begin(), stored_.end(), 0U);
  for (std::uint32_t i = 0; i < dictionary_; ++i) stored_[spelled_[i]] = i + 1;
  for (std::size_t text = 0; text < uses.size() && all_empty_; ++text) {
    all_empty_ = uses[text] == 0 || distinct[text].empty();
  }
}

void TextWriter::append(std::span<std::uint64_t> places) {
  for (std::uint64_t& place : places) {
    const auto text = static_cast<std::uint32_t>(place);
    place = stored_[text];
    if (place == 0) spelled_[next_++] = text;
  }
  index_.append(places);
}

void TextWriter::finish(StreamPacker& packer, WireWriter& message) {
  using format::Texts;
  const WireWriter::Mark begin = message.begin();
  index_.finish(packer, message);
  message.enclose(Texts::kIndexFieldNumber, begin);
  message.number(Texts::kDictionaryFieldNumber, dictionary_);
  const Spelling spelling = spelling_of(distinct_, spelled_, packer.scratch());
  encode_integers(spelling.lengths, packer, Texts::kLengthsFieldNumber, message);
  encode_alphabet(spelling.alphabet, packer, message);
  encode_symbols_of(spelling, packer, message);
}

Result<TextReader> TextReader::open(ByteView encoded, std::size_t rows,
                                    std::size_t& code_points_left, StreamUnpacker& unpacker) {
  const Result<TextsMessage> message = TextsMessage::read(encoded);
  if (!message) return message.error();
  if (message->dictionary > rows) return damaged("a dictionary larger than its column");
  Result<IntegerReader> index = IntegerReader::open(message->index, rows, unpacker);
  if (!index) return index.error();
  TextReader reader;
  reader.index_ = *std::move(index);
  reader.dictionary_ = static_cast<std::size_t>(message->dictionary);
  reader.next_single_ = reader.dictionary_;
  const Result<std::span<const std::uint32_t>> lengths = decode_lengths(
      message->lengths, reader.dictionary_ + reader.index_.zeros(), code_points_left, unpacker);
  if (!lengths) return lengths.error();
  const std::size_t code_points = std::accumulate(lengths->begin(), lengths->end(), std::size_t{0});
  const Result<Symbols> symbols = decode_symbols_of(*message, code_points, unpacker);
  if (!symbols) return symbols.error();
  const Result<TextViews> texts = spell_texts(*symbols, *lengths, unpacker.scratch());
  if (!texts) return texts.error();
  reader.texts_ = *texts;
  return reader;
}

bool TextReader::read(std::span<std::uint64_t> numbers) {
  index_.read(numbers);
  bool known = true;
  for (std::uint64_t& number : numbers) {
    known &= number <= dictionary_;
    number = number == 0 ? next_single_++ : number - 1;
  }
  return known;
}

}  // namespace telekv::kv
