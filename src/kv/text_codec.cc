#include "kv/text_codec.h"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kv/column_codec.h"
#include "kv/integer_codec.h"
#include "telekv.pb.h"

namespace telekv::kv {
namespace {

constexpr std::uint32_t kAsciiEnd = 0x80;
constexpr std::uint32_t kUnicodeEnd = 0x110000;  // from here on: single bytes that are not UTF-8
constexpr std::uint32_t kCodePointsEnd = kUnicodeEnd + 0x100;
constexpr std::size_t kMaxAlphabet = 127;
constexpr std::uint8_t kRareSymbol = 0xff;

/// The code point at `position`, which moves behind it. Strict: what is not shortest-form UTF-8
/// comes back byte by byte, so that writing it gives the same bytes again.
std::uint32_t take_code_point(std::string_view text, std::size_t& position) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint32_t first = byte(position++);
  if (first < kAsciiEnd) return first;
  const std::size_t following = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
  constexpr std::array<std::uint32_t, 4> kShortest = {0, 0x80, 0x800, 0x10000};
  if (first < 0xc2 || first > 0xf4 || text.size() - position < following)
    return kUnicodeEnd + first;
  std::uint32_t code_point = first & (0x3fU >> following);
  for (std::size_t i = 0; i < following; ++i) {
    const std::uint8_t next = byte(position + i);
    if ((next & 0xc0U) != 0x80U) return kUnicodeEnd + first;
    code_point = (code_point << 6U) | (next & 0x3fU);
  }
  const bool surrogate = code_point >= 0xd800 && code_point < 0xe000;
  if (code_point < kShortest[following] || code_point >= kUnicodeEnd || surrogate) {
    return kUnicodeEnd + first;
  }
  position += following;
  return code_point;
}

void append_code_point(std::uint32_t code_point, std::string& text) {
  const auto put = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
  if (code_point >= kUnicodeEnd) {
    put(code_point - kUnicodeEnd);
  } else if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xc0U | (code_point >> 6U));
    put(0x80U | (code_point & 0x3fU));
  } else if (code_point < 0x10000) {
    put(0xe0U | (code_point >> 12U));
    put(0x80U | ((code_point >> 6U) & 0x3fU));
    put(0x80U | (code_point & 0x3fU));
  } else {
    put(0xf0U | (code_point >> 18U));
    put(0x80U | ((code_point >> 12U) & 0x3fU));
    put(0x80U | ((code_point >> 6U) & 0x3fU));
    put(0x80U | (code_point & 0x3fU));
  }
}

/// The distinct texts in the order in which they are written.
struct TextOrder {
  std::vector<std::uint32_t> texts;  // the dictionary's, then the singles'
  std::size_t dictionary = 0;
};

/// `index` becomes that of each row, as stored.
TextOrder order_texts(const ColumnValues& column, std::span<const std::uint32_t> order,
                      std::span<std::uint64_t> index) {
  TextOrder result;
  std::vector<std::uint32_t> uses(column.distinct.size());
  for (const std::uint32_t text : column.texts) ++uses[text];
  for (std::uint32_t text = 0; text < uses.size(); ++text) {
    if (uses[text] > 1) result.texts.push_back(text);
  }
  std::sort(result.texts.begin(), result.texts.end(), [&](std::uint32_t a, std::uint32_t b) {
    if (uses[a] != uses[b]) return uses[a] > uses[b];
    return column.distinct[a] < column.distinct[b];
  });
  result.dictionary = result.texts.size();
  std::vector<std::uint32_t> stored_index(uses.size(), 0);
  for (std::uint32_t i = 0; i < result.dictionary; ++i) stored_index[result.texts[i]] = i + 1;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::uint32_t text = column.texts[order[i]];
    index[i] = stored_index[text];
    if (index[i] == 0) result.texts.push_back(text);
  }
  return result;
}

/// How often each code point that is not ASCII occurs. Those of two bytes of UTF-8, nearly all
/// there are in names, are counted in place.
class CodePointCounts {
 public:
  using Entry = std::pair<std::uint32_t, std::size_t>;

  CodePointCounts() : common_(kTwoBytesEnd) {}

  void add(std::uint32_t code_point) {
    if (code_point < kTwoBytesEnd) {
      ++common_[code_point];
    } else {
      ++others_[code_point];
    }
  }

