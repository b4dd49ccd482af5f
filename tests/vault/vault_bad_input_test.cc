// Stored bytes are hostile: what does not verify ends in the right error, with nothing written.
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <vector>

#include "world.h"

namespace telekv::vault {
namespace {

Sealer other_sealer() {
  return Sealer::with_key(
      Key::parse("ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f").value());
}

/// A chat with a root, two bases of two chunks each and a delta; no restore point to fall back to.
struct Stored {
  explicit Stored(Sealer with = test_sealer()) : sealer(std::move(with)) {
    world.options.delta_bound_records = 3;
    world.pace = {.records_per_step = 10, .records_per_chunk = 2};
    auto process = world.process_with(sealer);
    (void)world.open(*process).value();
    for (int round = 1; round <= 2; ++round) {
      for (int i = 0; i < 4; ++i) process->apply(round * 10 + i, i, std::to_string(round));
      (void)world.commit(*process).value();
    }
    first_base = process->vault.history().points(0).state().base();
    process->apply(30, 1, "delta");
    (void)world.commit(*process).value();
    root = process->vault.root();
    format::Manifest without_points = manifest();
    without_points.clear_history();
    seal_root(without_points.SerializeAsString());
    content = process->state.content();
    writes = world.chat.mutating_calls();
  }

  format::Manifest manifest() const {
    const Bytes& object = world.chat.document(root);
    format::Manifest manifest;
    EXPECT_TRUE(
        manifest.ParseFromString(sealer.open(Sealer::peek(object).value(), object).value()));
    return manifest;
  }

  /// Writes `body` in the root's place, sealed as the root is.
  void seal_root(ByteView body) {
    const ObjectIdentity identity = Sealer::peek(world.chat.document(root)).value();
    world.chat.overwrite(root, sealer.seal(identity, body, Sealer::make_nonce(random)));
  }

  MessageId chunk(int number) const {
    return MessageId{manifest().state().base().chunks(number).message_id()};
  }

  Error refusal() { return refusal(sealer); }
  Error refusal(const Sealer& with) {
    auto process = world.process_with(with);
    const auto report = world.open(*process);
    EXPECT_FALSE(report);
    EXPECT_EQ(world.chat.mutating_calls(), writes) << "something was written";
    EXPECT_EQ(process->state.size(), 0u);
    return report ? Error{} : report.error();
  }

