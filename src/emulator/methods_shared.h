// What several methods read from their arguments in the same way.
#pragma once

#include "emulator/bot_api.h"

namespace telekv::emulator::methods {

/// The chat named by `name`, open and not blocked; 400 or 403 otherwise.
Answer<Chat*> read_writable_chat(Call& call, std::string_view name = "chat_id");

/// The chat named by `name`, if the bot knows it and may do that with it; 400 or 403 otherwise.
Answer<Chat*> read_chat(Call& call, Access access = Access::kRead,
                        std::string_view name = "chat_id");

/// message_id, a positive int32; without one 400 `refusal`, which depends on the method.
Answer<MessageId> read_message_id(Call& call, std::string_view refusal);

/// reply_markup and the reply parameters.
Answer<SendOptions> read_send_options(Call& call);

/// The text of `text_name` with its entities, given or made by its parse_mode; refuses an unknown
/// parse_mode and markup that is wrong.
Answer<TextContent> read_text(Call& call, std::string_view text_name,
                              std::string_view entities_name);

/// The same, of values that are at hand; `entities` is a JSON array or empty.
Answer<TextContent> read_text(const Call& call, std::string_view text, std::string_view entities,
                              std::string_view parse_mode);

/// language_code: absent or two letters; 400 otherwise.
Answer<std::string> read_language(const Call& call);

/// Appends true, or refuses.
Answer<void> write_true(std::string& out, const Answer<void>& done);

/// Appends a message as the result.
Answer<void> write_result(Call& call, std::string& out, const Chat& chat,
                          const Answer<const Message*>& message);

/// The same for an edited message, which comes without reply_to_message.
Answer<void> write_edited(Call& call, std::string& out, const Chat& chat,
                          const Answer<const Message*>& message);

}  // namespace telekv::emulator::methods
