// What the operator asks for besides playing: backups and restore points. Answers when it is done;
// the bot goes on meanwhile.
//
// One thread: the table's. One wish at a time changes the vault (vault::Saver::turn()); the number
// of wishes that wait is bounded, and what is beyond the bound is not answered.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <cstddef>
#include <list>

#include "bot/clicker.h"
#include "bot/outbox.h"
#include "vault/clock.h"
#include "vault/event.h"
#include "vault/saver.h"
#include "vault/vault.h"

namespace telekv::bot {

class OperatorDesk {
 public:
  static constexpr std::size_t kMaxWishes = 20;

  /// The references must outlive the object.
  OperatorDesk(vault::Vault& vault, vault::Saver& saver, Outbox& outbox, vault::Clock& clock,
               boost::asio::any_io_executor executor);

  void take(Wish wish);

  /// Gives up what is under way; returns when nothing is. What a restore has changed in the table
  /// stays, saved or not.
  boost::asio::awaitable<void> close();

 private:
  boost::asio::awaitable<std::string> fulfil(Wish wish);
  boost::asio::awaitable<std::string> snapshot(Wish wish);
  std::string list(const Wish& wish) const;
  std::string ask(const Wish& wish) const;
  boost::asio::awaitable<std::string> restore(Wish wish);
  boost::asio::awaitable<void> answer(Wish wish);

  vault::Vault* vault_;
  vault::Saver* saver_;
  Outbox* outbox_;
  vault::Clock* clock_;
  boost::asio::any_io_executor executor_;
  std::list<boost::asio::cancellation_signal> running_;
  vault::Event idle_;
};

}  // namespace telekv::bot
