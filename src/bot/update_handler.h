// What one update does: the clicker's rules applied to the table, the reply handed to the outbox,
// and whatever else was asked for started. The same for polled and delivered updates.
//
// One thread: the table's. O(log users) an update.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <utility>

#include "bot/clicker.h"
#include "bot/early_saves.h"
#include "bot/operator_desk.h"
#include "bot/tap_answers.h"
#include "kv/table.h"
#include "telegram/api.h"
#include "telegram/outbox.h"
#include "telegram/types.h"

namespace telekv::bot {

class UpdateHandler {
 public:
  struct Parts {
    Clicker* clicker;
    kv::Table<User>* users;
    telegram::Api* api;
    telegram::Outbox* outbox;
    EarlySaves* early_saves;
    TapAnswers* tap_answers;
    OperatorDesk* desk;
    boost::asio::any_io_executor executor;
  };

  /// What the parts point to must outlive the object, and the object the executor's last run.
  explicit UpdateHandler(Parts parts) : parts_(std::move(parts)) {}

  void apply(const telegram::Update& update);

  /// The same, but the reply is left to the caller; not one that has to wait for a save.
  std::optional<telegram::Reply> apply_quietly(const telegram::Update& update);

  /// Tells the table that `update` will be applied soon.
  void expect(const telegram::Update& update) const;

  /// Counts elements that have no id, and therefore no other trace.
  void skip_unreadable(std::size_t count);

  /// Back-pressure: returns when few enough replies wait.
  boost::asio::awaitable<void> room() { return parts_.outbox->room(); }

  /// Updates that could not be read, since the program began.
  std::uint64_t unreadable() const { return unreadable_; }

 private:
  std::optional<telegram::Reply> carry_out(Outcome outcome);

  Parts parts_;
  std::uint64_t unreadable_ = 0;
};

}  // namespace telekv::bot
