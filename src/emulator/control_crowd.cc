// /emulator/crowd: simulated people who write to a bot, and how long its answers take.
#include <algorithm>
#include <cmath>
#include <utility>

#include "emulator/control_arguments.h"
#include "emulator/message_text.h"

namespace telekv::emulator {
namespace {

constexpr std::int64_t kMaxTime_s = 86'400;
constexpr std::int64_t kMaxWaiting = 100'000;
constexpr double kMaxPerSecond = 1e6;
constexpr std::size_t kMaxSayings = 100;
constexpr double kAll = 1.0;
constexpr double kRounding = 1e-6;

bool is_share(double value) { return value >= 0 && value <= kAll; }

Answer<std::vector<Saying>> read_sayings(const ControlBody& body) {
  const auto list = required_array(body, "says", kMaxSayings);
  if (list.has_error()) return list.error();
  std::vector<Saying> says;
  for (const simdjson::dom::element each : *list) {
    ControlBody fields;
    if (each.get(fields) != simdjson::SUCCESS) return wrong("\"says\" must be objects");
    const auto given = required_string(fields, "text");
    if (given.has_error()) return given.error();
    auto text = clean_message_text(*given);
    if (text.has_error()) return wrong("\"text\" of \"says\": " + text.error().description);
    const auto share = optional_number(fields, "share", kAll);
    if (share.has_error()) return share.error();
    if (!is_share(*share)) return wrong("\"share\" must be 0..1");
    says.push_back({std::move(*text), *share});
  }
  return says;
}

Answer<void> check_shares(const CrowdPlan& plan) {
  if (!is_share(plan.newcomers)) return wrong("\"newcomers\" must be 0..1");
  double sum = plan.newcomers;
  for (const Saying& saying : plan.says) sum += saying.share;
  if (std::abs(sum - kAll) > kRounding) {
    return wrong("the shares of \"says\" and \"newcomers\" must be 1 together");
  }
  return {};
}

Answer<CrowdPlan> read_plan(const ControlBody& body) {
  CrowdPlan plan;
  auto says = read_sayings(body);
  if (says.has_error()) return says.error();
  plan.says = std::move(*says);
  const auto newcomers = optional_number(body, "newcomers", 0);
  const auto per_second = optional_number(body, "per_second", 0);
  for (const auto* number : {&newcomers, &per_second}) {
    if (number->has_error()) return number->error();
  }
  plan.newcomers = *newcomers;
  plan.per_second = *per_second;
  const auto people = required_integer(body, "people");
  const auto waiting = optional_integer(body, "waiting", 0);
  const auto time_s = required_integer(body, "time_s");
  const auto seed = optional_integer(body, "seed", 1);
  for (const auto* number : {&people, &waiting, &time_s, &seed}) {
    if (number->has_error()) return number->error();
  }
  if (*people < 1) return wrong("\"people\" must be 1 or more");
  if (*time_s < 1 || *time_s > kMaxTime_s) return wrong("\"time_s\" must be 1..86400");
  if (*waiting < 0 || *waiting > kMaxWaiting) return wrong("\"waiting\" must be 0..100000");
  if (!(plan.per_second >= 0 && plan.per_second <= kMaxPerSecond)) {
    return wrong("\"per_second\" must be 0..1000000");
  }
  if ((*waiting > 0) == (plan.per_second > 0)) {
    return wrong("give \"waiting\" (a closed loop) or \"per_second\" (an open loop)");
  }
  plan.people = static_cast<std::size_t>(*people);
  plan.waiting = static_cast<std::uint32_t>(*waiting);
  plan.time = std::chrono::seconds(*time_s);
  plan.seed = static_cast<std::uint64_t>(*seed);
  if (const auto checked = check_shares(plan); checked.has_error()) return checked.error();
  return plan;
}

}  // namespace

Answer<std::string> post_crowd(ControlCall& call, const ControlBody& body) {
  auto plan = read_plan(body);
  if (plan.has_error()) return plan.error();
  const std::size_t writers = std::min(plan->people, call.world.people_count());
  if (writers == 0) return wrong("nobody is there; create people first");
  if (plan->newcomers == 0 && plan->waiting > writers) {
    return wrong("\"waiting\" must be no more than \"people\", of whom " + std::to_string(writers) +
                 " are there");
  }
  const auto bot = required_bot(call, body);
  if (bot.has_error()) return bot.error();
  call.crowd.start((*bot)->id, std::move(*plan));
  return std::string("{}");
}

Answer<std::string> get_crowd(ControlCall& call) {
  const auto report = call.crowd.report();
  if (!report) return ApiError{404, "there is no crowd; POST one"};
  const auto us = [](std::uint64_t ns) { return ns / 1000; };
  std::string out;
  JsonWriter writer(out);
  writer.begin_object();
  writer.field("running", call.crowd.is_running());
  writer.field("written", report->written);
  writer.field("answers", report->answers);
  writer.field("unanswered", report->unanswered);
  writer.field("skipped", report->skipped);
  writer.field("waiting", report->waiting);
  writer.field("elapsed_us", report->elapsed.count() / 1000);
  writer.field("longest_gap_us", report->longest_gap.count() / 1000);
  writer.key("latency_us");
  writer.begin_object();
  writer.field("p50", us(report->latency->at(0.5)));
  writer.field("p99", us(report->latency->at(0.99)));
  writer.field("p99_9", us(report->latency->at(0.999)));
  writer.field("max", us(report->latency->max()));
  writer.end_object();
  writer.end_object();
  return out;
}

Answer<std::string> delete_crowd(ControlCall& call) {
  call.crowd.stop();
  return std::string("{}");
}

}  // namespace telekv::emulator
