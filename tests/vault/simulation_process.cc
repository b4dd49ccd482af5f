#include "simulation_process.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <utility>

#include "objects_named.h"

namespace telekv::vault {

namespace asio = boost::asio;

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kOpenDeadline{300};
constexpr seconds kCommandDeadline{60};
constexpr seconds kLongPoll{50};
// Bot API: the same offset again within this time yields one update at most.
constexpr milliseconds kHasty{500};

bool is_expected_end(const Error& error) {
  return error.code != ErrorCode::kRejected && error.code != ErrorCode::kInvalidArgument;
}

Error poll_error(SeededRandom& random) {
  constexpr std::uint32_t kPenalty = 3;
  if (random.below(3) == 0) return Error{ErrorCode::kRateLimited, "slow down", {}, kPenalty};
  return Error{ErrorCode::kUnavailable, "no updates for now"};
}

}  // namespace

const Key& key_of_bot() {
  static const Key key =
      Key::parse("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f").value();
  return key;
}

kv::TableOptions table_options_of_bot() {
  return {.hash_seed = 7, .digest_key = key_of_bot().digest_key()};
}

// ---- the table ----

WatchedTable::WatchedTable() : table(table_options_of_bot()) {}

std::unique_ptr<const kv::Encodable> WatchedTable::take_changes() {
  on_take();
  return table.take_changes();
}

Result<void> WatchedTable::erase(std::int64_t key) {
  on_erase(key);
  return table.erase(key);
}

void WatchedTable::clear() {
  on_clear();
  table.clear();
}

// ---- life ----

SimProcess::SimProcess(SimWorld& world, int number)
    : world_(&world),
      number_(number),
      clock_(world.timeline, number),
      channel_(world.remains.chat, number, travel()),
      steps_(world.remains.chat),
      random_(world.troubles->random().next_u64()),
      vault_(channel_, clock_, random_, table_, Sealer::with_key(key_of_bot()),
             context_.get_executor(), options()),
      stopping_(context_.get_executor()),
      saver_(vault_, clock_, random_, context_.get_executor(), stopping_,
             {.durability = world.settings.durability},
             {.saved = [this](const CommitReport& report) { saved(report); }}),
      loop_(vault_, saver_, *this, *this, clock_, random_, stopping_,
            {.durability = world.settings.durability}),
      gate_(vault_, saver_, clock_, stopping_, {.durability = world.settings.durability}) {
  channel_.on_call = [this](const Call& call) { return at_effect(call); };
  table_.on_take = [this] { taken_ = now_; };
  table_.on_clear = [this] { cleared(); };
  table_.on_erase = [this](kv::Key key) { erased(key); };
  asio::co_spawn(context_, live(), asio::detached);
}

SimProcess::~SimProcess() { bury(); }

VaultOptions SimProcess::options() {
  const BotSettings& settings = world_->settings;
  return {
      .delivery = settings.delivery,
      .ladder = settings.ladder,
      .delta_bound_records = settings.delta_bound_records,
      .restore_points = settings.restore_points,
      .point_spacing = settings.point_spacing,
      .root_age = settings.root_age,
      .make_scratch = [] { return std::make_unique<kv::Table<Player>>(table_options_of_bot()); },
      .on_note = [this](const Note& note) { noted(note); }};
}

void SimProcess::noted(const Note& note) {
  world_->trace(number_, note.text);
  if (note.text.find("is restored instead") != std::string::npos) tells_fallback_ = true;
  if (note.text.find("its state is taken") != std::string::npos) absorbs_ = true;
}

Travel SimProcess::travel() {
  return {.clock = &clock_,
          .request = [this](const Call& call) { return at_start(call); },
          .answer = [this](const Call& /*call*/,
                           const Fault& fault) { return world_->troubles->answer_time(fault); }};
}

void SimProcess::bury() {
  world_->timeline.forget(number_);
  context_.stop_for_good();
}

asio::awaitable<void> SimProcess::live() {
  ++world_->tally->starts;
  const Result<OpenReport> opened = co_await vault_.open(clock_.now() + kOpenDeadline);
  Result<void> served = opened ? Result<void>{} : Result<void>(opened.error());
  if (opened) {
    ++world_->tally->opened;
    world_->trace(number_, "opened, sequence " + std::to_string(opened->sequence));
    if (!knows_state_) learn_state();
    promise_taken(opened->sequence);
    serves_ = true;
    served = co_await serve();
    serves_ = false;
  } else {
    ++world_->tally->refused;
  }
  ended_ = true;
  judge_end(served);
}

