// Any bytes as a delta, over a table with records to change.
#include "fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace telekv;
  const ByteView bytes(reinterpret_cast<const char*>(data), size);
  if (!fuzz::worth_loading(bytes)) return 0;
  kv::Table<kv::User> users(kv::test_options());
  kv::Table<kv::Player> players(kv::test_options());
  for (kv::Key key = 0; key < 20; ++key) {
    fuzz::require(users.insert(key, {.name = "Ann", .clicks = 7}).has_value());
    fuzz::require(players.insert(key, {.alias = "Ann", .rating = -7}).has_value());
  }
  users.take_changes();
  players.take_changes();
  if (fuzz::load(users, bytes, false)) fuzz::require_restorable(users);
  if (fuzz::load(players, bytes, false)) fuzz::require_restorable(players);
  return 0;
}
