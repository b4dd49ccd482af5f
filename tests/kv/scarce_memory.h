// Memory that is lacking when a test wants it: requests to the global operator new are refused.
//
// Linked into an executable of its own, because it replaces the operator. One thread.
#pragma once

#include <cstddef>

namespace telekv::kv::scarce_memory {

/// Grants so many requests and refuses every later one.
void refuse_after(std::size_t requests);

/// Grants so many requests, refuses the next one, and grants those after it.
void refuse_one_after(std::size_t requests);

/// Grants every request from here on. Answers whether one was refused since the last refuse_...().
bool grant_all();

}  // namespace telekv::kv::scarce_memory
