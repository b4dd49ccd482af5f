// Webhooks with either durability: decides for each delivery whether Telegram may forget the update
// (step 12 of docs/architecture.md). What is not confirmed is delivered again, for 24
// hours.
//
//   strict    confirmed after the commit that holds it and a CHECK; deliveries that wait at the
//   same
//             time share one. Serves only when it has settled: a predecessor may still be answering
//   interval  confirmed at once; the saver saves in its own time
//
// Chats are delivered in parallel, each in order; a delivery that waits holds its own chat back and
// no other. One thread: the vault's. Bounded: of more than kMaxWaiting deliveries at once the rest
// is refused.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <functional>

#include "vault/applied_updates.h"
#include "vault/channel.h"
#include "vault/clock.h"
#include "vault/event.h"
#include "vault/saver.h"
#include "vault/vault.h"

namespace telekv::vault {

class WebhookGate {
 public:
  /// Bot API: setWebhook allows 100 connections at most.
  static constexpr std::size_t kMaxWaiting = 100;

  /// How long something that a predecessor began may still take effect after the take-over: a
  /// commit is tried for 60 s (SaverOptions), a call that began in the last of them has 30 s
  /// (telegram/http.h), and Telegram itself hangs up on a delivery after 60 s.
  static constexpr std::chrono::seconds kSettle{100};

  struct Options {
    Durability durability = Durability::kInterval;
    Clock::Duration settle = kSettle;
  };

  /// The references must outlive the object. `vault` is open.
  WebhookGate(Vault& vault, Saver& saver, Clock& clock, Event& stopping, Options options);

  /// Settles, checks once more that this process is the writer, and then waits for `stopping`
  /// (success) or a failure that ends the run.
  Channel::Async<void> run();

  /// Whether `update` may be confirmed (2xx); false asks Telegram to deliver it again (503). Calls
  /// `apply` at most once, before anything is awaited, when the update has not been applied.
  boost::asio::awaitable<bool> deliver(UpdateStamp update, std::function<void()> apply);

  /// False while it settles, and once it stops.
  bool serves() const { return serves_; }

 private:
  Channel::Async<void> settle();

  Vault* vault_;
  Saver* saver_;
  Clock* clock_;
  Event* stopping_;
  Options options_;
  bool serves_;
  std::size_t waiting_ = 0;
};

}  // namespace telekv::vault
