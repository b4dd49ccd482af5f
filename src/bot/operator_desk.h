// What the operator asks for besides playing: how the program is doing, backups, restore points,
// exports. Answers when it is done; the bot goes on meanwhile. Work that takes long says so in a
// message that becomes the answer (progress.h).
//
// One thread: the table's. One wish at a time changes the vault (vault::Saver::turn()), and one
// export at a time is made, because each holds a file of all users; the number of wishes that wait
// is bounded, and what is beyond the bound is not answered.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <optional>
#include <string>

#include "bot/clicker.h"
#include "bot/exporter.h"
#include "bot/operator_texts.h"
#include "telegram/api.h"
#include "telegram/outbox.h"
#include "vault/clock.h"
#include "vault/event.h"
#include "vault/saver.h"
#include "vault/turn.h"
#include "vault/vault.h"

namespace telekv::bot {

class OperatorDesk {
 public:
  static constexpr std::size_t kMaxWishes = 20;
  /// What all users would be as the old JSON takes a look at each of them, so it is measured no
  /// oftener.
  static constexpr std::chrono::minutes kMeasureEvery{1};

  struct Parts {
    vault::Vault* vault;
    vault::Saver* saver;
    telegram::Outbox* outbox;
    telegram::Api* api;
    vault::Clock* clock;
    Exporter* exporter;
    bool sealed;  ///< whether there is a key to seal an export with
    /// What the program knows of itself; the old JSON's size is filled in here.
    std::function<texts::StatusFacts()> status;
    /// Bytes that have gone to the vault's chat.
    std::function<std::uint64_t()> uploaded_bytes;
    /// Is told of the language of each wish.
    std::function<void(texts::Language)> heard;
    boost::asio::any_io_executor executor;
  };

  /// What the parts point to must outlive the object.
  explicit OperatorDesk(Parts parts);

  void take(Wish wish);

  /// Gives up what is under way; returns when nothing is. What a restore has changed in the table
  /// stays, saved or not.
  boost::asio::awaitable<void> close();

 private:
  template <class T>
  using Async = boost::asio::awaitable<T>;

  Async<void> answer(Wish wish);
  Async<telegram::Reply> fulfil(Wish wish);
  Async<telegram::Reply> with_progress(Wish wish, Async<telegram::Reply> work);
  std::string progress_of(const Wish& wish, std::uint64_t uploaded_before,
                          std::chrono::seconds passed) const;
  Async<telegram::Reply> status(Wish wish);
  Async<std::uint64_t> old_dump_bytes();
  Async<telegram::Reply> snapshot(Wish wish);
  telegram::Reply list(const Wish& wish) const;
  telegram::Reply ask(const Wish& wish) const;
  Async<telegram::Reply> restore(Wish wish);
  Async<telegram::Reply> export_all(Wish wish);
  Async<Result<void>> send_export(Wish wish);

  struct Measured {
    std::uint64_t old_dump_bytes;
    vault::Clock::Time at;
  };

  Parts parts_;
  vault::Turn exporting_;
  vault::Turn measuring_;
  std::optional<Measured> measured_;
  std::list<boost::asio::cancellation_signal> running_;
  vault::Event idle_;
};

}  // namespace telekv::bot
