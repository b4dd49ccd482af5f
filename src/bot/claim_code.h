// The one-time code by which the operator of an unconfigured bot proves to read its log.
#pragma once

#include <string>
#include <string_view>

#include "vault/random.h"

namespace telekv::bot {

/// 16 characters a person can type, 80 bits of randomness.
std::string make_claim_code(vault::Random& random);

/// Whether `text`, spaces around it aside, is the code. Takes the same time wherever they differ.
bool is_same_code(std::string_view code, std::string_view text);

}  // namespace telekv::bot
