#include "bot/exporter.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <utility>

#include "bot/names.h"
#include "bot/user_lines.h"
#include "kv/column_codec.h"
#include "vault/pool.h"
#include "vault/standalone.h"

namespace telekv::bot {

namespace asio = boost::asio;

namespace {

// Some 100 us of work between two looks at the updates.
constexpr std::size_t kUsersPerSlice = 500;

Error too_large() {
  return Error{ErrorCode::kTooLarge, "the file would be too large for Telegram",
               "use the telekv command: telekv export --chat"};
}

}  // namespace

// Keys are collected at once, 8 bytes a user, because what stays between two slices is only them.
asio::awaitable<void> Exporter::visit(std::function<bool(kv::Key, const User&)> fn) const {
  std::vector<kv::Key> keys;
  keys.reserve(parts_.users->size());
  parts_.users->for_each([&](kv::Key key, const User&) { keys.push_back(key); });
  std::sort(keys.begin(), keys.end());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (i % kUsersPerSlice == kUsersPerSlice - 1) {
      co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    }
    const std::optional<User> user = parts_.users->find(keys[i]);
    if (user && !fn(keys[i], *user)) co_return;
  }
}

asio::awaitable<Result<Bytes>> Exporter::sealed() const {
  // One take goes into one delta, and no reader takes a longer one.
  if (parts_.users->size() > kv::kMaxMessageRows) co_return too_large();
  kv::Table<User> copy(parts_.table);
  Result<void> copied;
  auto add = [&](kv::Key key, const User& user) {
    copied = copy.insert(key, user);
    return copied.has_value();
  };
  co_await visit(add);
  if (!copied) co_return copied.error();
  std::shared_ptr<const kv::Encodable> everything = copy.take_changes();
  const vault::StandaloneState state{.everything = std::move(everything),
                                     .records = copy.size(),
                                     .digest = copy.digest(),
                                     .made_at = parts_.clock->unix_time().count(),
                                     .writer = parts_.random->next_u64()};
  auto seal = [state, sealer = parts_.sealer, nonce = vault::Sealer::make_nonce(*parts_.random)] {
    return vault::seal_standalone(state, sealer, nonce);
  };
  Result<Bytes> document = co_await vault::run_on(parts_.pool, std::move(seal));
  if (!document && document.error().code == ErrorCode::kTooLarge) co_return too_large();
  co_return document;
}

asio::awaitable<Result<Bytes>> Exporter::readable() const {
  Bytes text;
  std::string mended;
  auto add = [&](kv::Key key, User user) {
    mended = display_name(user.name);
    user.name = mended;
    append_json_line(text, key, user);
    return text.size() <= kMaxFileBytes;
  };
  co_await visit(add);
  if (text.size() > kMaxFileBytes) co_return too_large();
  co_return text;
}

asio::awaitable<std::uint64_t> Exporter::old_dump_bytes() const {
  std::uint64_t bytes = 0;
  auto add = [&](kv::Key key, const User& user) {
    bytes += bot::old_dump_bytes(key, user);
    return true;
  };
  co_await visit(add);
  co_return bytes;
}

}  // namespace telekv::bot
