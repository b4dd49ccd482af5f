// Something to be said into a chat.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "telegram/types.h"

namespace telekv::bot {

struct Reply {
  /// What a reply is about: a newer one to the same person about the same makes one that still
  /// waits pointless.
  enum class Topic : std::uint8_t {
    kCount,
    kRating,
    kGreeting,
    kHint,
    kStanding,
    kHelp,
    kPrivacy,
    kForget,
  };

  telegram::ChatId chat{};
  std::string text;
  std::optional<telegram::Keyboard> keyboard = std::nullopt;
  std::optional<Topic> topic = std::nullopt;  ///< absent: nothing takes its place
  telegram::UserId to{};                      ///< whom it answers, where there is a topic
  /// The message whose text and buttons it takes the place of; when that cannot be edited, it is
  /// sent as a new one.
  std::optional<telegram::MessageId> edits = std::nullopt;

  /// Whether `newer` makes this one pointless.
  bool is_outdated_by(const Reply& newer) const {
    return topic && topic == newer.topic && to == newer.to;
  }
};

}  // namespace telekv::bot
