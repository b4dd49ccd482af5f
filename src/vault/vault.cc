#include "vault/vault.h"

#include <algorithm>
#include <utility>

#include "vault/indivisible.h"
#include "vault/pool.h"
#include "vault/stored_bytes.h"

namespace telekv::vault {

namespace asio = boost::asio;

namespace {

// A delta over this is no delta any more; a root must hold one beside everything else.
constexpr std::size_t kMaxDeltaBytes = 16u << 20;

// Roots of predecessors deleted after one commit: a bound on what a commit may call.
constexpr int kRecycledAtOnce = 4;

// Erased keys, and commits that erased some, until they move from the root into the history.
constexpr int kErasedInRoot = 1000;
constexpr int kTombstonesInRoot = 64;

// Drills that never pass must not fill the chat with restore points.
constexpr std::size_t kUnprovenFactor = 2;

/// Of those that are there.
std::optional<Clock::Time> earliest(std::initializer_list<std::optional<Clock::Time>> times) {
  std::optional<Clock::Time> first;
  for (const std::optional<Clock::Time>& time : times) {
    if (time && (!first || *time < *first)) first = time;
  }
  return first;
}

bool is_crowded(const TombstoneList& tombstones) {
  int keys = 0;
  for (const format::Tombstones& each : tombstones) keys += each.key_steps_size();
  return tombstones.size() > kTombstonesInRoot || keys > kErasedInRoot;
}

void add_messages(const format::State& state, std::set<MessageId>& ids) {
  for (const format::Object& chunk : state.base().chunks()) {
    ids.insert(MessageId{chunk.message_id()});
  }
  for (const format::Object& segment : state.segments()) {
    ids.insert(MessageId{segment.message_id()});
  }
}

void add_messages(const format::Manifest& manifest, const format::History& history,
                  std::set<MessageId>& ids) {
  add_messages(manifest.state(), ids);
  if (manifest.has_history()) ids.insert(MessageId{manifest.history().message_id()});
  for (const format::RestorePoint& point : history.points()) add_messages(point.state(), ids);
}

}  // namespace

Vault::Vault(Channel& channel, Clock& clock, Random& random, kv::Durable& state, Sealer sealer,
             asio::any_io_executor pool, VaultOptions options)
    : channel_(&channel),
      clock_(&clock),
      random_(&random),
      state_(&state),
      sealer_(std::move(sealer)),
      pool_(pool),
      options_(std::move(options)),
      note_waiting_(
          [this](const Error& error) { note(Note::Weight::kWarning, still_trying(error)); }),
      writer_(random.next_u64()),
      roots_(channel, sealer_, options_.other_key, random, writer_),
      survey_(channel, roots_, options_.root_id),
      objects_(channel, sealer_, random, std::move(pool), ring_,
               [this](Patience patience) { return messages_to_keep(patience); }),
      chain_(objects_) {}

void Vault::note(Note::Weight weight, std::string text) const {
  if (options_.on_note) options_.on_note(Note{.weight = weight, .text = std::move(text)});
}

Patience Vault::until(Clock::Time deadline) {
  Patience patience{clock_, random_, deadline};
  if (!opened_ || options_.tells_waiting) patience.on_waiting = &note_waiting_;
  return patience;
}

// What a superseded writer overwrites may be named by whoever has superseded it, so the chat is
// asked first. A writer that is not shown posts another message instead.
Channel::Async<MessagesToKeep> Vault::messages_to_keep(Patience patience) {
  if (!witnessed_) co_return MessagesToKeep();
  Result<std::optional<Pinned>> pinned = co_await survey_.read_pin(patience);
  if (!pinned) co_return pinned.error();
  if (!*pinned || (*pinned)->id != root_) co_return MessagesToKeep();
  co_return MessagesToKeep(named_messages());
}

std::set<MessageId> Vault::named_messages() const {
  std::set<MessageId> ids = written_messages_;
  add_messages(manifest_, history_, ids);
  if (base_ready_) {
    for (const MessageId id : messages_of(*base_ready_)) ids.insert(id);
  }
  return ids;
}

void Vault::note_applied(UpdateStamp update) {
  lost_updates_ += applied_.add(update, options_.delivery);
  ++applied_updates_;
  if (!applied_since_) applied_since_ = clock_->now();
}

bool Vault::has_uncommitted() const {
  return unsaved_records() > 0 || base_required_ || base_ready_ || history_changed_ ||
         applied_updates_ != committed_updates_ ||
         manifest_.state().sequence() != committed_.state().sequence() ||
         manifest_.history().message_id() != committed_.history().message_id();
}

Channel::Async<CommitReport> Vault::commit(Clock::Time deadline) {
  if (Result<void> quiet = co_await keep_quiet(deadline); !quiet) co_return quiet.error();
  Indivisible change(broken_);
  Result<CommitReport> report = co_await commit_now(until(deadline));
  change.done();
  note_outcome(report ? Result<void>{} : report.error());
  co_return report;
}

Channel::Async<CommitReport> Vault::make_point(Clock::Time deadline) {
  point_wanted_ = true;
  return commit(deadline);
}

// A penalty that ends after an operation's deadline outlives the operation, and a call inside it
// makes it longer.
Channel::Async<void> Vault::keep_quiet(Clock::Time deadline) {
  const Clock::Duration left = quiet_until_ - clock_->now();
  if (left <= Clock::Duration::zero()) co_return Result<void>{};
  if (quiet_until_ > deadline) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(left).count();
    co_return Error{ErrorCode::kRateLimited, "Telegram has asked not to be called for now",
                    "waiting as long as Telegram asks", static_cast<std::uint32_t>(seconds)};
  }
  co_await clock_->sleep_for(left);
  co_return Result<void>{};
}

