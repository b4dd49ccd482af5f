#include "emulator/message_text.h"

#include "emulator/text.h"

namespace telekv::emulator {
namespace {

constexpr std::size_t kMaxMessageCodePoints = 4096;  // Bot API: sendMessage
constexpr std::size_t kMaxCaptionCodePoints = 1024;  // Bot API: sendDocument

Answer<std::string> clean_content(std::string_view text) {
  if (text.size() > kMaxRawTextBytes) return bad_request("text is too long");
  if (!is_valid_utf8(text)) return bad_request("text must be encoded in UTF-8");
  return clean_text(text);
}

}  // namespace

Answer<std::string> clean_message_text(std::string_view raw) {
  auto text = clean_content(raw);
  if (text.has_error()) return text;
  if (text->empty()) return bad_request("message text is empty");
  if (count_code_points(*text) > kMaxMessageCodePoints) return bad_request("message is too long");
  return text;
}

Answer<std::string> clean_caption(std::string_view raw) {
  auto text = clean_content(raw);
  if (text.has_error()) return text;
  if (count_code_points(*text) > kMaxCaptionCodePoints) {
    return bad_request("message caption is too long");
  }
  return text;
}

}  // namespace telekv::emulator
