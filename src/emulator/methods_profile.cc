// Methods about what a bot says of itself, per language, and about leaving the server.
#include "emulator/json_writer.h"
#include "emulator/methods_shared.h"
#include "emulator/text.h"

namespace telekv::emulator::methods {
namespace {

// A text of the profile: the name of its argument and result, its bound, the refusal beyond.
struct ProfileText {
  std::string_view name;
  std::size_t max_code_points;
  std::string_view too_long;  // the backend's; not known for sure
};

constexpr ProfileText kName{"name", 64, "BOT_NAME_TOO_LONG"};  // Bot API: setMyName
constexpr ProfileText kDescription{"description", 512, "DESCRIPTION_TOO_LONG"};  // setMyDescription
constexpr ProfileText kShortDescription{"short_description", 120, "ABOUT_TOO_LONG"};

std::string key_of(const ProfileText& text, std::string_view language) {
  return std::string(text.name) + "/" + std::string(language);
}

Answer<void> set_text(Call& call, const ProfileText& text, std::string& out) {
  const auto language = read_language(call);
  if (language.has_error()) return language.error();
  const std::string_view given = call.arguments.get(text.name);
  if (!is_valid_utf8(given)) return bad_request("strings must be encoded in UTF-8");
  std::string cleaned = clean_text(given);
  if (count_code_points(cleaned) > text.max_code_points) return bad_request(text.too_long);
  const bool is_first_name = &text == &kName && language->empty();
  if (is_first_name && cleaned.empty()) return bad_request("BOT_NAME_INVALID");
  if (is_first_name) {
    call.world.rename_bot(call.bot, std::move(cleaned));
  } else {
    call.world.put_profile(call.bot, key_of(text, *language), std::move(cleaned));
  }
  out += "true";
  return {};
}

// The text for a language that has none of its own is the one without a language.
Answer<void> get_text(Call& call, const ProfileText& text, std::string& out) {
  const auto language = read_language(call);
  if (language.has_error()) return language.error();
  const auto& profile = call.bot.profile;
  auto place = profile.find(key_of(text, *language));
  if (place == profile.end()) place = profile.find(key_of(text, {}));
  std::string_view found;
  if (place != profile.end()) {
    found = place->second;
  } else if (&text == &kName) {
    found = call.bot.first_name;
  }
  JsonWriter writer(out);
  writer.begin_object();
  writer.field(text.name, found);
  writer.end_object();
  return {};
}

}  // namespace

Answer<void> set_my_name(Call& call, std::string& out) { return set_text(call, kName, out); }

Answer<void> get_my_name(Call& call, std::string& out) { return get_text(call, kName, out); }

Answer<void> set_my_description(Call& call, std::string& out) {
  return set_text(call, kDescription, out);
}

Answer<void> get_my_description(Call& call, std::string& out) {
  return get_text(call, kDescription, out);
}

Answer<void> set_my_short_description(Call& call, std::string& out) {
  return set_text(call, kShortDescription, out);
}

Answer<void> get_my_short_description(Call& call, std::string& out) {
  return get_text(call, kShortDescription, out);
}

Answer<void> close(Call& call, std::string& out) {
  return write_true(out, call.world.close(call.bot, call.now));
}

Answer<void> log_out(Call& call, std::string& out) {
  call.world.log_out(call.bot, call.now);
  return write_true(out, {});
}

}  // namespace telekv::emulator::methods