  std::vector<Entry> entries() const {
    std::vector<Entry> found(others_.begin(), others_.end());
    for (std::uint32_t code_point = kAsciiEnd; code_point < kTwoBytesEnd; ++code_point) {
      if (common_[code_point] > 0) found.emplace_back(code_point, common_[code_point]);
    }
    return found;
  }

 private:
  static constexpr std::uint32_t kTwoBytesEnd = 0x800;
  std::vector<std::size_t> common_;
  std::unordered_map<std::uint32_t, std::size_t> others_;
};

/// The commonest code points that are not ASCII, ascending.
std::vector<std::uint32_t> choose_alphabet(const std::vector<std::uint32_t>& code_points) {
  CodePointCounts uses;
  for (const std::uint32_t code_point : code_points) {
    if (code_point >= kAsciiEnd) uses.add(code_point);
  }
  std::vector<CodePointCounts::Entry> found = uses.entries();
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  if (found.size() > kMaxAlphabet) found.resize(kMaxAlphabet);
  std::vector<std::uint32_t> alphabet;
  for (const auto& each : found) alphabet.push_back(each.first);
  std::sort(alphabet.begin(), alphabet.end());
  return alphabet;
}

void encode_alphabet(const std::vector<std::uint32_t>& alphabet, format::Texts& message) {
  if (alphabet.empty()) return;
  IntegerList steps;
  std::uint32_t before = 0;
  for (const std::uint32_t code_point : alphabet) {
    steps.push_back(code_point - std::exchange(before, code_point));
  }
  message.set_alphabet_size(static_cast<std::uint32_t>(alphabet.size()));
  encode_integers(steps, *message.mutable_alphabet());
}

void encode_code_points(const std::vector<std::uint32_t>& code_points, format::Texts& message) {
  const std::vector<std::uint32_t> alphabet = choose_alphabet(code_points);
  encode_alphabet(alphabet, message);
  Bytes coded(code_points.size(), '\0');
  IntegerList rare;
  for (std::size_t i = 0; i < code_points.size(); ++i) {
    const std::uint32_t code_point = code_points[i];
    std::uint32_t symbol = code_point;
    if (code_point >= kAsciiEnd) {
      const auto found = std::lower_bound(alphabet.begin(), alphabet.end(), code_point);
      const bool known = found != alphabet.end() && *found == code_point;
      symbol =
          known ? kAsciiEnd + static_cast<std::uint32_t>(found - alphabet.begin()) : kRareSymbol;
      if (!known) rare.push_back(code_point);
    }
    coded[i] = static_cast<char>(symbol);
  }
  Bytes stored;
  Bytes compressed;
  compress(std::move(coded), Content::kCharacters, stored, compressed);
  message.set_symbols(std::move(stored));
  message.set_symbols_zstd(std::move(compressed));
  if (rare.empty()) return;
  message.set_rare_count(static_cast<std::uint32_t>(rare.size()));
  encode_integers(rare, *message.mutable_rare());
}

struct Symbols {
  Bytes coded;
  std::array<std::uint32_t, kMaxAlphabet> alphabet{};
  IntegerList rare;
};

Result<void> decode_alphabet(const format::Texts& message, Symbols& symbols) {
  if (message.alphabet_size() > kMaxAlphabet) return damaged("an alphabet too large");
  const Result<IntegerList> steps = decode_integers(message.alphabet(), message.alphabet_size());
  if (!steps) return steps.error();
  std::uint64_t code_point = 0;
  for (std::size_t i = 0; i < steps->size(); ++i) {
    if ((*steps)[i] >= kCodePointsEnd - code_point) return damaged("not a code point");
    code_point += (*steps)[i];
    symbols.alphabet[i] = static_cast<std::uint32_t>(code_point);
  }
  return {};
}

