// telekv inspect: what downloaded documents say they are, and, with the key, what is in them; or
// what the newest root of a live chat names. A file needs nothing but itself; one that is broken
// does not hide the others.
#pragma once

#include "cli/source.h"
#include "cli/surroundings.h"

namespace telekv::cli {

struct InspectOptions {
  Source source;
};

/// Files: TELEKV_KEY is used when it is set; without it only headers are shown. The problem is the
/// first file's that has one. A chat: its key is needed; only roots and the history are downloaded,
/// so it works where a state cannot be restored. kNotFound for a chat that holds no store.
Result<Answer> inspect(const InspectOptions& options, const Surroundings& surroundings);

}  // namespace telekv::cli
