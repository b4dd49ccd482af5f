// The stored forms of docs/format.md, byte by byte: what these tests hold, older data depends on.
#include <gtest/gtest.h>
#include <sodium.h>

#include <string>

#include "telekv.pb.h"

namespace telekv::vault {
namespace {

std::string to_hex(const std::string& bytes) {
  std::string text(2 * bytes.size() + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                 bytes.size());
  text.pop_back();
  return text;
}

format::Object object(std::int64_t message, std::uint64_t sequence, std::uint32_t number) {
  format::Object made;
  made.set_message_id(message);
  made.set_file_id("file");
  made.set_size(1000);
  made.set_content_hash("hash");
  made.set_epoch(9);
  made.set_writer(0x1122334455667788);
  made.set_sequence(sequence);
  made.set_number(number);
  return made;
}

format::Delta delta(std::uint64_t sequence, std::uint64_t gap) {
  format::Delta made;
  made.set_sequence(sequence);
  made.set_gap(gap);
  made.set_columns("columns");
  return made;
}

format::State state() {
  format::State made;
  made.set_sequence(12);
  made.mutable_applied()->set_last(300);
  made.mutable_applied()->add_runs(2);
  made.mutable_applied()->add_runs(1);
  made.mutable_applied()->set_last_date(1'790'000'000);
  made.set_applied_updates(7);
  made.set_records(3);
  made.set_digest("digest");
  made.set_committed_at(1'790'000'001);
  made.mutable_base()->set_sequence(5);
  *made.mutable_base()->add_chunks() = object(20, 5, 0);
  *made.add_segments() = object(21, 8, 3);
  *made.add_tail() = delta(12, 3);
  return made;
}

TEST(StoredForms, AManifest) {
  format::Manifest manifest;
  manifest.set_standing(format::Manifest::ACTIVE);
  manifest.set_ballot(9);
  manifest.set_writer(0x1122334455667788);
  manifest.add_predecessors(7);
  *manifest.mutable_state() = state();
  *manifest.mutable_history() = object(22, 12, 0);
  manifest.add_tombstones()->set_sequence(11);
  manifest.mutable_tombstones(0)->add_key_steps(-1);
  manifest.mutable_tombstones(0)->add_key_steps(2);
  manifest.mutable_ring()->add_banks()->add_id_steps(20);
  manifest.mutable_ring()->mutable_banks(0)->add_id_steps(1);
  manifest.mutable_ring()->set_written(2);
  manifest.set_delivery(format::Manifest::WEBHOOK);
  manifest.set_lost_updates(4);
  EXPECT_EQ(to_hex(manifest.SerializeAsString()),
            "080210091988776655443322112201072a78080c120d08ac02120202011880f7c4d506180720032a"
            "066469676573743081f7c4d5063a220805121e0814120466696c6518e80722046861736828093188"
            "77665544332211380542200815120466696c6518e807220468617368280931887766554433221138"
            "0840034a0d080c1207636f6c756d6e731803321e0816120466696c6518e807220468617368280931"
            "8877665544332211380c3a06080b1202010442080a040a021401100248015004");
}

TEST(StoredForms, ASegment) {
  format::Deltas deltas;
  *deltas.add_deltas() = delta(6, 0);
  *deltas.add_deltas() = delta(12, 5);
  EXPECT_EQ(to_hex(deltas.SerializeAsString()),
            "0a0b08061207636f6c756d6e730a0d080c1207636f6c756d6e731805");
}

TEST(StoredForms, AHistory) {
  format::History history;
  format::RestorePoint* point = history.add_points();
  point->set_number(3);
  *point->mutable_state() = state();
  history.add_tombstones()->set_sequence(13);
  history.mutable_tombstones(0)->add_key_steps(5);
  history.set_last_number(3);
  EXPECT_EQ(to_hex(history.SerializeAsString()),
            "0a7c08031278080c120d08ac02120202011880f7c4d506180720032a066469676573743081f7c4d5"
            "063a220805121e0814120466696c6518e80722046861736828093188776655443322113805422008"
            "15120466696c6518e8072204686173682809318877665544332211380840034a0d080c1207636f6c"
            "756d6e7318031205080d12010a1803");
}

}  // namespace
}  // namespace telekv::vault
