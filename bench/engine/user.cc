#include "engine/user.h"

#include <stdexcept>

namespace telekv::bench {

std::unique_ptr<Users> filled_users(const Dataset& data) {
  constexpr std::size_t kBetweenSaves = 1000;
  std::unique_ptr<Users> users = make_users();
  for (std::size_t i = 0; i < data.size(); ++i) {
    const Person& person = data.people[i];
    const Result<void> inserted =
        users->insert(person.id, {data.name(person), person.clicks, person.state});
    if (!inserted) throw std::runtime_error(describe(inserted.error()));
    if (i % kBetweenSaves == 0) users->take_changes();
  }
  users->take_changes();
  return users;
}

}  // namespace telekv::bench
