// Checked reads of the Bot API's objects from simdjson's DOM. Part of the parsers; nothing else
// includes simdjson.
//
// Pure functions. Everything is hostile: a missing field, a wrong type, an id out of range or a
// string over its bound is kDamaged with the field's name. `null` counts as absent. Strings are
// valid UTF-8.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kv/error.h"
#include "telegram/types.h"

namespace telekv::telegram::json {

using Element = simdjson::dom::element;
using Object = simdjson::dom::object;

Error damaged(std::string_view field, std::string_view what);

/// The member, nullopt when it is absent or null.
std::optional<Element> member(const Object& object, std::string_view key);

Result<Object> as_object(const std::optional<Element>& element, std::string_view field);

/// An id in [-kMaxId, kMaxId], not 0.
Result<std::int64_t> read_id(const Object& object, std::string_view key);

/// Absent: "".
Result<std::string> read_string(const Object& object, std::string_view key, std::size_t max_bytes);

/// Absent: 0.
Result<std::uint64_t> read_size(const Object& object, std::string_view key);

Result<User> read_user(const std::optional<Element>& element, std::string_view field);
Result<Chat> read_chat(const std::optional<Element>& element, std::string_view field);
Result<Message> read_message(const std::optional<Element>& element, std::string_view field);
Result<CallbackQuery> read_callback_query(const std::optional<Element>& element,
                                          std::string_view field);

}  // namespace telekv::telegram::json
