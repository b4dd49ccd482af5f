// All users as one file.
#include "bot/exporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <optional>
#include <string>

#include "bot/user_lines.h"
#include "vault/chain.h"
#include "vault/root_form.h"
#include "vault/seeded_random.h"
#include "vault/world.h"

namespace telekv::bot {
namespace {

using ::testing::EndsWith;
using ::testing::StartsWith;

struct AnExport : ::testing::Test {
  AnExport() { options.digest_key = {1, 2, 3}; }

  template <class T>
  T run(boost::asio::awaitable<T> work) {
    return world.run(std::move(work));
  }

  kv::TableOptions options{};
  vault::World world;
  vault::SeededRandom random{3};
  std::optional<kv::Table<User>> users;
  std::optional<Exporter> exporter;

  void fill(kv::Key count) {
    users.emplace(options);
    for (kv::Key key = 1; key <= count; ++key) {
      const std::string name = "user " + std::to_string(key % 100);
      ASSERT_TRUE(users->insert(key << 32, {.name = name, .clicks = 7, .state = 3}));
    }
    exporter.emplace(Exporter::Parts{.users = &*users,
                                     .table = options,
                                     .sealer = vault::test_sealer(),
                                     .random = &random,
                                     .clock = &world.clock,
                                     .pool = world.context.get_executor()});
  }
};

TEST_F(AnExport, ThatIsReadableHasALineAUserByAscendingKey) {
  fill(1234);
  const Result<Bytes> text = run(exporter->readable());
  ASSERT_TRUE(text);
  EXPECT_EQ(std::count(text->begin(), text->end(), '\n'), 1234);
  EXPECT_THAT(*text, StartsWith(R"({"chat_id":4294967296,"name":"user 1","clicks":7,"state":3})"));
  EXPECT_THAT(*text, EndsWith("\"state\":3}\n"));
}

// What docs/format.md says a reader does with a root. Returns in how many pieces the users were.
Result<int> read(const Bytes& document, const vault::Sealer& sealer, kv::Table<User>& table) {
  const Result<vault::ObjectIdentity> identity = vault::Sealer::peek(document);
  if (!identity) return identity.error();
  const Result<Bytes> body = sealer.open(*identity, document);
  if (!body) return body.error();
  const Result<vault::Root> root =
      vault::parse_root(vault::MessageId{identity->epoch}, *identity, *body);
  if (!root) return root.error();
  const auto filled =
      vault::Chain::fill({.state = root->manifest.state(), .chunks = {}, .segments = {}}, table);
  if (!filled) return filled.error();
  return root->manifest.state().tail_size();
}

TEST_F(AnExport, ThatIsSealedIsAWholeStateByItself) {
  fill(1234);
  const Result<Bytes> document = run(exporter->sealed());
  ASSERT_TRUE(document);
  kv::Table<User> copy(options);
  ASSERT_TRUE(read(*document, vault::test_sealer(), copy));
  EXPECT_EQ(copy.size(), 1234u);
  EXPECT_EQ(copy.find(kv::Key{5} << 32)->name, "user 5");
  EXPECT_EQ(copy.find(kv::Key{5} << 32)->clicks, 7u);
  EXPECT_EQ(read(*document, vault::new_sealer(), copy).error().code, ErrorCode::kWrongKey);
}

TEST_F(AnExport, ThatIsSealedIsInPiecesThatAReaderTakes) {
  fill(Exporter::kUsersPerPiece + 1);
  const Result<Bytes> document = run(exporter->sealed());
  ASSERT_TRUE(document);
  kv::Table<User> copy(options);
  const Result<int> pieces = read(*document, vault::test_sealer(), copy);
  ASSERT_TRUE(pieces) << describe(pieces.error());
  EXPECT_EQ(*pieces, 2);
  EXPECT_EQ(copy.size(), Exporter::kUsersPerPiece + 1);
}

TEST_F(AnExport, OfNobodyIsAnEmptyState) {
  fill(0);
  const Result<Bytes> document = run(exporter->sealed());
  ASSERT_TRUE(document);
  kv::Table<User> copy(options);
  ASSERT_TRUE(read(*document, vault::test_sealer(), copy));
  EXPECT_EQ(copy.size(), 0u);
  EXPECT_EQ(run(exporter->readable()).value(), "");
}

TEST_F(AnExport, WritesNamesThatAreNotUtf8WithoutWhatIsBroken) {
  fill(0);
  ASSERT_TRUE(users->insert(1, {.name = "a\xff\xc3z"}));
  EXPECT_THAT(run(exporter->readable()).value(), StartsWith(R"({"chat_id":1,"name":"az")"));
}

TEST_F(AnExport, LeavesOutWhoIsForgottenMeanwhile) {
  for (const int handlers : {1, 4, 8, 12}) {
    fill(5000);
    std::optional<Result<Bytes>> text;
    world.begin(exporter->readable(), text);
    for (int i = 0; i < handlers; ++i) world.context.poll_one();
    ASSERT_FALSE(text) << "other work comes in between";
    ASSERT_TRUE(users->erase(kv::Key{5000} << 32));
    world.clock.run(world.context);
    EXPECT_EQ(std::count((*text)->begin(), (*text)->end(), '\n'), 4999);
  }
}

TEST_F(AnExport, LetsOtherWorkInWhileItMeasures) {
  fill(50'000);
  std::optional<std::uint64_t> bytes;
  world.begin(exporter->old_dump_bytes(), bytes);
  int pieces = 0;
  for (; !bytes; ++pieces) world.context.poll_one();
  EXPECT_GE(pieces, 100) << "500 users a piece";
}

TEST_F(AnExport, KnowsWhatTheUsersWouldBeAsTheOldJson) {
  fill(0);
  ASSERT_TRUE(users->insert(1, {.name = "a\"b", .clicks = 57, .state = 0}));
  // As Python writes it: [1, "a\"b", 57, 0] and ", ".
  EXPECT_EQ(run(exporter->old_dump_bytes()), std::string(R"([1, "a\"b", 57, 0], )").size());
  ASSERT_TRUE(users->insert(2, {.name = "Я🔥", .clicks = 5, .state = 0}));
  EXPECT_EQ(run(exporter->old_dump_bytes()),
            std::string(R"([1, "a\"b", 57, 0], [2, "\u042f\ud83d\udd25", 5, 0], )").size());
}

}  // namespace
}  // namespace telekv::bot
