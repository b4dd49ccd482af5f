#include "bot/status_report.h"

#include <boost/json.hpp>

namespace telekv::bot {

namespace json = boost::json;

namespace {

json::value in_seconds_or_null(const std::optional<vault::Clock::Duration>& duration) {
  return duration ? json::value(vault::in_seconds(*duration)) : json::value(nullptr);
}

json::value if_known(std::uint64_t number) {
  return number > 0 ? json::value(number) : json::value(nullptr);
}

json::value age(std::chrono::seconds unix_now, std::int64_t since) {
  return since > 0 ? json::value(unix_now.count() - since) : json::value(nullptr);
}

// In the order of row().
json::array columns() {
  return {"time",         "clicks",      "users",     "stored_bytes",
          "save_seconds", "unsaved_age", "chat_call", "resident_bytes"};
}

json::array row(const Sample& sample) {
  return {sample.unix_time.count(),
          sample.clicks,
          sample.users,
          sample.stored_bytes,
          in_seconds_or_null(sample.longest_save),
          vault::in_seconds(sample.unsaved_age),
          in_seconds_or_null(sample.mean_chat_call),
          if_known(sample.resident_bytes)};
}

json::object now(const StatusReport& report) {
  const StoreFacts& facts = *report.facts;
  const vault::VaultStats& vault = facts.vault;
  json::object now{{"running", vault::in_seconds(report.running)},
                   {"users", facts.users},
                   {"clicks", facts.clicks},
                   {"resident_bytes", if_known(facts.resident_bytes)},
                   {"table_bytes", facts.table_bytes},
                   {"base_bytes", vault.base_bytes},
                   {"delta_bytes", vault.delta_bytes},
                   {"sequence", vault.sequence},
                   {"epoch", vault::to_int(vault.epoch)},
                   {"unsaved_records", vault.unsaved_records},
                   {"unsaved_age", vault::in_seconds(unsaved_age(vault, report.now))},
                   {"saved_age", age(report.unix_now, vault.committed_at)},
                   {"verified_age", age(report.unix_now, vault.verified_at)},
                   {"restore_points", vault.restore_points},
                   {"lost_updates", vault.lost_updates},
                   {"penalties", facts.channel.penalties},
                   {"failed_calls", facts.channel.failed},
                   {"replies_delayed", facts.replies.rate_limited},
                   {"replies_dropped", facts.replies.dropped},
                   {"save_seconds", nullptr},
                   {"save_bytes", nullptr}};
  if (facts.last_save) {
    now["save_seconds"] = vault::in_seconds(facts.last_save->duration);
    now["save_bytes"] = facts.last_save->root_bytes + facts.last_save->object_bytes;
  }
  return now;
}

}  // namespace

std::string status_json(const StatusReport& report) {
  json::object answer{{"health", report.health},  {"time", report.unix_now.count()},
                      {"now", nullptr},           {"columns", columns()},
                      {"samples", json::array()}, {"so_far", nullptr}};
  if (report.facts != nullptr && report.sampler != nullptr) {
    answer["now"] = now(report);
    answer["so_far"] = row(report.sampler->so_far());
    json::array& samples = answer["samples"].as_array();
    for (const Sample& sample : report.sampler->samples()) {
      if (sample.unix_time > report.after) samples.push_back(row(sample));
    }
  }
  return json::serialize(answer);
}

}  // namespace telekv::bot