/// Of an attempt to save, or to be sure of what is saved.
void Vault::note_outcome(const Result<void>& outcome) {
  if (outcome) {
    failing_since_.reset();
    return;
  }
  if (!failing_since_) failing_since_ = clock_->now();
  note_penalty(outcome.error());
}

void Vault::note_penalty(const Error& error) {
  if (error.code != ErrorCode::kRateLimited) return;
  quiet_until_ = clock_->now() + std::chrono::seconds(error.retry_after_s);
}

// Everything that is uploaded before the root stays in memory when a later step fails: the next
// commit goes on from there.
Channel::Async<CommitReport> Vault::commit_now(Patience patience) {
  const Clock::Time started = clock_->now();
  if (broken_) {
    co_return Error{ErrorCode::kDamaged,
                    "what is in memory cannot be saved any more: " + broken_->message,
                    "the next start restores the state before"};
  }
  CommitReport report;
  // What is uploaded before the root would stay in the chat of every attempt that fails.
  if (rotation_due_ && !absorbing_) {
    Result<std::uint64_t> moved = co_await rotate("", patience);
    if (!moved) co_return moved.error();
    report.root_bytes = *moved;
  }
  if (has_uncommitted() || point_wanted_) {
    // A base is exact only with changes taken after its walk, so one that is ready later has to
    // wait.
    const bool base_is_ready = base_ready_.has_value();
    Result<std::uint64_t> appended = co_await append_changes(patience);
    if (!appended) co_return appended.error();
    if (base_is_ready && base_ready_) put_base(*std::exchange(base_ready_, std::nullopt));
    Result<std::uint64_t> sealed = co_await seal_tail(patience);
    if (!sealed) co_return sealed.error();
    if (point_due()) keep_point();
    point_wanted_ = false;
    Result<std::uint64_t> history = co_await write_history(patience);
    if (!history) co_return history.error();
    Result<std::uint64_t> root = co_await write_root(patience);
    if (!root) co_return root.error();
    report.root_bytes += *root;
    report.object_bytes = *appended + *sealed + *history;
    if (!hurried_) co_await recycle_absorbed();
  }
  report.sequence = manifest_.state().sequence();
  report.records = manifest_.state().records();
  report.duration = clock_->now() - started;
  co_return report;
}

// A store that began in this run gets its first point after a day, or with its first base.
bool Vault::point_due() const {
  const bool none = history_.points_size() == 0;
  const format::State newest =
      none ? format::State() : history_.points(history_.points_size() - 1).state();
  if (manifest_.state().sequence() <= newest.sequence()) return false;
  const std::int64_t last = none ? began_at_ : newest.committed_at();
  return point_wanted_ || has_passed(options_.point_spacing, last, clock_->unix_time().count());
}

void Vault::keep_point() {
  manifest_.mutable_state()->set_committed_at(clock_->unix_time().count());
  add_point(history_, manifest_.state());
  prune_to(history_, options_.restore_points * kUnprovenFactor);
  history_changed_ = true;
}

// Returns the bytes uploaded. A delta that is too large is dropped for a base that is begun after
// it; when that fails the changes are in neither, and the manifest must go on promising only what
// it can restore.
Channel::Async<std::uint64_t> Vault::append_changes(Patience patience) {
  if (base_required_ || state_->unsaved() > options_.delta_bound_records) {
    co_return co_await write_required_base(patience);
  }
  const format::State before = manifest_.state();
  std::shared_ptr<const kv::Encodable> changes = take_changes();
  if (!changes) co_return std::uint64_t{0};
  auto encode = [changes] { return changes->encode(); };
  Bytes columns = co_await run_on(pool_, std::move(encode));
  if (columns.size() > kMaxDeltaBytes) {
    *manifest_.mutable_state() = before;
    base_required_ = true;
    co_return co_await write_required_base(patience);
  }
  format::Delta* delta = manifest_.mutable_state()->add_tail();
  delta->set_sequence(manifest_.state().sequence());
  *delta->mutable_columns() = std::move(columns);
  co_return std::uint64_t{0};
}