  Sealer sealer;
  World world;
  SeededRandom random{99};
  MessageId root{};
  format::Base first_base;
  MapState::Content content;
  std::size_t writes = 0;
};

TEST(VaultBadInput, TheStoredChatItselfCanBeRestored) {
  Stored stored;
  auto process = stored.world.process();
  ASSERT_TRUE(stored.world.open(*process));
  EXPECT_EQ(process->state.content(), stored.content);
}

TEST(VaultBadInput, AnotherKeyIsToldFromDamage) {
  Stored stored;
  EXPECT_EQ(stored.refusal(other_sealer()).code, ErrorCode::kWrongKey);
  EXPECT_EQ(stored.refusal(Sealer::plaintext()).code, ErrorCode::kWrongKey);
}

TEST(VaultBadInput, AnUnsealedRootIsRefusedWhenAKeyIsGiven) {
  Stored stored(Sealer::plaintext());
  EXPECT_EQ(stored.refusal(test_sealer()).code, ErrorCode::kWrongKey);
}

TEST(VaultBadInput, PlaintextIsRestoredInPlaintextMode) {
  Stored stored(Sealer::plaintext());
  EXPECT_EQ(stored.manifest().state().applied().last(), 30);
  auto process = stored.world.process_with(Sealer::plaintext());
  ASSERT_TRUE(stored.world.open(*process));
  EXPECT_EQ(process->state.content(), stored.content);
}

TEST(VaultBadInput, ARootWithAnyByteChangedIsDamaged) {
  for (const bool sealed : {true, false}) {
    Stored stored(sealed ? test_sealer() : Sealer::plaintext());
    const Bytes good = stored.world.chat.document(stored.root);
    for (std::size_t i = 0; i < good.size(); ++i) {
      for (const int flip : {0x01, 0x80}) {
        Bytes bad = good;
        bad[i] = static_cast<char>(bad[i] ^ flip);
        stored.world.chat.overwrite(stored.root, std::move(bad));
        ASSERT_EQ(stored.refusal().code, ErrorCode::kDamaged) << "byte " << i;
      }
    }
  }
}

TEST(VaultBadInput, AChunkWithAnyByteChangedIsDamaged) {
  Stored stored;
  const MessageId chunk = stored.chunk(1);
  const Bytes good = stored.world.chat.document(chunk);
  for (std::size_t i = 0; i < good.size(); ++i) {
    Bytes bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x10);
    stored.world.chat.overwrite(chunk, std::move(bad));
    ASSERT_EQ(stored.refusal().code, ErrorCode::kDamaged) << "byte " << i;
  }
}

TEST(VaultBadInput, WhatIsCutOrContinuedIsDamaged) {
  Stored stored;
  for (const MessageId id : {stored.chunk(0), stored.root}) {
    const Bytes good = stored.world.chat.document(id);
    for (std::size_t size = 0; size < good.size(); ++size) {
      stored.world.chat.overwrite(id, good.substr(0, size));
      ASSERT_EQ(stored.refusal().code, ErrorCode::kDamaged) << size << " bytes";
    }
    stored.world.chat.overwrite(id, good + "x");
    EXPECT_EQ(stored.refusal().code, ErrorCode::kDamaged);
    stored.world.chat.overwrite(id, good);
  }
}

TEST(VaultBadInput, AnotherBasesChunkIsNotTakenForThisOnes) {
  Stored stored;
  format::Manifest manifest = stored.manifest();
  const format::Object& foreign = stored.first_base.chunks(0);
  format::Object* object = manifest.mutable_state()->mutable_base()->mutable_chunks(0);
  stored.world.chat.overwrite(MessageId{object->message_id()},
                              stored.world.chat.document(MessageId{foreign.message_id()}));
  EXPECT_EQ(stored.refusal().code, ErrorCode::kDamaged);

  // Even when the root vouches for its bytes: the seal knows its place.
  object->set_file_id(foreign.file_id());
  object->set_size(foreign.size());
  object->set_content_hash(foreign.content_hash());
  stored.seal_root(manifest.SerializeAsString());
  EXPECT_EQ(stored.refusal().code, ErrorCode::kDamaged);
}

TEST(VaultBadInput, ARootMovedToAnotherMessageIsDamaged) {
  Stored stored;
  const MessageId elsewhere = stored.world.chat.send(
      std::string(kRootName),
      std::make_shared<const Bytes>(stored.world.chat.document(stored.root)));
  stored.world.chat.pin(elsewhere);
  EXPECT_EQ(stored.refusal().code, ErrorCode::kDamaged);
}

TEST(VaultBadInput, AMissingDeltaIsDamage) {
  Stored stored;
  for (int change = 0; change < 4; ++change) {
    format::Manifest manifest = stored.manifest();
    if (change == 0) manifest.mutable_state()->clear_tail();
    if (change == 1) manifest.mutable_state()->mutable_tail(0)->set_sequence(100);
    if (change == 2) manifest.mutable_state()->mutable_base()->mutable_chunks()->SwapElements(0, 1);
    if (change == 3) manifest.mutable_state()->mutable_digest()->at(0) ^= 1;
    const format::Manifest good = stored.manifest();
    stored.seal_root(manifest.SerializeAsString());
    EXPECT_EQ(stored.refusal().code, ErrorCode::kDamaged) << "change " << change;
    stored.seal_root(good.SerializeAsString());
  }
}

// The state would have the promised digest: only the order tells that a commit is missing.
TEST(VaultBadInput, ADeltaThatDoesNotFollowTheOneBeforeIsDamage) {
  Stored stored;
  const format::Manifest good = stored.manifest();
  const std::uint64_t sequence = good.state().tail(0).sequence();
  for (const std::uint64_t gap : {std::uint64_t{1}, sequence, sequence + 1}) {
    format::Manifest manifest = good;
    manifest.mutable_state()->mutable_tail(0)->set_gap(gap);
    stored.seal_root(manifest.SerializeAsString());
    EXPECT_EQ(stored.refusal().code, ErrorCode::kDamaged) << "gap " << gap;
  }
}

TEST(VaultBadInput, AStateThatContradictsItselfIsDamage) {
  const std::vector<std::function<void(format::Manifest&)>> changes = {
      [](format::Manifest& root) { root.mutable_state()->set_records(1000); },
      [](format::Manifest& root) { root.mutable_state()->mutable_digest()->pop_back(); },
      [](format::Manifest& root) {
        root.mutable_state()->mutable_base()->mutable_chunks(0)->set_sequence(1);
      },
      [](format::Manifest& root) { root.mutable_state()->mutable_applied()->add_runs(1); },
      [](format::Manifest& root) { root.mutable_ring()->set_written(7); },
      [](format::Manifest& root) {
        for (int i = 0; i <= 1000; ++i) root.mutable_state()->add_segments();
      },
      [](format::Manifest& root) {
        for (int i = 0; i <= 1000; ++i) root.mutable_state()->mutable_base()->add_chunks();
      },
  };
  Stored stored;
  const format::Manifest good = stored.manifest();
  for (std::size_t i = 0; i < changes.size(); ++i) {
    format::Manifest bad = good;
    changes[i](bad);
    stored.seal_root(bad.SerializeAsString());
    EXPECT_EQ(stored.refusal().code, ErrorCode::kDamaged) << "change " << i;
  }
}

// A point whose objects verify, and whose digest is another's.
TEST(VaultBadInput, APointThatIsNotWhatItPromisesIsNotRestored) {
  for (const bool with_scratch : {true, false}) {
    World world;
    if (with_scratch) world.options.make_scratch = [] { return std::make_unique<MapState>(); };
    auto writer = world.opened();
    writer->apply(1, 1, "one");
    ASSERT_TRUE(world.run(writer->vault.make_point(world.deadline())));
    writer->apply(2, 2, "two");
    ASSERT_TRUE(world.commit(*writer));
    const MapState::Content content = writer->state.content();

    const format::Object object = writer->vault.manifest().history();
    const ObjectIdentity identity{.kind = ObjectKind::kHistory,
                                  .epoch = object.epoch(),
                                  .writer = object.writer(),
                                  .sequence = object.sequence()};
    format::History history = writer->vault.history();
    history.mutable_points(0)->mutable_state()->mutable_digest()->at(0) ^= 1;
    SeededRandom random(7);
    const Bytes forged =
        test_sealer().seal(identity, history.SerializeAsString(), Sealer::make_nonce(random));
    world.chat.overwrite(MessageId{object.message_id()}, forged);
    const MessageId root = writer->vault.root();
    const Bytes stored = world.chat.document(root);
    const ObjectIdentity root_identity = Sealer::peek(stored).value();
    format::Manifest manifest;
    ASSERT_TRUE(manifest.ParseFromString(test_sealer().open(root_identity, stored).value()));
    manifest.mutable_history()->set_content_hash(content_hash(forged));
    manifest.mutable_history()->set_size(forged.size());
    world.chat.overwrite(root, test_sealer().seal(root_identity, manifest.SerializeAsString(),
                                                  Sealer::make_nonce(random)));

    auto process = world.process();
    const auto found = world.open(*process);
    ASSERT_TRUE(found) << describe(found.error());
    ASSERT_EQ(process->state.content(), content);
    const auto report = world.run(process->vault.restore(1, world.deadline()));
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, ErrorCode::kDamaged);
    if (with_scratch) {
      EXPECT_EQ(process->state.content(), content);
      EXPECT_TRUE(world.commit(*process));
    } else {
      process->apply(3, 3, "three");
      EXPECT_EQ(world.commit(*process).error().code, ErrorCode::kDamaged);
    }
    auto next = world.process();
    const auto opened = world.open(*next);
    ASSERT_TRUE(opened) << describe(opened.error());
    EXPECT_EQ(next->state.content(), content) << "nothing of it reached the chat";
  }
}

