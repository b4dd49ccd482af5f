#include "bot/sampler.h"

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <utility>

namespace telekv::bot {

namespace asio = boost::asio;
using namespace asio::experimental::awaitable_operators;

Sampler::Sampler(std::function<StoreFacts()> facts, vault::Clock& clock)
    : facts_(std::move(facts)), clock_(&clock) {
  begin(facts_());
}

asio::awaitable<void> Sampler::run(vault::Event& stopping) {
  while (!stopping.is_set()) {
    look();
    co_await (clock_->sleep_for(kLook) || stopping.wait());
  }
}

void Sampler::note_saved(const vault::CommitReport& report) {
  if (report.root_bytes == 0) return;
  longest_save_ = std::max(longest_save_.value_or(report.duration), report.duration);
}

Sample Sampler::so_far() const { return sample(facts_()); }

void Sampler::look() {
  const StoreFacts facts = facts_();
  unsaved_age_ = std::max(unsaved_age_, unsaved_age(facts.vault, clock_->now()));
  if (clock_->now() < ends_) return;
  if (samples_.size() == kKept) samples_.pop_front();
  samples_.push_back(sample(facts));
  begin(facts);
}

Sample Sampler::sample(const StoreFacts& facts) const {
  Sample sample{.unix_time = clock_->unix_time(),
                .clicks = facts.clicks - clicks_before_,
                .users = facts.users,
                .stored_bytes = facts.vault.base_bytes + facts.vault.delta_bytes,
                .resident_bytes = facts.resident_bytes,
                .unsaved_age = std::max(unsaved_age_, unsaved_age(facts.vault, clock_->now())),
                .longest_save = longest_save_};
  if (const std::uint64_t calls = facts.channel.calls - channel_before_.calls) {
    sample.mean_chat_call = (facts.channel.in_calls - channel_before_.in_calls) / calls;
  }
  return sample;
}

void Sampler::begin(const StoreFacts& facts) {
  ends_ = clock_->now() + kEvery;
  clicks_before_ = facts.clicks;
  channel_before_ = facts.channel;
  unsaved_age_ = {};
  longest_save_.reset();
}

}  // namespace telekv::bot
