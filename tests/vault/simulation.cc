#include "simulation.h"

#include <algorithm>
#include <map>
#include <utility>

#include "simulation_afterlife.h"
#include "simulation_process.h"
#include "simulation_webhook.h"
#include "vault/roots.h"

namespace telekv::vault {

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Kind = Happening::Kind;

constexpr std::size_t kMostTogether = 3;

class History {
 public:
  History(const Plan& plan, Tally& tally, Tracing tracing)
      : plan_(&plan),
        troubles_(plan.seed, plan.troubles, tally),
        world_(plan.settings,
               Remains{.chat = SimChat(plan.seed),
                       .updates = SimUpdates(plan.first_update_id, plan.updates)},
               {}, troubles_, tally) {
    world_.traces = tracing == Tracing::kOn;
    world_.remains.chat.drops_replaced = plan.drops_replaced;
    for (const SimUpdates::Update& update : plan.updates) {
      if (update.id_step != 1) note_new_ids();
    }
  }

  std::optional<std::string> run() {
    ++world_.tally->histories;
    for (const Happening& happening : plan_->happenings) {
      world_.timeline.call_at(Clock::Time(happening.at), [this, happening] { happen(happening); });
    }
    std::optional<SimWebhook> webhook;
    if (plan_->settings.delivery == Delivery::kWebhook) webhook.emplace(world_);
    world_.run(Clock::Time(plan_->end), [this] { return after_each(); });
    if (!world_.violation) check(LateEffects::kMeanwhile);
    const bool late = world_.remains.chat.late() > 0;
    if (!world_.violation && late) check(LateEffects::kBefore);
    if (!world_.violation && !world_.remains.damaged) check_epochs();
    return world_.violation;
  }

 private:
  void note_new_ids() {
    world_.tally->note(Trouble::kNewIds);
    world_.remains.exact_losses = false;
  }