// A seal proves who has written, not that it was written well.
TEST(VaultBadInput, ASealedObjectWithAnotherContentIsDamage) {
  Stored stored;
  const format::Manifest good = stored.manifest();
  const auto put = [&stored](ObjectKind kind) {
    const ObjectIdentity identity{.kind = kind, .epoch = 1, .writer = 2, .sequence = 3};
    auto bytes = std::make_shared<const Bytes>(
        stored.sealer.seal(identity, "\xff\xff", Sealer::make_nonce(stored.random)));
    format::Object object;
    object.set_size(bytes->size());
    object.set_content_hash(content_hash(*bytes));
    object.set_epoch(identity.epoch);
    object.set_writer(identity.writer);
    object.set_sequence(identity.sequence);
    const MessageId message = stored.world.chat.send("object", std::move(bytes));
    object.set_message_id(to_int(message));
    object.set_file_id(stored.world.chat.find(message)->file_id);
    return object;
  };
  format::Manifest with_segment = good;
  *with_segment.mutable_state()->add_segments() = put(ObjectKind::kSegment);
  format::Manifest with_chunk = good;
  format::Base& base = *with_chunk.mutable_state()->mutable_base();
  base.clear_chunks();
  base.set_sequence(3);
  *base.add_chunks() = put(ObjectKind::kChunk);
  for (const format::Manifest& bad : {with_segment, with_chunk}) {
    stored.seal_root(bad.SerializeAsString());
    EXPECT_EQ(stored.refusal().code, ErrorCode::kDamaged);
  }

  format::Manifest with_history = good;
  *with_history.mutable_history() = put(ObjectKind::kHistory);
  stored.seal_root(with_history.SerializeAsString());
  auto process = stored.world.process();
  ASSERT_TRUE(stored.world.open(*process)) << "only the restore points are lost";
  EXPECT_EQ(process->state.content(), stored.content);
}

