// Any bytes as a snapshot chunk, alone and beside another.
#include "fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace telekv;
  const ByteView bytes(reinterpret_cast<const char*>(data), size);
  if (!fuzz::worth_loading(bytes)) return 0;
  kv::Table<kv::User> users(kv::test_options());
  fuzz::require(users.insert(-1, {.name = "kept", .clicks = 5}).has_value());
  users.take_changes();
  if (fuzz::load(users, bytes, true)) fuzz::require_restorable(users);
  kv::Table<kv::Player> players(kv::test_options());
  if (fuzz::load(players, bytes, true)) fuzz::require_restorable(players);
  return 0;
}
