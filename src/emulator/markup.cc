#include "emulator/markup.h"

#include <simdjson.h>

#include "emulator/json_value.h"
#include "emulator/json_writer.h"

namespace telekv::emulator {
namespace {

constexpr std::size_t kMaxCallbackDataBytes = 64;  // Bot API: InlineKeyboardButton

using simdjson::dom::element;
using simdjson::dom::object;

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
    if (fields.size() < 2) {
      return bad_request(
          "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard");
    }
    std::string_view data;
    if (fields["callback_data"].get(data) == simdjson::SUCCESS &&
        (data.empty() || data.size() > kMaxCallbackDataBytes)) {
      return bad_request("BUTTON_DATA_INVALID");
    }
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
