// Bytes that leave the program: to a stream, or into a file of one's own. Blocking.
#pragma once

#include <string>
#include <string_view>

#include "kv/error.h"

namespace telekv::bot {

/// kRejected with what the system said (`error` is its errno).
Error cannot_write(const std::string& name, int error);

/// Writes all of `bytes`; `name` is what an error calls the descriptor.
Result<void> write_all(int descriptor, std::string_view bytes, const std::string& name);

/// A new file that its owner alone can read, written through when this returns. kInvalidArgument
/// when there is one already: nothing is overwritten.
Result<void> write_private_file(const std::string& path, std::string_view bytes);

/// Whether that would succeed now: the file is made, and taken away again.
Result<void> try_private_file(const std::string& path);

}  // namespace telekv::bot
