// Content-Encoding of request bodies: gzip and deflate, as TDLib's HttpReader takes them. Pure;
// linear in what comes out, which is bounded: a bomb costs no more than the bound.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "emulator/answer.h"

namespace telekv::emulator {

/// The body as it was before `encoding` ("", "none" and "identity": as it is). Errors: 415 for
/// another encoding, 400 for bytes that are not in it, 413 for more than `max_bytes` of them.
Answer<std::string> decode_body(std::string_view encoding, std::string body, std::size_t max_bytes);

}  // namespace telekv::emulator
