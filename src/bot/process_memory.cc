#include "bot/process_memory.h"

#include <unistd.h>

#include <fstream>

namespace telekv::bot {

std::uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t pages_in_all = 0;
  std::uint64_t pages_resident = 0;
  if (!(statm >> pages_in_all >> pages_resident)) return 0;
  return pages_resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace telekv::bot
