// Cuts JSON apart without parsing it, for a page that simdjson refuses as a whole because one
// update in it is bad: invalid UTF-8, a number beyond 64 bits, nesting too deep.
//
// Pure functions, O(bytes), no recursion, no allocation but the result. They know strings, escapes
// and brackets and nothing else, so what they return still has to be parsed.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace telekv::telegram {

/// The raw text of an object's own member `key` (the first one), trimmed of white space; members of
/// nested objects do not count. When the text ends early, what there is of the value. nullopt when
/// there is no such member or the text is no object.
std::optional<std::string_view> raw_member(std::string_view object, std::string_view key);

/// The raw texts of an array's elements, trimmed. When the text ends early, the last element is
/// what there is of it. nullopt when the text is no array.
std::optional<std::vector<std::string_view>> raw_elements(std::string_view array);

}  // namespace telekv::telegram