void SimProcess::judge_end(const Result<void>& served) {
  if (served) {
    const UpdateSet unsaved = now_.dealt & ~now_.given_up & ~world_->remains.durable;
    for (int i = 0; i < world_->remains.updates.size() && !absorbed_; ++i) {
      if (!unsaved.test(static_cast<std::size_t>(i))) continue;
      if (!world_->remains.updates.confirmed(i)) continue;
      world_->fail("update " + std::to_string(i) + " was not saved before the end");
    }
    return;
  }
  const Error& failure = served.error();
  world_->last_failure = failure;
  world_->trace(number_, "ends: " + describe(failure));
  if (!is_expected_end(failure)) world_->fail("a process ended with " + describe(failure));
  if (failure.code != ErrorCode::kSuperseded) return;
  ++world_->tally->superseded;
  // Under a root that was deleted there may be the one of a predecessor that was superseded in the
  // middle of a save.
  const bool by_nobody = !met_another_ && !world_->remains.root_harmed;
  if (by_nobody) world_->fail("a process was superseded by nobody");
}

// Without trouble `interval` loses what came in the interval, and while the next save took its
// time.
void SimProcess::kill() {
  constexpr seconds kCalmSave{10};
  doomed_ = true;
  const std::optional<Clock::Time> since = vault_.stats().unsaved_since;
  if (world_->settings.durability != Durability::kInterval || !since) return;
  if (!serves_ || !world_->troubles->plan().is_calm()) return;
  if (clock_.now() - *since > SaverOptions{}.interval + kCalmSave) {
    world_->fail("more than the interval is lost");
  }
}

asio::awaitable<Result<void>> SimProcess::serve() {
  Event saver_ended(context_.get_executor());
  Result<void> saver_outcome;
  const auto note_end = [&](const std::exception_ptr& /*none*/, Result<void> outcome) {
    saver_outcome = std::move(outcome);
    judge_stop();
    saver_ended.set();
  };
  asio::co_spawn(context_, saver_.run(), note_end);
  const bool polls = world_->settings.delivery == Delivery::kPolling;
  auto serving = polls ? loop_.run() : gate_.run();
  Result<void> served = co_await std::move(serving);
  stopping_.set();
  co_await saver_ended.wait();
  co_return saver_outcome ? served : saver_outcome;
}

// A base, a penalty or a command under way may not make a stop longer; the program ends with the
// saver.
void SimProcess::judge_stop() {
  constexpr seconds kLastCall{1};
  if (!stopped_at_ || world_->troubles->plan().allows(Trouble::kFreeze)) return;
  if (clock_.now() - *stopped_at_ > SaverOptions::kStopDeadline + kLastCall) {
    world_->fail("a stop took longer than its deadline");
  }
}

void SimProcess::saved(const CommitReport& report) {
  ++world_->tally->commits;
  world_->trace(number_, "saved, sequence " + std::to_string(report.sequence));
  if (report.sequence < saved_sequence_) world_->fail("the sequence has gone back");
  saved_sequence_ = report.sequence;
  promise_taken(report.sequence);
}

// The state last taken is in an active root, and a CHECK has passed since.
void SimProcess::promise_taken(std::uint64_t sequence) {
  Remains& remains = world_->remains;
  remains.written.add(WrittenStates::name_of(vault_.manifest()), taken_);
  const bool may_lose = remains.newest_damaged || taken_.fell_back;
  if ((taken_.given_up & remains.durable).any() && !may_lose) {
    world_->fail("an update was given up as lost that somebody has saved");
  }
  remains.durable |= taken_.dealt & ~taken_.given_up;
  // A restore on a state that the queue has not shown to be the newest may be undone by a gap, and
  // one behind a stale pin by the take-over that the pin did not show.
  if (vault_.witnessed() && !stale_check_) remains.restored |= taken_.restores;
  remains.durable_sequence = std::max(remains.durable_sequence, sequence);
  absorbed_ = false;
}

// ---- what its states hold ----

void SimProcess::cleared() {
  // What a restore commits before it restores may have to take over another writer's state.
  if (!restoring_ || absorbs_) {
    knows_state_ = false;
    return;
  }
  note_point_left();
  restoring_->forget_as_in(now_, world_->remains.updates);
  // What changes nothing cannot be undone.
  if (now_.users != restoring_->users) now_.restores |= restoring_->restores;
  now_.users = restoring_->users;
  restoring_.reset();
}

