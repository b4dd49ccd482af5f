#include "emulator/crowd.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace telekv::emulator {
namespace {

constexpr int kDraws = 64;  // until somebody is found who does not wait
constexpr const char* kNewcomerName = "Новичок";

}  // namespace

Crowd::Crowd(World& world, BotId bot, CrowdPlan plan, Instant now)
    : world_(world),
      bot_(bot),
      plan_(std::move(plan)),
      start_(now),
      end_(now + plan_.time),
      random_(plan_.seed),
      by_activity_(std::min(plan_.people, world.people_in_order().size())),
      last_answer_(now) {
  std::iota(by_activity_.begin(), by_activity_.end(), 0u);
  std::shuffle(by_activity_.begin(), by_activity_.end(), random_);
}

void Crowd::note_answer(ChatId chat, Instant now) {
  const auto waited = since_.find(chat);
  if (waited == since_.end()) return;
  latency_.record(static_cast<std::uint64_t>((now - waited->second).count()));
  if (latency_.count() > 1) longest_gap_ = std::max(longest_gap_, now - last_answer_);
  last_answer_ = now;
  since_.erase(waited);
}

void Crowd::write(Instant now, TimeMs world_now) {
  lose_patience(now);
  if (is_open_loop()) {
    write_due(now, world_now);
    return;
  }
  // Where one cannot write, the rest of the places is tried again when the next answer comes.
  while (now < end_ && since_.size() < plan_.waiting && write_one(now, world_now)) {
  }
}

// Of an open loop, messages that are due; of a closed one, none.
std::uint64_t Crowd::due_by(Instant now) const {
  const std::chrono::duration<double> passed = std::clamp(now, start_, end_) - start_;
  return static_cast<std::uint64_t>(passed.count() * plan_.per_second);
}

void Crowd::write_due(Instant now, TimeMs world_now) {
  const std::uint64_t too_late = std::max(due_, due_by(now - kPatience));
  skipped_ += too_late - std::exchange(due_, too_late);
  for (const std::uint64_t end = std::min(due_by(now), due_ + kMostAtOnce); due_ < end; ++due_) {
    const std::chrono::duration<double> turn(static_cast<double>(due_ + 1) / plan_.per_second);
    write_one(start_ + std::chrono::duration_cast<std::chrono::nanoseconds>(turn), world_now);
  }
}

// False: it was skipped.
bool Crowd::write_one(Instant due, TimeMs world_now) {
  Bot& bot = world_.ensure_bot(bot_);
  const Saying* saying = draw_saying();
  const PersonId person = saying == nullptr ? newcomer() : draw_person();
  if (person != 0) {
    const std::string_view text = saying == nullptr ? "/start" : std::string_view(saying->text);
    const auto sent = world_.person_sends(bot, person, text, world_now);
    if (sent.has_value() && sent->update_id != 0) {
      ++written_;
      since_.emplace(person, due);
      in_turn_.push_back({person, due});
      return true;
    }
  }
  ++skipped_;
  return false;
}

// Null: a newcomer's.
const Saying* Crowd::draw_saying() {
  double left = draw() - plan_.newcomers;
  if (left < 0 || plan_.says.empty()) return nullptr;
  for (const Saying& saying : plan_.says) {
    left -= saying.share;
    if (left < 0) return &saying;
  }
  return &plan_.says.back();
}

// Zipf's law with exponent 1: the share of the k-th busiest is log(1 + 1/k) / log(1 + people).
PersonId Crowd::draw_person() {
  const auto people = static_cast<double>(by_activity_.size());
  for (int i = 0; i < kDraws; ++i) {
    const auto place = static_cast<std::size_t>(std::pow(people + 1, draw())) - 1;
    const auto position = by_activity_[std::min(place, by_activity_.size() - 1)];
    const PersonId person = world_.people_in_order()[position];
    if (!since_.contains(person)) return person;
  }
  return 0;
}

PersonId Crowd::newcomer() {
  Person someone;
  someone.first_name = kNewcomerName;
  const auto person = world_.put_person(std::move(someone));
  return person.has_error() ? 0 : (*person)->id;
}

void Crowd::lose_patience(Instant now) {
  while (!in_turn_.empty()) {
    const Wait& first = in_turn_.front();
    const auto waits = since_.find(first.person);
    if (waits != since_.end() && waits->second == first.since) {
      if (now - first.since < kPatience) return;
      since_.erase(waits);
      ++unanswered_;
    }
    in_turn_.pop_front();
  }
}

CrowdReport Crowd::report() const {
  return {.written = written_,
          .answers = latency_.count(),
          .unanswered = unanswered_,
          .skipped = skipped_,
          .waiting = since_.size(),
          .elapsed = last_answer_ - start_,
          .longest_gap = longest_gap_,
          .latency = &latency_};
}

}  // namespace telekv::emulator
