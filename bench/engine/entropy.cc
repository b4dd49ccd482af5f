#include "engine/entropy.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <map>
#include <numbers>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace telekv::bench {
namespace {

using Values = std::span<const std::uint64_t>;

constexpr double kBitsPerByte = 8;

double log2_factorial(double count) { return std::lgamma(count + 1) / std::numbers::ln2; }

/// log2 of `width` choose `count`, exact enough for widths up to 2^64.
double log2_choose(double width, double count) {
  count = std::min(count, width - count);
  if (count <= 0) return 0;
  constexpr double kFew = 16;
  if (count <= kFew) {
    double bits = -log2_factorial(count);
    for (double i = 0; i < count; ++i) bits += std::log2(width - i);
    return bits;
  }
  // ln(w!/(w-k)!) by Stirling; the difference of two large terms is taken by log1p.
  const double rest = width - count;
  const double falling = -(width + 0.5) * std::log1p(-count / width) + count * std::log(rest) -
                         count + 1 / (12 * width) - 1 / (12 * rest);
  return falling / std::numbers::ln2 - log2_factorial(count);
}

/// Bits of the tree over `values`, which are sorted and lie in [low, low + 2^height). `leaf` is the
/// cost of so many values of so wide a range, `halving` that of telling left from right.
template <class Leaf, class Halving>
double tree_bits(Values values, std::uint64_t low, unsigned height, const Leaf& leaf,
                 const Halving& halving) {
  const auto count = static_cast<double>(values.size());
  const double whole = leaf(std::ldexp(1.0, static_cast<int>(height)), count);
  // One value is never cheaper in halves; neither is a range that costs nothing as it is.
  if (values.size() <= 1 || height == 0 || whole == 0) return 1 + whole;
  const std::uint64_t middle = low + (std::uint64_t{1} << (height - 1));
  const auto border = std::lower_bound(values.begin(), values.end(), middle);
  const auto left = static_cast<std::size_t>(border - values.begin());
  const double told = std::log2(count + 1) + halving(count, static_cast<double>(left));
  if (told >= whole) return 1 + whole;
  const double halves = told + tree_bits(values.first(left), low, height - 1, leaf, halving) +
                        tree_bits(values.subspan(left), middle, height - 1, leaf, halving);
  return 1 + std::min(whole, halves);
}

/// The range's ends are told first, as two Elias gamma numbers.
double gamma_bits(double number) { return 2 * std::floor(std::log2(number + 1)) + 1; }

unsigned height_of(std::uint64_t range) { return static_cast<unsigned>(std::bit_width(range)); }

template <class Leaf, class Halving>
double values_bits(std::vector<std::uint64_t> values, const Leaf& leaf, const Halving& halving) {
  std::sort(values.begin(), values.end());
  const std::uint64_t low = values.front();
  const unsigned height = std::min(height_of(values.back() - low), 63U);
  return gamma_bits(static_cast<double>(low)) + gamma_bits(height) +
         tree_bits(values, low, height, leaf, halving);
}

double set_bits(std::vector<std::uint64_t> keys) {
  // A range of just the keys' width, so that a set without gaps costs nothing.
  std::sort(keys.begin(), keys.end());
  const std::uint64_t low = keys.front();
  const std::uint64_t range = keys.back() - low;
  const double dense =
      log2_choose(static_cast<double>(range) + 1, static_cast<double>(keys.size()));
  const double ends = gamma_bits(static_cast<double>(low)) + gamma_bits(static_cast<double>(range));
  const double tree = tree_bits(keys, low, std::min(height_of(range), 63U), log2_choose,
                                [](double, double) { return 0.0; });
  return ends + 1 + std::min(dense, tree);
}

double sequence_bits(std::vector<std::uint64_t> values) {
  return values_bits(
      std::move(values), [](double width, double count) { return count * std::log2(width); },
      log2_choose);
}

/// The code points of UTF-8; of other bytes, the bytes.
std::vector<std::uint64_t> symbols_of(std::string_view text) {
  constexpr std::uint64_t kBytesBase = 0x110000;
  std::vector<std::uint64_t> symbols;
  for (std::size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i]);
    const std::size_t length = first < 0x80   ? 1
                               : first < 0xC0 ? 0
                               : first < 0xE0 ? 2
                               : first < 0xF0 ? 3
                                              : 4;
    std::uint64_t symbol = length <= 1 ? first : first & (0x7FU >> length);
    bool valid = length > 0 && i + length <= text.size();
    for (std::size_t k = 1; valid && k < length; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      valid = (next & 0xC0U) == 0x80;
      symbol = symbol << 6U | (next & 0x3FU);
    }
    symbols.push_back(valid ? symbol : kBytesBase + first);
    i += valid ? length : 1;
  }
  return symbols;
}

/// Each of the texts, one after the other.
double spelling_bits(const std::vector<std::string_view>& texts) {
  if (texts.empty()) return 0;
  std::vector<std::uint64_t> lengths;
  std::vector<std::uint64_t> symbols;
  for (const std::string_view text : texts) {
    const std::vector<std::uint64_t> spelled = symbols_of(text);
    lengths.push_back(spelled.size());
    symbols.insert(symbols.end(), spelled.begin(), spelled.end());
  }
  const double spelled = symbols.empty() ? 0 : sequence_bits(std::move(symbols));
  return sequence_bits(std::move(lengths)) + spelled;
}

double names_bits(const Dataset& data) {
  std::vector<std::uint64_t> uses(data.names.size());
  for (const Person& person : data.people) ++uses[person.name];
  std::vector<std::string_view> once;
  std::vector<std::string_view> repeated;
  std::map<std::uint64_t, std::uint64_t> multiplicities;
  double bits = log2_factorial(static_cast<double>(data.size()));
  for (std::size_t name = 0; name < uses.size(); ++name) {
    if (uses[name] == 0) continue;
    (uses[name] == 1 ? once : repeated).push_back(data.names[name]);
    ++multiplicities[uses[name]];
    bits -= log2_factorial(static_cast<double>(uses[name]));
  }
  std::uint64_t before = 0;
  for (const auto& [people, names] : multiplicities) {
    bits -= log2_factorial(static_cast<double>(names));
    bits +=
        gamma_bits(static_cast<double>(people - before)) + gamma_bits(static_cast<double>(names));
    before = people;
  }
  const double apart = spelling_bits(once) + spelling_bits(repeated);
  once.insert(once.end(), repeated.begin(), repeated.end());
  return bits + 1 + std::min(apart, spelling_bits(once));
}

template <class Value>
std::vector<std::uint64_t> column(const Dataset& data, Value value) {
  std::vector<std::uint64_t> values;
  values.reserve(data.size());
  for (const Person& person : data.people) values.push_back(value(person));
  return values;
}

}  // namespace

EntropyBound entropy_bound(const Dataset& data) {
  constexpr std::uint64_t kSignBit = std::uint64_t{1} << 63U;
  EntropyBound bound;
  // The sign turned round keeps the keys' order.
  bound.keys = set_bits(column(data,
                               [](const Person& person) {
                                 return static_cast<std::uint64_t>(person.id) ^ kSignBit;
                               })) /
               kBitsPerByte;
  bound.clicks = sequence_bits(column(data, [](const Person& person) { return person.clicks; })) /
                 kBitsPerByte;
  bound.states = sequence_bits(column(
                     data, [](const Person& person) { return std::uint64_t{person.state}; })) /
                 kBitsPerByte;
  bound.names = names_bits(data) / kBitsPerByte;
  return bound;
}

}  // namespace telekv::bench
