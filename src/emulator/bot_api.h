// The methods of the Bot API, one function each, behind one table. A method reads its arguments,
// asks the world and writes its result as JSON; getUpdates is not here because it waits (server.h).
// Single-threaded; nothing here does I/O but keeping an uploaded file.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "emulator/arguments.h"
#include "emulator/file_store.h"
#include "emulator/world.h"

namespace telekv::emulator {

inline constexpr std::uint64_t kMaxUploadBytes = 50u << 20;    // Bot API: sendDocument, "50 MB"
inline constexpr std::uint64_t kMaxDownloadBytes = 20u << 20;  // Client.h: MAX_DOWNLOAD_FILE_SIZE

struct Call {
  World& world;
  FileStore& files;
  Bot& bot;
  const Arguments& arguments;
  TimeMs now = 0;
  std::string description = {};  ///< some successes carry one, e.g. "Webhook was deleted"
};

/// Appends the result as JSON to `out`, or refuses.
using Method = Answer<void> (*)(Call& call, std::string& out);

struct MethodEntry {
  std::string_view name;  ///< as the documentation spells it
  Method run = nullptr;   ///< null for getUpdates, which the server runs itself
};

/// The method of that name in any case; null when there is none.
const MethodEntry* find_method(std::string_view name);

/// Every method there is.
std::span<const MethodEntry> all_methods();

/// The arguments of getUpdates.
PollRequest read_poll_request(const Arguments& arguments);

/// The bits of a JSON list of update types; nothing when there is no such list, which changes
/// nothing. Unknown names are ignored.
std::optional<std::uint32_t> read_allowed_updates(std::string_view json);

/// Whether a webhook may name this method in its answer: nothing that reads, and not the webhook's
/// own settings.
bool may_be_a_reply(std::string_view method);

/// {"ok":true,"result":...} and {"ok":false,...}
std::string wrap_result(std::string_view result_json, std::string_view description);
std::string wrap_error(const ApiError& error);

/// The path under /file/bot<token>/ by which getFile names a file.
std::string file_path_of(const File& file);

/// The file of `bot` behind such a path, null when there is none.
const File* find_file_by_path(const World& world, const Bot& bot, std::string_view path);

// Groups of methods; each appends to the table (bot_api.cc).
namespace methods {
Answer<void> send_message(Call& call, std::string& out);
Answer<void> send_document(Call& call, std::string& out);
Answer<void> edit_message_text(Call& call, std::string& out);
Answer<void> edit_message_caption(Call& call, std::string& out);
Answer<void> edit_message_reply_markup(Call& call, std::string& out);
Answer<void> edit_message_media(Call& call, std::string& out);
Answer<void> forward_message(Call& call, std::string& out);
Answer<void> copy_message(Call& call, std::string& out);
Answer<void> delete_message(Call& call, std::string& out);
Answer<void> pin_chat_message(Call& call, std::string& out);
Answer<void> unpin_chat_message(Call& call, std::string& out);
Answer<void> unpin_all_chat_messages(Call& call, std::string& out);
Answer<void> get_chat(Call& call, std::string& out);
Answer<void> send_chat_action(Call& call, std::string& out);
Answer<void> get_file(Call& call, std::string& out);
Answer<void> get_me(Call& call, std::string& out);
Answer<void> answer_callback_query(Call& call, std::string& out);
Answer<void> set_my_commands(Call& call, std::string& out);
Answer<void> get_my_commands(Call& call, std::string& out);
Answer<void> delete_my_commands(Call& call, std::string& out);
Answer<void> set_my_name(Call& call, std::string& out);
Answer<void> get_my_name(Call& call, std::string& out);
Answer<void> set_my_description(Call& call, std::string& out);
Answer<void> get_my_description(Call& call, std::string& out);
Answer<void> set_my_short_description(Call& call, std::string& out);
Answer<void> get_my_short_description(Call& call, std::string& out);
Answer<void> get_chat_member(Call& call, std::string& out);
Answer<void> get_chat_member_count(Call& call, std::string& out);
Answer<void> leave_chat(Call& call, std::string& out);
Answer<void> close(Call& call, std::string& out);
Answer<void> log_out(Call& call, std::string& out);
Answer<void> set_webhook(Call& call, std::string& out);
Answer<void> delete_webhook(Call& call, std::string& out);
Answer<void> get_webhook_info(Call& call, std::string& out);
}  // namespace methods

}  // namespace telekv::emulator
