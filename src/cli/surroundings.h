// What a command sees of the process it runs in, so that a test can give it another one; and what
// it answers.
#pragma once

#include <optional>

#include "cli/files.h"
#include "cli/report.h"
#include "cli/settings.h"
#include "kv/error.h"

namespace telekv::cli {

struct Surroundings {
  Environment environment;
  Streams streams = {};
  bool progress = false;  ///< standard error is a terminal: say what is being done

  /// Says what is being done, if somebody is watching.
  void tell(const std::string& what) const;

  /// Says what must be known, whoever is watching.
  void warn(const std::string& what) const;
};

struct Answer {
  Report report;
  std::optional<Error> problem = {};  ///< what the report shows to be wrong: decides the exit code
};

}  // namespace telekv::cli
