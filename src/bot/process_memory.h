// How much memory the process has. Reads a file of the kernel's; Linux.
#pragma once

#include <cstdint>

namespace telekv::bot {

/// Bytes in memory now; 0 when the system does not tell.
std::uint64_t resident_bytes();

}  // namespace telekv::bot
