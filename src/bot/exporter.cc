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
// A user's line of JSON is far shorter.
constexpr std::size_t kMaxLineBytes = 4096;

Error too_large() {
  return Error{ErrorCode::kTooLarge, "the file would be too large for Telegram",
               "use the telekv command: telekv export --chat"};
}

}  // namespace

// Keys are collected at once, 8 bytes a user, because what stays between two slices is only them.
// The memory for them comes from the pool, which has touched it: new pages would cost the table's
// thread more than the keys do.
asio::awaitable<std::vector<kv::Key>> Exporter::keys() const {
  auto room = [users = parts_.users->size()] {
    std::vector<kv::Key> touched(users);
    touched.clear();
    return touched;
  };
  std::vector<kv::Key> keys = co_await vault::run_on(parts_.pool, std::move(room));
  parts_.users->for_each([&](kv::Key key, const User&) { keys.push_back(key); });
  auto sorted = [all = std::move(keys)]() mutable {
    std::sort(all.begin(), all.end());
    return std::move(all);
  };
  co_return co_await vault::run_on(parts_.pool, std::move(sorted));
}

asio::awaitable<void> Exporter::visit(std::span<const kv::Key> keys,
                                      std::function<bool(kv::Key, const User&)> fn) const {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (i % kUsersPerSlice == kUsersPerSlice - 1) {
      co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    }
    const std::optional<User> user = parts_.users->find(keys[i]);
    if (user && !fn(keys[i], *user)) co_return;
  }
}

asio::awaitable<Result<Bytes>> Exporter::sealed() const {
  const std::vector<kv::Key> all = co_await keys();
  auto copy = std::make_unique<kv::Table<User>>(parts_.table);
  Result<void> copied;
  auto add = [&](kv::Key key, const User& user) {
    copied = copy->insert(key, user);
    return copied.has_value();
  };
  std::vector<std::shared_ptr<const kv::Encodable>> takes;
  for (std::span<const kv::Key> rest = all; !rest.empty();) {
    const std::size_t piece = std::min(kUsersPerPiece, rest.size());
    co_await visit(rest.first(piece), add);
    if (!copied) co_return copied.error();
    rest = rest.subspan(piece);
    auto take = [from = copy.get()] { return std::shared_ptr(from->take_changes()); };
    std::shared_ptr<const kv::Encodable> taken = co_await vault::run_on(parts_.pool, take);
    if (taken) takes.push_back(std::move(taken));
  }
  // Giving the copy's memory back takes long, too.
  auto seal = [copy = std::move(copy), takes = std::move(takes), sealer = parts_.sealer,
               nonce = vault::Sealer::make_nonce(*parts_.random),
               made_at = parts_.clock->unix_time().count(),
               writer = parts_.random->next_u64()]() mutable {
    const std::unique_ptr<kv::Table<User>> users = std::move(copy);
    const vault::StandaloneState state{.takes = std::move(takes),
                                       .records = users->size(),
                                       .digest = users->digest(),
                                       .made_at = made_at,
                                       .writer = writer};
    return vault::seal_standalone(state, sealer, nonce);
  };
  Result<Bytes> document = co_await vault::run_on(parts_.pool, std::move(seal));
  if (!document && document.error().code == ErrorCode::kTooLarge) co_return too_large();
  co_return document;
}

asio::awaitable<Result<Bytes>> Exporter::readable() const {
  const std::vector<kv::Key> all = co_await keys();
  Bytes text;
  text.reserve(kMaxFileBytes + kMaxLineBytes);  // to move it when it grows would take long
  std::string mended;
  auto add = [&](kv::Key key, User user) {
    mended = display_name(user.name);
    user.name = mended;
    append_json_line(text, key, user);
    return text.size() <= kMaxFileBytes;
  };
  co_await visit(all, add);
  if (text.size() > kMaxFileBytes) co_return too_large();
  co_return text;
}

// By their places, so that nothing has to be kept between two slices.
asio::awaitable<std::uint64_t> Exporter::old_dump_bytes() const {
  std::uint64_t bytes = 0;
  for (std::uint64_t offset = 0; offset < parts_.users->size(); offset += kUsersPerSlice) {
    for (const kv::Ranked<User>& each : parts_.users->page(offset, kUsersPerSlice)) {
      bytes += bot::old_dump_bytes(each.key, each.record);
    }
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
  }
  co_return bytes;
}

}  // namespace telekv::bot
