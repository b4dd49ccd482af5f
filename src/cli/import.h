// telekv import: puts users from elsewhere into a live chat, as one commit. The vault is taken over
// as a starting bot takes it over, so a bot that is running ends.
#pragma once

#include <string>

#include "cli/surroundings.h"

namespace telekv::cli {

struct ImportOptions {
  std::string file;
  bool replace = false;  ///< the store may hold users: the import takes their place
  bool init = false;     ///< start a new store although the chat does not prove that there is none
  bool plaintext = false;
};

/// The file is read as a whole before the chat is touched. kNeedsDecision for a store with users,
/// without `replace`; nothing has been changed then.
Result<Answer> import_file(const ImportOptions& options, const Surroundings& surroundings);

}  // namespace telekv::cli
