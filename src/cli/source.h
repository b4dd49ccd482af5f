// Where a command finds a stored state: a live chat, or documents downloaded from one.
#pragma once

#include <string>
#include <vector>

namespace telekv::cli {

struct Source {
  bool chat = false;               ///< the chat that the environment names
  std::vector<std::string> files;  ///< otherwise; "-" is standard input
  bool plaintext = false;          ///< stored without a seal
};

}  // namespace telekv::cli
