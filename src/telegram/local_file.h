// A file of a Bot API server that was started with `--local`: getFile answers with its absolute
// path, and the server itself serves no downloads.
#pragma once

#include <string>

#include "telegram/http.h"

namespace telekv::telegram {

/// Reads the file piece by piece into `sink`; the executor gets its turn between two pieces. An
/// error of the sink ends it. kRejected when this machine cannot open the file, kUnavailable when
/// reading fails. No deadline: the file is on a disk.
Async<void> read_local_file(std::string path, DownloadSink sink);

}  // namespace telekv::telegram