Result<Symbols> decode_symbols(const format::Texts& message, std::size_t count) {
  Symbols symbols;
  if (Result<void> read = decode_alphabet(message, symbols); !read) return read.error();
  Result<Bytes> coded = decompress(message.symbols(), message.symbols_zstd(), count);
  if (!coded) return coded.error();
  symbols.coded = std::move(*coded);
  const auto rare =
      std::count(symbols.coded.begin(), symbols.coded.end(), static_cast<char>(kRareSymbol));
  if (static_cast<std::uint32_t>(rare) != message.rare_count()) {
    return damaged("rare code points of another number");
  }
  Result<IntegerList> values = decode_integers(message.rare(), message.rare_count());
  if (!values) return values.error();
  symbols.rare = std::move(*values);
  for (const std::uint64_t code_point : symbols.rare) {
    if (code_point >= kCodePointsEnd) return damaged("not a code point");
  }
  for (const char each : symbols.coded) {
    const auto symbol = static_cast<std::uint8_t>(each);
    if (symbol >= kAsciiEnd + message.alphabet_size() && symbol != kRareSymbol) {
      return damaged("a symbol outside the alphabet");
    }
  }
  return symbols;
}

/// Puts the texts together from checked symbols.
Result<void> spell(const Symbols& symbols, const IntegerList& lengths, TextList& texts) {
  std::size_t next = 0;
  std::size_t next_rare = 0;
  for (const std::uint64_t length : lengths) {
    const std::size_t start = texts.bytes();
    for (std::uint64_t i = 0; i < length; ++i) {
      const auto symbol = static_cast<std::uint8_t>(symbols.coded[next++]);
      std::uint32_t code_point = symbol;
      if (symbol == kRareSymbol) {
        code_point = static_cast<std::uint32_t>(symbols.rare[next_rare++]);
      } else if (symbol >= kAsciiEnd) {
        code_point = symbols.alphabet[symbol - kAsciiEnd];
      }
      append_code_point(code_point, texts.unfinished());
    }
    if (texts.bytes() - start > kMaxTextBytes) return damaged("a text too long");
    texts.finish();
  }
  return {};
}

}  // namespace

std::size_t text_bound_bytes(std::string_view text) {
  // Its length, a symbol for each character, and what is not ASCII may be rare.
  static const std::size_t rare_bits = integer_bound_bits(kCodePointsEnd - 1);
  std::size_t bits = integer_bound_bits(text.size());
  for (std::size_t position = 0; position < text.size();) {
    bits += 8 + (take_code_point(text, position) < kAsciiEnd ? 0 : rare_bits);
  }
  return (bits + 7) / 8;
}

void encode_texts(const ColumnValues& column, std::span<const std::uint32_t> order,
                  std::span<std::uint64_t> index, format::Texts& message) {
  const TextOrder text_order = order_texts(column, order, index);
  encode_integers(index, *message.mutable_index());
  message.set_dictionary(static_cast<std::uint32_t>(text_order.dictionary));
  IntegerList lengths;
  std::vector<std::uint32_t> code_points;
  for (const std::uint32_t each : text_order.texts) {
    const std::string_view text = column.distinct[each];
    const std::size_t before = code_points.size();
    for (std::size_t position = 0; position < text.size();) {
      code_points.push_back(take_code_point(text, position));
    }
    lengths.push_back(code_points.size() - before);
  }
  encode_integers(lengths, *message.mutable_lengths());
  encode_code_points(code_points, message);
}

Result<void> decode_texts(const format::Texts& message, std::size_t rows,
                          std::size_t& code_points_left, ColumnValues& column) {
  const std::size_t dictionary = message.dictionary();
  if (dictionary > rows) return damaged("a dictionary larger than its column");
  const Result<IntegerList> index = decode_integers(message.index(), rows);
  if (!index) return index.error();
  column.texts.resize(rows);
  auto next_single = static_cast<std::uint32_t>(dictionary);
  for (std::size_t row = 0; row < rows; ++row) {
    const std::uint64_t stored = (*index)[row];
    if (stored > dictionary) return damaged("a text outside the dictionary");
    column.texts[row] = stored == 0 ? next_single++ : static_cast<std::uint32_t>(stored - 1);
  }
  const Result<IntegerList> lengths = decode_integers(message.lengths(), next_single);
  if (!lengths) return lengths.error();
  std::size_t code_points = 0;
  for (const std::uint64_t length : *lengths) {
    if (length > kMaxTextBytes) return damaged("a text too long");
    code_points += static_cast<std::size_t>(length);
  }
  if (code_points > code_points_left) return damaged("too much text");
  code_points_left -= code_points;
  const Result<Symbols> symbols = decode_symbols(message, code_points);
  if (!symbols) return symbols.error();
  return spell(*symbols, *lengths, column.distinct);
}

}  // namespace telekv::kv