// The point of the state that a restore leaves also has what came while it was being saved.
void SimProcess::note_point_left() {
  const auto& points = vault_.history().points();
  if (points.empty()) return;
  const WrittenStates::Name name = WrittenStates::name_of(points.rbegin()->state());
  if (world_->remains.written.find(name) == nullptr) world_->remains.written.add(name, now_);
}

// Whom the commits have forgotten that a fallback has lost is known to the vault alone.
void SimProcess::erased(kv::Key key) {
  if (!now_.fell_back) return;
  for (int user = 0; user < kMaxUsers; ++user) {
    if (key_of_user(user) == key) now_.users[static_cast<std::size_t>(user)] = {};
  }
}

void SimProcess::learn_state() {
  const format::State& state = vault_.manifest().state();
  knows_state_ = true;
  absorbs_ = false;
  absorbed_ = serves_;
  if (absorbed_) ++world_->tally->absorbed;
  const TrueState* known = world_->remains.written.find(WrittenStates::name_of(vault_.manifest()));
  if (known == nullptr && absorbed_) {
    known = world_->remains.written.find_renumbered(WrittenStates::name_of(vault_.manifest()));
  }
  const std::optional<TrueState::Users> users = users_of(table_.table);
  const bool looks_damaged =
      world_->remains.damaged || (tells_fallback_ && most_bad_downloads_ >= kDownloads);
  const bool fell_back = known == nullptr && users && looks_damaged;
  if (fell_back) {
    world_->remains.damaged = true;
    world_->remains.newest_damaged = true;
    known = world_->remains.written.find_fallback(state.applied().SerializeAsString(), *users);
    ++world_->tally->fallbacks;
  }
  if (known == nullptr) {
    world_->fail("a state was loaded that nobody has written: sequence " +
                 std::to_string(state.sequence()));
    return;
  }
  now_ = *known;
  if (fell_back) {
    now_.users = *users;
    now_.fell_back = true;
  }
  expect_table("loaded");
  taken_ = now_;
}

void SimProcess::expect_table(const std::string& how) {
  const std::optional<TrueState::Users> users = users_of(table_.table);
  if (users && *users == now_.users) return;
  world_->fail("what was " + how + " is " + (users ? describe(*users) : "unknown") +
               " instead of " + describe(now_.users));
}

// Called before anything is written: whatever an opener may find was noted before. The manifest may
// still speak of the state before the last take, or again.
void SimProcess::note_state() {
  if (!knows_state_) learn_state();
  const WrittenStates::Name name = WrittenStates::name_of(vault_.manifest());
  if (name == noted_) return;
  noted_ = name;
  std::size_t& most = world_->remains.most_named;
  most = std::max(most, objects_named(vault_));
  WrittenStates::Name state = name;
  state.lost.reset();
  if (described_.find(state) == nullptr) described_.add(state, taken_);
  world_->remains.written.add(name, *described_.find(state));
}

// ---- calls ----

Clock::Duration SimProcess::at_start(const Call& call) {
  if (call.kind == CallKind::kReplace || serves_) note_state();
  if (is_mutating(call.kind)) requests_.emplace(call.number, reigns_at_check_);
  return world_->troubles->request_time();
}

// A request that was under way while others took over so often that its slot may be theirs has lost
// its connection by then: see SimWorld::note_reign().
bool SimProcess::is_long_cut(const Call& call) {
  const auto request = requests_.extract(call.number);
  const bool slot = call.kind == CallKind::kReplace && !call.document.starts_with("telekv-root");
  return request && slot && world_->remains.reigns.size() >= request.mapped() + Ring::kBanks;
}

// While a gap looks under the pin the register is the only pointer; also when its process dies
// then.
void SimProcess::note_pointer(const Call& call, Step step, const Fault& fault) {
  SimChat& chat = world_->remains.chat;
  const bool reads = step == Step::kGap && call.kind == CallKind::kPointer;
  const bool unpins = call.kind == CallKind::kUnpin && call.message == vault_.root();
  if (reads || unpins) chat.holds_pointer_for = number_;
  const bool over = step == Step::kCommit && chat.holds_pointer_for == number_;
  const bool pins = call.kind == CallKind::kPin &&
                    (fault.kind == Fault::Kind::kNone || fault.kind == Fault::Kind::kUnknownDone ||
                     fault.kind == Fault::Kind::kCrashAfter);
  if (pins || over) chat.holds_pointer_for = 0;
}