  // The host starts a new process when none is left.
  bool after_each() {
    Tally& tally = *world_.tally;
    tally.most_messages =
        std::max<std::uint64_t>(tally.most_messages, world_.remains.chat.messages().size());
    const std::size_t starts = world_.processes.size();
    const bool may_start = starts > 0 && starts < static_cast<std::size_t>(plan_->most_starts);
    if (may_start && !restart_planned_ && world_.alive().empty()) {
      restart_planned_ = true;
      const auto pause =
          milliseconds(500 + random().below(random().below(5) == 0 ? 200'000 : 5000));
      world_.timeline.call_at(world_.timeline.now() + pause, [this] {
        restart_planned_ = false;
        if (world_.alive().empty()) start();
      });
    }
    return true;
  }

  void start() {
    const bool too_many = world_.alive().size() >= kMostTogether ||
                          world_.processes.size() >= static_cast<std::size_t>(plan_->most_starts);
    if (too_many) return;
    if (!world_.alive().empty()) world_.tally->note(Trouble::kOverlap);
    world_.start_process();
  }

  SeededRandom& random() { return troubles_.random(); }

  SimProcess* victim(const Happening& happening) {
    const std::vector<SimProcess*> alive = world_.alive();
    return alive.empty() ? nullptr : alive[happening.pick % alive.size()];
  }

  void happen(const Happening& happening) {
    switch (happening.kind) {
      case Kind::kStart:
        return start();
      case Kind::kCheck:
        return check(LateEffects::kMeanwhile);
      case Kind::kForeignPin:
      case Kind::kForeignUnpin:
      case Kind::kDeleteMessage:
      case Kind::kLoseFile:
      case Kind::kStoredFlip:
      case Kind::kSwap:
        return happen_in_chat(happening);
      case Kind::kStop:
      case Kind::kKill:
      case Kind::kFreeze:
      case Kind::kClockJump:
      case Kind::kSnapshot:
      case Kind::kRestore:
        if (SimProcess* process = victim(happening)) happen_to(*process, happening);
    }
  }

  void happen_to(SimProcess& process, const Happening& happening) {
    const auto note = [&](Trouble trouble) {
      world_.tally->note(trouble);
      world_.trace(process.number(), std::string(to_string(trouble)));
    };
    switch (happening.kind) {
      case Kind::kStop:
        note(Trouble::kStop);
        return process.stop();
      case Kind::kKill:
        note(Trouble::kKill);
        return process.kill();
      case Kind::kFreeze: {
        note(Trouble::kFreeze);
        const std::uint64_t most = happening.pick % 5 == 0 ? 20'000 : 300;
        const auto until = world_.timeline.now() + seconds(happening.pick / 5 % most);
        return world_.timeline.freeze(process.number(), until);
      }
      case Kind::kClockJump:
        note(Trouble::kClockJump);
        return process.clock().set_wrong_by(
            seconds(static_cast<std::int64_t>(happening.pick % 400'000) - 200'000));
      case Kind::kSnapshot:
        return process.snapshot();
      case Kind::kRestore:
        return process.restore(happening.pick);
      default:
        return;
    }
  }

  void happen_in_chat(const Happening& happening) {
    SimChat& chat = world_.remains.chat;
    switch (happening.kind) {
      case Kind::kForeignPin:
        world_.tally->note(Trouble::kForeignPin);
        world_.trace(Timeline::kNobody, "the operator pins a message");
        return chat.pin(chat.send_text());
      case Kind::kForeignUnpin:
        if (!chat.shown_pin()) return;
        world_.tally->note(Trouble::kForeignUnpin);
        world_.trace(Timeline::kNobody, "the operator unpins what is shown");
        return chat.unpin(*chat.shown_pin());
      default:
        return damage(happening);
    }
  }

  void damage(const Happening& happening) {
    SimChat& chat = world_.remains.chat;
    const bool swaps = happening.kind == Kind::kSwap;
    std::vector<MessageId> documents;
    for (const auto& [id, message] : chat.messages()) {
      const bool there = !message.file_id.empty() && chat.file(message.file_id);
      if (there && !(swaps && is_root(message))) documents.push_back(id);
    }
    if (documents.size() < (swaps ? 2 : 1)) return;
    const MessageId id = documents[happening.pick % documents.size()];
    const MessageId other = documents[(happening.pick + 1) % documents.size()];
    const SimChat::Message& message = *chat.find(id);
    world_.remains.damaged = true;
    world_.remains.harmed.insert(id);
    if (is_root(message)) world_.remains.root_harmed = true;
    if (happening.kind == Kind::kLoseFile) world_.remains.file_lost = true;
    // The newest state's objects are broken, and a stale answer shows an edition before.
    const bool stale = world_.troubles->plan().allows(Trouble::kStaleRead);
    if (is_root(message) || stale) world_.remains.newest_damaged = true;
    world_.trace(Timeline::kNobody, "message " + std::to_string(to_int(id) & 0xffff) + " (" +
                                        message.name + ") is harmed");
    Bytes bytes = chat.document(swaps ? other : id);
    if (happening.kind == Kind::kDeleteMessage) {
      world_.tally->note(Trouble::kMessageDeleted);
      chat.remove(id);
    } else if (happening.kind == Kind::kLoseFile) {
      world_.tally->note(Trouble::kFileLost);
      chat.lose_file(id);
    } else if (swaps) {
      world_.tally->note(Trouble::kStoredSwap);
      chat.overwrite(id, std::move(bytes));
    } else {
      world_.tally->note(Trouble::kStoredFlip);
      const std::size_t place = happening.pick / 64 % bytes.size();
      bytes[place] = static_cast<char>(bytes[place] ^ (1 << happening.pick % 8));
      chat.overwrite(id, std::move(bytes));
    }
  }

  // An epoch is one writer's: or objects of two could stand in for each other.
  void check_epochs() {
    std::map<std::int64_t, int> writers;
    for (const SimChat::File& file : world_.remains.chat.files()) {
      if (!file.bytes || file.process == 0) continue;
      const Result<ObjectIdentity> identity = Sealer::peek(*file.bytes);
      if (!identity || identity->epoch == 0) continue;
      const int writer = writers.emplace(identity->epoch, file.process).first->second;
      if (writer != file.process) world_.fail("two processes have written in one epoch");
    }
  }

  void check(LateEffects late) {
    ++world_.tally->checks;
    if (const auto broken = everybody_dies(world_, late)) world_.fail(*broken);
  }

  const Plan* plan_;
  Troubles troubles_;
  SimWorld world_;
  bool restart_planned_ = false;
};

bool fails(std::uint64_t seed, const Without& without) {
  Tally unused;
  return run_history(draw_plan(seed, without), unused, Tracing::kOff).has_value();
}

}  // namespace

std::optional<std::string> run_history(const Plan& plan, Tally& tally, Tracing tracing) {
  return History(plan, tally, tracing).run();
}

Without shrink(std::uint64_t seed) {
  Without without;
  for (std::size_t i = 0; i < kTroubles; ++i) {
    without.troubles[i] = true;
    if (!fails(seed, without)) without.troubles[i] = false;
  }
  for (std::size_t Without::*count : {&Without::happenings, &Without::updates}) {
    for (std::size_t step = 16; step > 0; step /= 2) {
      Without shorter = without;
      shorter.*count += step;
      while (fails(seed, shorter)) {
        without = shorter;
        shorter.*count += step;
        if (shorter.*count > kMaxUpdates) break;
      }
    }
  }
  return without;
}

}  // namespace telekv::vault
