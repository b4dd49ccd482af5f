// What the vault's tests share: a chat, virtual time, and processes that open and commit in it.
// Single thread; everything repeats from the seeds.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "map_state.h"
#include "seeded_random.h"
#include "sim_channel.h"
#include "vault/vault.h"
#include "virtual_clock.h"

namespace telekv::vault {

inline Sealer test_sealer() {
  return Sealer::with_key(
      Key::parse("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f").value());
}

/// Of another key.
inline Sealer new_sealer() {
  return Sealer::with_key(
      Key::parse("ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f").value());
}

/// One process: its own memory, randomness and way to the chat.
struct Process {
  Process(SimChat& chat, VirtualClock& clock, boost::asio::any_io_executor executor, int number,
          VaultOptions options, Sealer sealer, MapState::Pace pace)
      : channel(chat, number),
        random(0x5eed + static_cast<std::uint64_t>(number)),
        state(pace),
        vault(channel, clock, random, state, std::move(sealer), std::move(executor), options) {}

  SimChannel channel;
  SeededRandom random;
  MapState state;
  Vault vault;

  /// Applies an update: the record `key` becomes `value`.
  void apply(std::int64_t update_id, std::int64_t key, std::string value) {
    state.put(key, std::move(value));
    vault.note_applied({.id = update_id});
  }
};

struct World {
  boost::asio::io_context context;
  VirtualClock clock;
  SimChat chat;
  VaultOptions options = {};
  MapState::Pace pace = {};
  int processes = 0;

  std::unique_ptr<Process> process() { return process_in(chat); }
  std::unique_ptr<Process> process_with(Sealer sealer) {
    return std::make_unique<Process>(chat, clock, context.get_executor(), ++processes, options,
                                     std::move(sealer), pace);
  }
  std::unique_ptr<Process> process_in(SimChat& other) {
    return std::make_unique<Process>(other, clock, context.get_executor(), ++processes, options,
                                     test_sealer(), pace);
  }

  Clock::Time deadline(std::chrono::seconds patience = std::chrono::seconds(60)) const {
    return clock.now() + patience;
  }

  /// Starts `work`; its result appears in `out` when the clock has been run.
  template <class T>
  void begin(boost::asio::awaitable<T> work, std::optional<T>& out) {
    auto store = [](boost::asio::awaitable<T> pending,
                    std::optional<T>* place) -> boost::asio::awaitable<void> {
      T value = co_await std::move(pending);
      place->emplace(std::move(value));
    };
    boost::asio::co_spawn(context, store(std::move(work), &out), boost::asio::detached);
  }

  template <class T>
  T run(boost::asio::awaitable<T> work) {
    std::optional<T> out;
    begin(std::move(work), out);
    clock.run(context);
    return std::move(out).value();
  }

  Result<OpenReport> open(Process& process) { return run(process.vault.open(deadline())); }
  Result<CommitReport> commit(Process& process) { return run(process.vault.commit(deadline())); }
  Result<void> check(Process& process) { return run(process.vault.check(deadline())); }

  /// A process that has opened the vault.
  std::unique_ptr<Process> opened() {
    std::unique_ptr<Process> fresh = process();
    (void)open(*fresh).value();
    return fresh;
  }
};

/// Gives `fault` to the n-th call of that kind.
inline SimChannel::Hook nth(CallKind kind, int n, Fault fault) {
  auto seen = std::make_shared<int>(0);
  return [=](const Call& call) { return call.kind == kind && ++*seen == n ? fault : Fault{}; };
}

/// Which bank of the ring the writer of `root` edits.
inline std::uint32_t bank_of(const World& world, MessageId root) {
  const Bytes& object = world.chat.document(root);
  format::Manifest manifest;
  const Result<Bytes> body = test_sealer().open(Sealer::peek(object).value(), object);
  EXPECT_TRUE(body && manifest.ParseFromString(*body));
  return manifest.ring().written();
}

/// What the next opener would restore if everybody died now and every late effect had landed.
inline MapState::Content restored(World& world) {
  SimChat copy = world.chat;
  copy.release_late();
  const auto opener = world.process_in(copy);
  (void)world.open(*opener).value();
  return opener->state.content();
}

}  // namespace telekv::vault
