// The control API under /emulator/: people, what they send and tap, what a chat shows, faults,
// clock, counts. JSON in and out (docs/emulator.md). Single-threaded; lists are bounded by their
// limit, though GET chats looks at every chat of the bot.
#pragma once

#include <optional>
#include <string_view>

#include "emulator/arguments.h"
#include "emulator/crowd_runner.h"
#include "emulator/faults.h"
#include "emulator/file_store.h"
#include "emulator/http.h"
#include "emulator/statistics.h"
#include "emulator/world.h"

namespace telekv::emulator {

struct ControlCall {
  World& world;
  const FileStore& files;
  Faults& faults;
  CrowdRunner& crowd;
  const Statistics& statistics;
  const Arguments& query;
  TimeMs now = 0;
};

/// Runs one call. `path` is what follows /emulator/.
HttpReply run_control_call(ControlCall& call, std::string_view http_method, std::string_view path,
                           std::string_view body);

/// {"error": "..."} with that status.
HttpReply control_error(int status, std::string_view text);

/// Whether a request may drive the emulator: its Host, and its Origin when it has one, are
/// loopback.
bool is_from_loopback_page(const HttpRequest& request);

/// Whether a request comes from a page that this emulator served: its Host is loopback and its
/// Origin is that very host and port. A page of another program on this machine is not.
bool is_from_own_page(const HttpRequest& request);

/// A call that wants to wait until the chat's version differs from `after`.
struct ChatWait {
  BotId bot = 0;
  ChatId chat = 0;
  std::uint64_t after = 0;
  std::int64_t wait_s = 0;
};
std::optional<ChatWait> parse_chat_wait(std::string_view http_method, std::string_view path,
                                        const Arguments& query);

/// The version of a chat, 0 when it is not open.
std::uint64_t chat_version(World& world, BotId bot, ChatId chat);

}  // namespace telekv::emulator
