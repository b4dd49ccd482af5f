// Something to be said into a chat.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "telegram/types.h"

namespace telekv::telegram {

/// What replies are about, numbered by whoever makes them.
enum class Topic : std::uint8_t {};

struct Reply {
  ChatId chat{};
  std::string text;
  std::optional<Keyboard> keyboard = std::nullopt;
  std::optional<Topic> topic = std::nullopt;  ///< absent: nothing takes its place
  UserId to{};                                ///< whom it answers, where there is a topic
  /// The message whose text and buttons it takes the place of; when that cannot be edited, it is
  /// sent as a new one.
  std::optional<MessageId> edits = std::nullopt;

  /// Whether `newer` makes this one pointless: it is to the same person about the same, and in the
  /// place of the same message, if of any.
  bool is_outdated_by(const Reply& newer) const {
    return topic && topic == newer.topic && to == newer.to && edits == newer.edits;
  }
};

}  // namespace telekv::telegram