TEST(VaultBadInput, AnotherObjectInARootsPlaceIsDamaged) {
  Stored stored;
  const Bytes chunk = stored.world.chat.document(stored.chunk(0));
  stored.world.chat.overwrite(stored.root, chunk);
  EXPECT_EQ(stored.refusal().code, ErrorCode::kDamaged);
}

TEST(VaultBadInput, AMalformedRingOfARegisteredRootIsDamage) {
  Stored stored;
  format::Manifest manifest = stored.manifest();
  manifest.mutable_ring()->set_written(7);
  stored.seal_root(manifest.SerializeAsString());
  stored.world.chat.unpin(stored.root);
  EXPECT_EQ(stored.refusal().code, ErrorCode::kDamaged);
}

TEST(VaultBadInput, BytesThatAreNoManifestAreDamage) {
  Stored stored;
  stored.seal_root("\xff\xff\xff");
  EXPECT_EQ(stored.refusal().code, ErrorCode::kDamaged);
}

TEST(VaultBadInput, ANewerFormatIsToldFromDamage) {
  Stored stored;
  for (const std::size_t place : {3u, 5u, 6u}) {  // major version, seal, key source
    const Bytes good = stored.world.chat.document(stored.root);
    Bytes newer = good;
    newer[place] = 9;
    const Bytes checksum = content_hash(ByteView(newer).substr(0, 60)).substr(0, 4);
    std::memcpy(newer.data() + 60, checksum.data(), checksum.size());
    stored.world.chat.overwrite(stored.root, newer);
    EXPECT_EQ(stored.refusal().code, ErrorCode::kUnsupportedVersion) << "byte " << place;
    stored.world.chat.overwrite(stored.root, good);
  }
}

TEST(VaultBadInput, AFeatureOrAStandingOfANewerVersionIsRefused) {
  Stored stored;
  format::Manifest with_feature = stored.manifest();
  with_feature.add_required_features(1);
  format::Manifest with_standing = stored.manifest();
  with_standing.set_standing(static_cast<format::Manifest::Standing>(7));
  for (const format::Manifest& manifest : {with_feature, with_standing}) {
    stored.seal_root(manifest.SerializeAsString());
    EXPECT_EQ(stored.refusal().code, ErrorCode::kUnsupportedVersion);
  }
}

TEST(VaultBadInput, WhatANewerVersionAddedSurvivesAReadModifyWrite) {
  Stored stored;
  const std::string unknown("\xa2\x06\x03new", 6);  // field 100, three bytes
  stored.seal_root(stored.manifest().SerializeAsString() + unknown);
  auto process = stored.world.process();
  ASSERT_TRUE(stored.world.open(*process));
  process->apply(31, 31, "x");
  ASSERT_TRUE(stored.world.commit(*process));
  stored.root = process->vault.root();
  EXPECT_NE(stored.manifest().SerializeAsString().find(unknown), std::string::npos);
}

TEST(VaultBadInput, ARootIdLeadsPastADamagedRoot) {
  Stored stored;
  auto next = stored.world.process();
  ASSERT_TRUE(stored.world.open(*next));
  Bytes damaged = stored.world.chat.document(next->vault.root());
  damaged[80] = static_cast<char>(damaged[80] ^ 1);
  stored.world.chat.overwrite(next->vault.root(), std::move(damaged));
  stored.writes = stored.world.chat.mutating_calls();
  EXPECT_EQ(stored.refusal().code, ErrorCode::kDamaged);

  stored.world.options.root_id = stored.root;
  auto rescued = stored.world.process();
  const auto report = stored.world.open(*rescued);
  ASSERT_TRUE(report) << describe(report.error());
  EXPECT_EQ(rescued->state.content(), stored.content);
}

TEST(VaultBadInput, ADamagedRootIdIsDamage) {
  Stored stored;
  stored.world.chat.overwrite(stored.root, "not a root");
  stored.world.options.root_id = stored.root;
  EXPECT_EQ(stored.refusal().code, ErrorCode::kDamaged);
}

}  // namespace
}  // namespace telekv::vault
