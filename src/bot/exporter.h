// All users as one file: sealed, so that only the key opens it, or readable. Also what they would
// be as the JSON of the bot before telekv.
//
// The table's thread; what takes long over a copy (sorting, encoding, sealing) goes to the pool.
// Users are read in slices, and the thread serves updates between them: each is written as they are
// when their turn comes. The longest piece of work on the thread is reading all keys at once, some
// 4 ms for a million users. A sealed file needs the table's memory once more.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "bot/user.h"
#include "kv/bytes.h"
#include "kv/table.h"
#include "vault/clock.h"
#include "vault/random.h"
#include "vault/sealer.h"

namespace telekv::bot {

class Exporter {
 public:
  /// What sendDocument takes, with a margin (Bot API: 50 MB).
  static constexpr std::size_t kMaxFileBytes = 49'000'000;

  /// A sealed file's users in one piece: a reader refuses one of more than kv::kMaxMessageRows.
  static constexpr std::size_t kUsersPerPiece = 50'000;

  struct Parts {
    const kv::Table<User>* users;
    kv::TableOptions table;  ///< of `users`; its digest key is what a sealed file is proven by
    vault::Sealer sealer;
    vault::Random* random;
    vault::Clock* clock;
    boost::asio::any_io_executor pool;
  };

  /// What the parts point to must outlive the object.
  explicit Exporter(Parts parts) : parts_(std::move(parts)) {}

  /// A document that `telekv export --format csv FILE` and the other readers of files open with the
  /// key. kTooLarge when it would not fit into one.
  boost::asio::awaitable<Result<Bytes>> sealed() const;

  /// One line of JSON a user. kTooLarge when Telegram would not take it.
  boost::asio::awaitable<Result<Bytes>> readable() const;

  /// Bytes that the users would be as the old JSON, give or take those whose place changes
  /// meanwhile.
  boost::asio::awaitable<std::uint64_t> old_dump_bytes() const;

 private:
  /// Every user's, ascending.
  boost::asio::awaitable<std::vector<kv::Key>> keys() const;

  /// Calls fn(key, user) for those of `keys` who are still there, in order, until it answers false.
  boost::asio::awaitable<void> visit(std::span<const kv::Key> keys,
                                     std::function<bool(kv::Key, const User&)> fn) const;

  Parts parts_;
};

}  // namespace telekv::bot
