// telekv: the operator's command.

#include <unistd.h>

#include <cstdlib>

#include "cli/run.h"

int main(int argc, char** argv) {
  const telekv::cli::Surroundings surroundings{
      .environment = [](const char* name) -> const char* { return std::getenv(name); },
      .streams = {},
      .progress = isatty(STDERR_FILENO) == 1};
  return static_cast<int>(telekv::cli::run(argc, argv, surroundings));
}