Fault SimProcess::at_effect(const Call& call) {
  const Step step = steps_.step_of(call);
  if (step == Step::kActivate) world_->note_reign(number_);
  const auto step_at = static_cast<std::size_t>(step);
  const auto kind_at = static_cast<std::size_t>(call.kind);
  ++world_->tally->calls[step_at][kind_at];
  Fault fault = world_->troubles->fault_of(call);
  if (is_long_cut(call)) fault = {.kind = Fault::Kind::kUnknownNever};
  const bool bad = fault.kind == Fault::Kind::kTruncated || fault.kind == Fault::Kind::kFlipped;
  if (bad) most_bad_downloads_ = std::max(most_bad_downloads_, ++bad_downloads_[call.document]);
  Tally::Crashes& crashes = world_->tally->crashes[step_at][kind_at];
  if (fault.kind == Fault::Kind::kCrashBefore) ++crashes.before;
  if (fault.kind == Fault::Kind::kCrashAfter) ++crashes.after;
  if (fault.kind == Fault::Kind::kCrashBefore || fault.kind == Fault::Kind::kCrashAfter) kill();
  note_pointer(call, step, fault);
  const bool anew = call.kind == CallKind::kPost && !vault_.witnessed();
  const bool failed = is_mutating(call.kind) && fault.kind != Fault::Kind::kNone;
  if (anew || failed) ++world_->remains.may_leak;
  if (call.kind == CallKind::kPinned) {
    reigns_at_check_ = world_->remains.reigns.size();
    stale_check_ = fault.kind == Fault::Kind::kStale;
  }
  if (world_->traces) world_->trace(number_, describe(call, step, fault));
  return fault;
}

// ---- updates ----

Channel::Async<UpdatePage> SimProcess::poll(std::optional<std::int64_t> offset) {
  Troubles& troubles = *world_->troubles;
  if (absorbed_) promise_taken(vault_.stats().sequence);
  co_await clock_.sleep_for(troubles.request_time());
  if (troubles.strikes(Trouble::kPollError)) {
    const bool refused = troubles.random().below(2) == 0;
    if (refused) co_return poll_error(troubles.random());
  }
  const std::vector<int> page = ask_queue(offset);
  std::vector<int> updates = page;
  const std::uint64_t poll = ++world_->polls;
  const Clock::Time until = end_of_poll();
  while (updates.empty() && clock_.now() < until) {
    const Clock::Time next = world_->remains.updates.next_arrival().value_or(until);
    co_await world_->timeline.wait_until(number_, std::min(until, std::max(next, clock_.now())));
    if (world_->polls != poll) {
      world_->tally->note(Trouble::kConflict);
      co_return Error{ErrorCode::kConflict, "terminated by other getUpdates request"};
    }
    updates = ask_queue(std::nullopt);
  }
  co_await clock_.sleep_for(milliseconds(1 + troubles.random().below(100)));
  if (troubles.strikes(Trouble::kPollError)) co_return poll_error(troubles.random());
  UpdatePage result;
  for (const int index : updates) {
    const UpdateStamp stamp = world_->remains.updates.stamp(index);
    result.updates.push_back(stamp);
    if (world_->traces) {
      world_->trace(number_, "polled: update " + std::to_string(index) + ", id " +
                                 std::to_string(stamp.id) + ", date " + std::to_string(stamp.date));
    }
  }
  result.content = std::make_shared<const std::vector<int>>(std::move(updates));
  co_return result;
}

// Nobody learns anything from the thousands of empty polls of a silent week.
Clock::Time SimProcess::end_of_poll() const {
  constexpr std::chrono::minutes kQuiet{10};
  const Clock::Time next = world_->remains.updates.next_arrival().value_or(clock_.now());
  return clock_.now() + kLongPoll + std::max(next - clock_.now() - kQuiet, Clock::Duration{});
}

std::vector<int> SimProcess::ask_queue(std::optional<std::int64_t> offset) {
  SimWorld& world = *world_;
  world.advance_queue();
  const bool hasty = offset == last_offset_ && clock_.now() - last_poll_ < kHasty;
  last_offset_ = offset;
  last_poll_ = clock_.now();
  const std::size_t limit = hasty ? 1 : world.settings.page_limit;
  SimUpdates::Page page = world.remains.updates.poll(offset, limit);
  for (const int update : page.confirmed) world.note_confirmed(update);
  return std::move(page.updates);
}

void SimProcess::apply(const UpdatePage& page, std::size_t index) {
  const auto& updates = *std::static_pointer_cast<const std::vector<int>>(page.content);
  if (!knows_state_) learn_state();
  const int update = updates[index];
  world_->note_given_up(now_, update, vault_.applied().last() != 0);
  apply_update(update);
}

