// What a reader of stored columns says when it refuses them.
#pragma once

#include <string>
#include <string_view>

#include "kv/error.h"

namespace telekv::kv {

/// kDamaged, saying what does not fit.
inline Error damaged(std::string_view what) {
  return {.code = ErrorCode::kDamaged,
          .message = "stored columns are damaged: " + std::string(what),
          .hint = "restore an older point"};
}

/// kUnsupportedVersion, saying what is newer than this build.
inline Error unsupported(std::string_view what) {
  return {.code = ErrorCode::kUnsupportedVersion,
          .message = "stored columns are newer than this program: " + std::string(what),
          .hint = "run the version that wrote them, or a later one"};
}

}  // namespace telekv::kv
