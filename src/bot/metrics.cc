#include "bot/metrics.h"

#include <prometheus/text_serializer.h>

#include <utility>
#include <vector>

namespace telekv::bot {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

class Families {
 public:
  void gauge(const char* name, const char* help, double value) {
    add(name, help, MetricType::Gauge).gauge.value = value;
  }
  void counter(const char* name, const char* help, double value) {
    add(name, help, MetricType::Counter).counter.value = value;
  }
  std::string text() const { return prometheus::TextSerializer().Serialize(families_); }

 private:
  prometheus::ClientMetric& add(const char* name, const char* help, MetricType type) {
    families_.push_back({.name = name, .help = help, .type = type, .metric = {}});
    return families_.back().metric.emplace_back();
  }

  std::vector<MetricFamily> families_;
};

double number(std::uint64_t value) { return static_cast<double>(value); }

void add_state(Families& families, const StoreFacts& facts) {
  const vault::VaultStats& vault = facts.vault;
  families.gauge("telekv_users", "Users in the table.", number(facts.users));
  families.counter("telekv_clicks_total", "Clicks since the program began.", number(facts.clicks));
  families.gauge("telekv_table_bytes", "Memory of the table.", number(facts.table_bytes));
  if (facts.resident_bytes > 0) {
    families.gauge("process_resident_memory_bytes", "Memory of the process.",
                   number(facts.resident_bytes));
  }
  families.gauge("telekv_epoch", "Message id of this process's root.",
                 static_cast<double>(vault::to_int(vault.epoch)));
  families.gauge("telekv_sequence", "Position in the history of saved states.",
                 number(vault.sequence));
  families.gauge("telekv_unsaved_records", "Changes that would be lost now.",
                 number(vault.unsaved_records));
  families.gauge("telekv_base_bytes", "The full snapshot in the chat.", number(vault.base_bytes));
  families.gauge("telekv_delta_bytes", "What has changed since that snapshot.",
                 number(vault.delta_bytes));
  families.gauge("telekv_ring_messages", "Messages that are reused for data.", number(vault.slots));
  families.gauge("telekv_restore_points", "Restore points that are kept.",
                 number(vault.restore_points));
  families.counter("telekv_lost_updates_total",
                   "Updates confirmed but in no saved state, since the store began.",
                   number(vault.lost_updates));
}

void add_ages(Families& families, const vault::VaultStats& vault, vault::Clock::Time now,
              std::chrono::seconds unix_now) {
  families.gauge("telekv_unsaved_age_seconds", "Age of the oldest update that is not saved.",
                 vault::in_seconds(unsaved_age(vault, now)));
  if (vault.committed_at > 0) {
    families.gauge("telekv_saved_age_seconds", "Time since the last save.",
                   static_cast<double>(unix_now.count() - vault.committed_at));
  }
  if (vault.verified_at > 0) {
    families.gauge("telekv_verified_age_seconds",
                   "Time since a restore was last proven, by a start or a drill.",
                   static_cast<double>(unix_now.count() - vault.verified_at));
  }
}

void add_last_save(Families& families, const vault::CommitReport& saved) {
  families.gauge("telekv_last_save_seconds", "How long the last save took.",
                 vault::in_seconds(saved.duration));
  families.gauge("telekv_last_save_bytes", "What the last save uploaded.",
                 number(saved.root_bytes + saved.object_bytes));
}

void add_traffic(Families& families, const StoreFacts& facts) {
  const vault::ChannelCounters& channel = facts.channel;
  families.counter("telekv_chat_calls_total", "Calls to the vault's chat.", number(channel.calls));
  families.counter("telekv_chat_failed_calls_total", "Of these, without success.",
                   number(channel.failed));
  families.counter("telekv_chat_call_seconds_total", "How long these calls took.",
                   vault::in_seconds(channel.in_calls));
  families.counter("telekv_chat_uploaded_bytes_total", "Documents uploaded to the chat.",
                   number(channel.uploaded_bytes));
  families.counter("telekv_chat_downloaded_bytes_total", "Documents downloaded from the chat.",
                   number(channel.downloaded_bytes));
  families.counter("telekv_chat_penalties_total", "Calls refused by flood control.",
                   number(channel.penalties));
  families.counter("telekv_chat_penalty_seconds_total",
                   "Time in which Telegram asked not to be called.",
                   vault::in_seconds(channel.in_penalties));
  families.counter("telekv_replies_sent_total", "Replies delivered.", number(facts.replies.sent));
  families.counter("telekv_replies_coalesced_total", "Replies whose place a newer one took.",
                   number(facts.replies.coalesced));
  families.counter("telekv_replies_dropped_total", "Replies given up.",
                   number(facts.replies.dropped));
  families.counter("telekv_replies_delayed_total", "Replies held back by flood control.",
                   number(facts.replies.rate_limited));
  families.counter("telekv_unreadable_updates_total", "Updates that could not be read.",
                   number(facts.unreadable_updates));
}

}  // namespace

vault::Clock::Duration unsaved_age(const vault::VaultStats& vault, vault::Clock::Time now) {
  return vault.unsaved_since ? now - *vault.unsaved_since : vault::Clock::Duration::zero();
}

std::string metrics_text(const std::optional<StoreFacts>& facts, vault::Clock::Time now,
                         std::chrono::seconds unix_now) {
  Families families;
  families.gauge("telekv_ready", "1 once the store is loaded and updates are taken.",
                 facts ? 1 : 0);
  if (facts) {
    add_state(families, *facts);
    add_ages(families, facts->vault, now, unix_now);
    if (facts->last_save) add_last_save(families, *facts->last_save);
    add_traffic(families, *facts);
  }
  return families.text();
}

}  // namespace telekv::bot
