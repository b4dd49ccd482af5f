// What the clicker's replies are about. A newer one to the same person about the same makes one
// that still waits pointless (telegram::Reply::is_outdated_by).
#pragma once

#include "telegram/reply.h"

namespace telekv::bot::topics {

using telegram::Topic;

inline constexpr Topic kCount{0};
inline constexpr Topic kRating{1};
inline constexpr Topic kGreeting{2};
inline constexpr Topic kHint{3};
inline constexpr Topic kStanding{4};
inline constexpr Topic kHelp{5};
inline constexpr Topic kPrivacy{6};
inline constexpr Topic kForget{7};
inline constexpr Topic kKept{8};

}  // namespace telekv::bot::topics
