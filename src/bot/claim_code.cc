#include "bot/claim_code.h"

#include <array>
#include <cstdint>

namespace telekv::bot {
namespace {

// Crockford's base32: no letter that looks like a digit.
constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::size_t kCodeLength = 16;

}  // namespace

std::string make_claim_code(vault::Random& random) {
  std::array<std::uint8_t, kCodeLength> bytes{};
  random.fill(bytes.data(), bytes.size());
  std::string code;
  for (const std::uint8_t byte : bytes) code += kAlphabet[byte % kAlphabet.size()];
  return code;
}

bool is_same_code(std::string_view code, std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \n");
  if (first == std::string_view::npos) return false;
  text = text.substr(first, text.find_last_not_of(" \n") - first + 1);
  if (text.size() != code.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < code.size(); ++i) {
    difference |= static_cast<unsigned char>(code[i]) ^ static_cast<unsigned char>(text[i]);
  }
  return difference == 0;
}

}  // namespace telekv::bot