// Only one walk may be alive, so a base that is being written in the background has to end first;
// it lacks what is dropped here.
Channel::Async<std::uint64_t> Vault::write_required_base(Patience patience) {
  base_required_ = true;
  end_base();
  const format::State before = manifest_.state();
  if (!take_changes()) manifest_.mutable_state()->set_sequence(++last_sequence_);
  Result<format::Base> base = co_await run_base(patience);
  if (!base) {
    *manifest_.mutable_state() = before;
    co_return base.error();
  }
  base_required_ = false;
  const std::uint64_t bytes = bytes_of(*base);
  put_base(*std::move(base));
  // What changed during the walk: only with it the base is exact.
  Result<std::uint64_t> more = co_await append_changes(patience);
  if (!more) co_return more.error();
  co_return bytes + *more;
}

// The deltas that the base holds go. The base is exact only together with the first changes taken
// after its walk had ended: the caller has taken them.
void Vault::put_base(format::Base base) {
  format::State& state = *manifest_.mutable_state();
  int dropped = 0;
  while (dropped < state.segments_size() && state.segments(dropped).sequence() <= base.sequence()) {
    ++dropped;
  }
  state.mutable_segments()->DeleteSubrange(0, dropped);
  segments_.erase(segments_.begin(), segments_.begin() + dropped);
  dropped = 0;
  while (dropped < state.tail_size() && state.tail(dropped).sequence() <= base.sequence()) {
    ++dropped;
  }
  state.mutable_tail()->DeleteSubrange(0, dropped);
  const std::vector<MessageId> chunks = messages_of(base);
  *state.mutable_base() = std::move(base);
  objects_.release(chunks);
  base_wanted_ = false;
  point_wanted_ = true;
  note(Note::Weight::kInfo, "a new base of " + std::to_string(bytes_of(state.base())) +
                                " bytes, begun at sequence " +
                                std::to_string(state.base().sequence()));
}

// Returns the bytes uploaded.
Channel::Async<std::uint64_t> Vault::seal_tail(Patience patience) {
  format::State& state = *manifest_.mutable_state();
  const std::uint64_t tail_bytes = bytes_of_tail(state);
  if (tail_bytes <= options_.ladder.tail_bytes) co_return std::uint64_t{0};
  std::vector<std::uint64_t> sizes;
  for (const format::Object& segment : state.segments()) sizes.push_back(segment.size());
  const std::size_t merged = segments_to_merge(sizes, tail_bytes, options_.ladder);
  const std::size_t kept = sizes.size() - merged;

  auto body = std::make_shared<format::Deltas>();
  const auto add = [&](const format::Delta& delta) {
    if (delta.sequence() > state.base().sequence()) *body->add_deltas() = delta;
  };
  for (std::size_t i = kept; i < segments_.size(); ++i) {
    for (const format::Delta& delta : segments_[i]->deltas()) add(delta);
  }
  for (const format::Delta& delta : state.tail()) add(delta);
  std::function<Bytes()> encode = [body] { return body->SerializeAsString(); };
  Result<format::Object> object = co_await objects_.put(
      identity(ObjectKind::kSegment, static_cast<std::uint32_t>(body->deltas_size())),
      std::move(encode), patience);
  if (!object) co_return object.error();

  const MessageId message{object->message_id()};
  state.mutable_segments()->DeleteSubrange(static_cast<int>(kept), static_cast<int>(merged));
  segments_.resize(kept);
  *state.add_segments() = *object;
  segments_.push_back(std::move(body));
  state.clear_tail();
  objects_.release({message});
  co_return object->size();
}

// Returns the bytes uploaded.
Channel::Async<std::uint64_t> Vault::write_history(Patience patience) {
  const bool pruned = std::exchange(prune_due_, false) &&
                      prune(history_, options_.restore_points, options_.point_spacing);
  if (pruned) history_changed_ = true;
  if (!history_changed_ && !is_crowded(manifest_.tombstones())) co_return std::uint64_t{0};
  format::History body = history_;
  body.mutable_tombstones()->MergeFrom(manifest_.tombstones());
  drop_unneeded_tombstones(body, restored_sequence_);
  std::function<Bytes()> encode = [body] { return body.SerializeAsString(); };
  Result<format::Object> object =
      co_await objects_.put(identity(ObjectKind::kHistory, 0), std::move(encode), patience);
  if (!object) co_return object.error();
  history_ = std::move(body);
  history_changed_ = false;
  manifest_.clear_tombstones();
  const MessageId message{object->message_id()};
  *manifest_.mutable_history() = *object;
  objects_.release({message});
  co_return object->size();
}

