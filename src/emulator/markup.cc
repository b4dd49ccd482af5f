#include "emulator/markup.h"

#include <simdjson.h>

#include <algorithm>
#include <array>

#include "emulator/json_value.h"
#include "emulator/json_writer.h"

namespace telekv::emulator {
namespace {

// Bot API: InlineKeyboardButton, how it looks and what it does.
constexpr std::array<std::string_view, 3> kButtonLooks = {"text", "icon_custom_emoji_id", "style"};
constexpr std::array<std::string_view, 11> kButtonActions = {"url",
                                                             "callback_data",
                                                             "web_app",
                                                             "login_url",
                                                             "switch_inline_query",
                                                             "switch_inline_query_current_chat",
                                                             "switch_inline_query_chosen_chat",
                                                             "copy_text",
                                                             "callback_game",
                                                             "pay",
                                                             "disabled"};

using simdjson::dom::element;
using simdjson::dom::object;

template <std::size_t kSize>
bool contains(const std::array<std::string_view, kSize>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Its known fields only: clients send some of their own, which Telegram does not show again.
Answer<void> write_inline_button(JsonWriter& writer, object fields) {
  bool has_action = false;
  writer.begin_object();
  for (const auto& [name, value] : fields) {
    const bool is_action = contains(kButtonActions, name);
    if (!is_action && !contains(kButtonLooks, name)) continue;
    has_action = has_action || is_action;
    writer.key(name);
    write_json(writer, value);
  }
  writer.end_object();
  if (has_action) return {};
  return bad_request(
      "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard");
}

Answer<void> write_button(JsonWriter& writer, element button, MarkupKind kind) {
  object fields;
  std::string_view text;
  if (kind == MarkupKind::kReplyKeyboard && button.get(text) == simdjson::SUCCESS) {
    writer.begin_object();
    writer.field("text", text);
    writer.end_object();
    return {};
  }
  if (button.get(fields) != simdjson::SUCCESS) {
    return bad_request("can't parse keyboard button: expected an Object");
  }
  if (fields["text"].get(text) != simdjson::SUCCESS || text.empty()) {
    return bad_request("can't parse keyboard button: field \"text\" must be a non-empty String");
  }
  if (kind == MarkupKind::kInline) {
    std::string_view data;
    if (fields["callback_data"].get(data) == simdjson::SUCCESS &&
        (data.empty() || data.size() > kMaxCallbackDataBytes)) {
      return bad_request("BUTTON_DATA_INVALID");
    }
    return write_inline_button(writer, fields);
  }
  write_json(writer, button);
  return {};
}

Answer<void> write_keyboard(JsonWriter& writer, element keyboard, MarkupKind kind) {
  simdjson::dom::array rows;
  if (keyboard.get(rows) != simdjson::SUCCESS) {
    return bad_request("object expected as reply markup");
  }
  writer.begin_array();
  for (const element row : rows) {
    simdjson::dom::array buttons;
    if (row.get(buttons) != simdjson::SUCCESS) {
      return bad_request("can't parse keyboard: expected an Array of Arrays of buttons");
    }
    if (buttons.size() == 0) continue;
    writer.begin_array();
    for (const element button : buttons) {
      if (auto written = write_button(writer, button, kind); written.has_error()) return written;
    }
    writer.end_array();
  }
  writer.end_array();
  return {};
}

}  // namespace

Answer<Markup> parse_markup(std::string_view json) {
  Markup markup;
  if (json.empty()) return markup;
  simdjson::dom::parser parser;
  element root;
  if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) {
    return bad_request("can't parse reply keyboard markup JSON object");
  }
  object fields;
  if (root.is_null()) return markup;
  if (root.get(fields) != simdjson::SUCCESS) return bad_request("object expected as reply markup");

  JsonWriter writer(markup.json);
  element keyboard;
  if (fields["inline_keyboard"].get(keyboard) == simdjson::SUCCESS) {
    markup.kind = MarkupKind::kInline;
    writer.begin_object();
    writer.key("inline_keyboard");
    auto written = write_keyboard(writer, keyboard, markup.kind);
    if (written.has_error()) return written.error();
    writer.end_object();
    if (markup.json == R"({"inline_keyboard":[]})") return Markup{};
  } else if (fields["keyboard"].get(keyboard) == simdjson::SUCCESS) {
    markup.kind = MarkupKind::kReplyKeyboard;
    writer.begin_object();
    writer.key("keyboard");
    auto written = write_keyboard(writer, keyboard, markup.kind);
    if (written.has_error()) return written.error();
    for (const auto& [name, value] : fields) {
      if (name == "keyboard") continue;
      writer.key(name);
      write_json(writer, value);
    }
    writer.end_object();
  } else if (bool set = false; fields["remove_keyboard"].get(set) == simdjson::SUCCESS && set) {
    markup.kind = MarkupKind::kRemove;
  } else if (fields["force_reply"].get(set) == simdjson::SUCCESS && set) {
    markup.kind = MarkupKind::kForceReply;
  }
  return markup;
}

}  // namespace telekv::emulator