void SimProcess::apply_update(int index) {
  const SimUpdates::Update& update = world_->remains.updates[index];
  if (now_.dealt.test(static_cast<std::size_t>(index))) {
    world_->fail("update " + std::to_string(index) + " was applied twice");
  }
  const bool forgets = update.kind == SimUpdates::Kind::kForget;
  world_->trace(number_, "applies update " + std::to_string(index) +
                             (forgets ? ", forgets" : ", counts for") + " user " +
                             std::to_string(update.user));
  world_->remains.seen.set(static_cast<std::size_t>(index));
  now_.apply(world_->remains.updates, index);
  const TrueState::User& user = now_.users[static_cast<std::size_t>(update.user)];
  const kv::Key key = key_of_user(update.user);
  if (!user.there) {
    world_->tally->note(Trouble::kForget);
    table_.table.forget(key);
    return;
  }
  const auto write = [&](Player& player) {
    player.clicks = kv::saturating_add(player.clicks, 1);
    player.marks = user.marks;
  };
  if (!table_.table.update(key, write)) {
    (void)table_.table.insert(key, {.clicks = 1, .marks = user.marks}).value();
  }
}

void SimProcess::deliver(int update, std::function<void(bool)> answered) {
  touched_ = true;
  asio::co_spawn(context_, answer_delivery(update, std::move(answered)), asio::detached);
}

asio::awaitable<void> SimProcess::answer_delivery(int update, std::function<void(bool)> answered) {
  if (!serves_) {
    answered(false);
    co_return;
  }
  if (!knows_state_) learn_state();
  std::function<void()> apply = [this, update] { apply_update(update); };
  if (world_->traces) {
    const UpdateStamp stamp = world_->remains.updates.stamp(update);
    world_->trace(number_, "delivered: update " + std::to_string(update) + ", id " +
                               std::to_string(stamp.id) + ", date " + std::to_string(stamp.date));
  }
  const bool taken =
      co_await gate_.deliver(world_->remains.updates.stamp(update), std::move(apply));
  answered(taken);
}

// ---- the operator ----

void SimProcess::snapshot() {
  touched_ = true;
  asio::co_spawn(context_, make_snapshot(), asio::detached);
}

void SimProcess::restore(std::uint64_t pick) {
  touched_ = true;
  asio::co_spawn(context_, bring_back(pick), asio::detached);
}

asio::awaitable<void> SimProcess::make_snapshot() {
  const Turn::Held held = co_await saver_.turn().take();
  if (!serves_) co_return;
  world_->tally->note(Trouble::kSnapshot);
  const Result<CommitReport> made = co_await vault_.make_point(clock_.now() + kCommandDeadline);
  if (made) saved(*made);
}

asio::awaitable<void> SimProcess::bring_back(std::uint64_t pick) {
  const Turn::Held held = co_await saver_.turn().take();
  if (!serves_) co_return;
  const std::vector<PointInfo> points = vault_.points();
  if (points.empty()) co_return;
  const std::size_t chosen = pick % points.size();
  const format::State& state = vault_.history().points(static_cast<int>(chosen)).state();
  const TrueState* known = world_->remains.written.find(WrittenStates::name_of(state));
  if (known == nullptr) {
    // A commit that has failed keeps its point for the next one.
    if (!vault_.has_uncommitted()) {
      world_->fail("a restore point that nobody has written: sequence " +
                   std::to_string(state.sequence()));
    }
    co_return;
  }
  const std::size_t restore = world_->remains.restores_begun++ % RestoreSet().size();
  restoring_ = *known;
  restoring_->restores = RestoreSet().set(restore);
  world_->tally->note(Trouble::kRestore);
  world_->trace(number_, "restores point " + std::to_string(points[chosen].number));
  const Result<RestoreReport> restored =
      co_await vault_.restore(points[chosen].number, clock_.now() + kCommandDeadline);
  restoring_.reset();
  if (restored) ++world_->tally->restores;
  if (restored && !restored->unsaved) {
    saved({.sequence = restored->sequence});
  } else {
    const Error& why = restored ? *restored->unsaved : restored.error();
    world_->trace(number_, (restored ? "not saved: " : "not restored: ") + describe(why));
    // What it commits before it restores may have come through, and may be what it restores.
    if (!vault_.has_uncommitted()) world_->remains.durable |= taken_.dealt & ~taken_.given_up;
    if (!restored) co_return;
  }
  expect_table("restored");
}

}  // namespace telekv::vault