// Steps 9 and 10. After an ambiguous edit the old root may still turn back at any later time, and
// a root that was deleted cannot be edited: both move to a fresh root.
Channel::Async<std::uint64_t> Vault::write_root(Patience patience) {
  const bool too_old = clock_->now() - root_posted_ >= options_.root_age;
  if (too_old || rotation_due_) co_return co_await rotate("it is getting too old", patience);
  manifest_.mutable_state()->set_committed_at(clock_->unix_time().count());
  ring_.write(*manifest_.mutable_ring());
  note_writing();
  manifest_.set_edition(manifest_.edition() + 1);
  Result<std::uint64_t> written = co_await roots_.write_active(root_, manifest_, patience);
  if (!written) {
    const ErrorCode code = written.error().code;
    if (code == ErrorCode::kNotFound) co_return co_await rotate("it was deleted", patience);
    if (code != ErrorCode::kOutcomeUnknown) co_return written.error();
    co_return co_await rotate("an edit of it got no answer", patience);
  }
  Result<Standing> now = co_await standing(patience);
  if (!now) co_return now.error();
  if (*now != Standing::kOwn) co_return co_await rotate(why_left(*now), patience);
  note_committed();
  co_return *written;
}

// Step 11. Telegram deletes only messages younger than 48 hours; an older root becomes a slot of
// its writer's bank. After a failure that passes, the rest waits for the next commit.
asio::awaitable<void> Vault::recycle_absorbed() {
  for (int i = 0; witnessed_ && i < kRecycledAtOnce && !absorbed_.empty(); ++i) {
    const MessageId id = absorbed_.take_last();
    const Result<void> recycled = co_await channel_->recycle(id);
    if (!recycled && may_pass(recycled.error())) {
      absorbed_.add(id);
      co_return;
    }
    if (!recycled) ring_.add_frozen(id);
    auto& predecessors = *manifest_.mutable_predecessors();
    predecessors.erase(std::remove(predecessors.begin(), predecessors.end(), to_int(id)),
                       predecessors.end());
  }
}

std::shared_ptr<const kv::Encodable> Vault::take_changes() {
  std::shared_ptr<const kv::Encodable> changes = state_->take_changes();
  if (changes) {
    manifest_.mutable_state()->set_sequence(++last_sequence_);
    taken_records_ += changes->records();
    if (!changes->erased_keys().empty()) {
      *manifest_.add_tombstones() = make_tombstones(last_sequence_, changes->erased_keys());
    }
  }
  if (!taken_since_) taken_since_ = applied_since_;
  applied_since_.reset();
  describe_state();
  return changes;
}

void Vault::note_committed() {
  if (!base_required_) {
    taken_records_ = 0;
    taken_since_.reset();
  }
  passed_over_.reset();
  committed_updates_ = manifest_.state().applied_updates();
  committed_ = manifest_;
  written_messages_.clear();
  note_writing();
}

void Vault::note_writing() { add_messages(manifest_, history_, written_messages_); }

// The manifest speaks of the table as it was at the last take.
void Vault::describe_state() {
  format::State& state = *manifest_.mutable_state();
  const kv::Digest digest = state_->digest();
  state.set_digest(digest.data(), digest.size());
  state.set_records(state_->size());
  *state.mutable_applied() = applied_.to_message();
  state.set_applied_updates(applied_updates_);
  manifest_.set_lost_updates(lost_updates_);
}

ObjectIdentity Vault::identity(ObjectKind kind, std::uint32_t number) const {
  return {.kind = kind,
          .epoch = to_int(root_),
          .writer = writer_,
          .sequence = manifest_.state().sequence(),
          .number = number};
}

std::vector<PointInfo> Vault::points() const {
  std::vector<PointInfo> points;
  for (const format::RestorePoint& point : history_.points()) {
    points.push_back(describe_point(point));
  }
  return points;
}

VaultStats Vault::stats() const {
  const format::State& state = manifest_.state();
  return {.epoch = root_,
          .sequence = state.sequence(),
          .unsaved_records = unsaved_records(),
          .unsaved_since = earliest({taken_since_, applied_since_, failing_since_}),
          .committed_at = committed_.state().committed_at(),
          .verified_at = verified_at_,
          .lost_updates = lost_updates_,
          .base_bytes = bytes_of(state.base()),
          .delta_bytes = bytes_of_segments(state) + bytes_of_tail(state),
          .segments = static_cast<std::size_t>(state.segments_size()),
          .slots = ring_.slots(),
          .restore_points = static_cast<std::size_t>(history_.points_size())};
}

bool Vault::base_due() const {
  const format::State& state = manifest_.state();
  if (base_run_ || base_ready_ || !opened_) return false;
  return base_wanted_ ||
         is_base_due(bytes_of(state.base()), bytes_of_segments(state) + bytes_of_tail(state),
                     options_.ladder);
}

}  // namespace telekv::vault
