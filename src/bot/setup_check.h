// What can be known about a setup without changing anything: whether Telegram takes the token, what
// the bot may do in its chats, and whether the key opens what is there.
//
// Blocking; one thread, and another one that opens what is sealed. Errors are as the program's
// start would meet them; but only what names the state is read, not the state, and a root that
// nothing but the register names is not forwarded to be looked at.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "bot/chat_settings.h"
#include "telegram/api.h"
#include "telegram/http_client.h"
#include "vault/clock.h"
#include "vault/random.h"
#include "vault/vault.h"

namespace telekv::bot {

/// One thing that is as it should be, or a warning about it.
struct Finding {
  std::string subject;  ///< one word
  std::string told;     ///< one line, without secrets; may hold texts of others
};
using TellFinding = std::function<void(Finding)>;

class SetupCheck {
 public:
  /// Opens nothing yet. kUnavailable without the system's trust store.
  static Result<std::unique_ptr<SetupCheck>> create(const telegram::ApiRoot& api_root,
                                                    std::optional<telegram::Proxy> proxy,
                                                    telegram::Token token);

  /// Who the token belongs to.
  Result<telegram::User> ask_bot();

  /// That the bot may write, and in a group also pin: what it may there, in a line. Shows "typing"
  /// in the chat. kForbidden says what to change.
  Result<std::string> check_chat(telegram::ChatId chat);

  /// That `key` opens the newest root: what it names, in a line; or that there is none yet.
  Result<std::string> check_store(telegram::ChatId chat, const std::optional<vault::Key>& key,
                                  vault::VaultOptions options);

  telegram::Api& api() { return *api_; }
  vault::SystemClock& clock() { return clock_; }
  vault::SystemRandom& random() { return random_; }
  boost::asio::io_context& io() { return io_; }

 private:
  SetupCheck() = default;
  template <class Call>
  auto ask(Call call);

  boost::asio::io_context io_{1};
  boost::asio::thread_pool pool_{1};
  vault::SystemClock clock_;
  vault::SystemRandom random_;
  std::unique_ptr<telegram::HttpClient> http_;
  std::optional<telegram::Api> api_;
};

/// Everything in turn, told as it is found; the first thing that is wrong is the error, and names
/// its subject.
Result<void> check_setup(const ChatSettings& settings, vault::WhenAbsent when_absent,
                         const TellFinding& tell);

}  // namespace telekv::bot
