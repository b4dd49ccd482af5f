#include "cli/surroundings.h"

namespace telekv::cli {

// Standard error is where failures are told: that it fails itself can be told nowhere.
void Surroundings::tell(const std::string& what) const {
  if (progress) (void)write_all(streams.error, "telekv: " + printable(what) + "\n", "");
}

void Surroundings::warn(const std::string& what) const {
  (void)write_all(streams.error, "telekv: " + printable(what) + "\n", "");
}

}  // namespace telekv::cli
