"""The mutations of the vault's protocol that its tests have to notice, and what each of them breaks.

The text to be replaced must occur exactly once in the file. `test` names a unit test where the simulation
cannot see the fault by its nature: (program, Suite.Case).
"""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Mutation:
    name: str
    why: str
    file: str
    edits: tuple  # of (text before, text after)
    test: tuple = ()


def change(name, why, file, before, after, test=()):
    return Mutation(name, why, file, ((before, after),), test)


TAKING_OVER = [
    change(
        "state taken before the re-read",
        "What others committed between the first reading and the pin is lost.",
        "src/vault/vault_reign.cc",
        "adopted = co_await adopt_or_fall_back(best, patience);",
        "adopted = std::uint64_t{0};",
    ),
    change(
        "take-over without the second register",
        "A rival that the pin does not show any more is named by the register alone.",
        "src/vault/vault_reign.cc",
        "named.add(readings.registered);",
        "",
        ("vault_takeover_test", "VaultTakeOver.AStarterHeldUpBeforeItsPinFindsTheRootThatTheRegisterNames"),
    ),
    change(
        "pinned without looking under",
        "A candidate covers a root that it does not name, and its writer may die before it is active.",
        "src/vault/vault_reign.cc",
        "if (known.size() > candidate->predecessors.size()) {",
        "if (false) {",
        ("vault_takeover_test", "VaultTakeOver.AStarterHeldUpBeforeItsPinFindsTheRootThatCameMeanwhile"),
    ),
    change(
        "state taken from a candidate",
        "A candidate claims nothing: as a state it is an empty store.",
        "src/vault/survey.cc",
        "if (!active) return next;",
        "",
    ),
    change(
        "the registered root taken for a candidate",
        "An old answer hides the predecessor's bank: its late edit replaces what the own root names.",
        "src/vault/survey.cc",
        "if (!root || !registered || is_active(*root)) co_return root;",
        "co_return root;",
        ("vault_takeover_test", "VaultTakeOver.TheRegisteredRootIsReadAgainWhereItIsShownAsACandidate"),
    ),
    change(
        "the pin trusted alone",
        "Telegram can fail to show a pin: the store looks new.",
        "src/vault/survey.cc",
        "named.add(readings.registered);",
        "",
        ("vault_open_test", "VaultOpen.ARegisterThatNamesAVanishedRootNeedsADecision"),
    ),
    change(
        "the register trusted alone",
        "A late call can have turned the register back to an older root.",
        "src/vault/survey.cc",
        "if (*pin && is_root(**pin)) {",
        "if (false) {",
    ),
    change(
        "the register repaired later",
        "A second writing of the register can undo that of the next writer.",
        "src/vault/vault_reign.cc",
        "if (pinned && pinned->id == root_) co_return Standing::kOwn;",
        "if (pinned && pinned->id == root_) {\n"
        "      const Result<void> repaired = co_await channel_->set_pointer(root_);\n"
        "      co_return Standing::kOwn;\n"
        "    }",
        ("vault_commit_test", "VaultCommit.IsOneEditOfTheRoot"),
    ),
    change(
        "the register never written",
        "When the pin is hidden nothing leads to the root.",
        "src/vault/vault_reign.cc",
        "Result<void> pointed = co_await retry(patience, OnUnknown::kRepeat, set_pointer);",
        "Result<void> pointed;",
    ),
    change(
        "equal epochs of two starters",
        "With the same associated data an object of one writer can stand in for another's.",
        "src/vault/vault.cc",
        ".epoch = to_int(root_),",
        ".epoch = 1,",
    ),
    change(
        "an unknown edit of a new root repeated",
        "The first edit may land later than its successor and turn the root back.",
        "src/vault/roots.cc",
        "retry(patience, OnUnknown::kReturn, replace)",
        "retry(patience, OnUnknown::kRepeat, replace)",
    ),
]

COMMITTING = [
    change(
        "no rotation after an ambiguous edit",
        "The next edit of the same message may be undone by the one without an answer.",
        "src/vault/vault.cc",
        'if (code != ErrorCode::kOutcomeUnknown) co_return written.error();\n'
        '    co_return co_await rotate("an edit of it got no answer", patience);',
        "co_return written.error();",
    ),
    change(
        "a save that was cut in two goes on",
        "What was taken from the table is in no delta, and the root promises it all the same.",
        "src/vault/indivisible.h",
        "if (broken_ && !*broken_) *broken_ = no_memory();",
        "",
        ("vault_commit_test", "VaultCommit.ASaveThatAnExceptionCutsInTwoIsTheLast"),
    ),
    change(
        "a failed rotation forgotten",
        "The next commit edits the doubtful root after all.",
        "src/vault/vault_reign.cc",
        "rotation_due_ = true;",
        "",
    ),
    change(
        "a candidate for every attempt",
        "Where a root cannot be read for days the chat fills with candidates.",
        "src/vault/vault_reign.cc",
        "if (reusable_ && std::all_of(",
        "if (false && std::all_of(",
        ("vault_rotation_test", "VaultRotation.AsLongAsItFailsItLeavesNoMoreThanOneCandidate"),
    ),
    change(
        "a save uploads before its rotation",
        "As long as the rotation fails every save leaves its segments in the chat.",
        "src/vault/vault.cc",
        "if (rotation_due_ && !absorbing_) {",
        "if (false) {",
        ("vault_rotation_test", "VaultRotation.NothingIsUploadedBeforeItHasComeThrough"),
    ),
    change(
        "no CHECK after a commit",
        "A superseded writer confirms what the new one does not have.",
        "src/vault/vault.cc",
        "Result<Standing> now = co_await standing(patience);",
        "Result<Standing> now = Standing::kOwn;",
    ),
    change(
        "no CHECK before a repetition is confirmed",
        "What is already applied here may be in no root any more.",
        "src/vault/saver.cc",
        "const Result<void> checked = co_await vault_->check(deadline);",
        "const Result<void> checked;",
        ("vault_polling_loop_test", "Strict.ChecksBeforeItConfirmsARepetition"),
    ),
    change(
        "confirmed on an unclear check",
        "getChat that fails proves nothing.",
        "src/vault/vault_reign.cc",
        "if (!read) co_return read.error();",
        "if (!read) co_return Standing::kOwn;",
        ("vault_check_test", "VaultCheck.AnAnswerThatFailsProvesNothing"),
    ),
    change(
        "a lower pin taken for a rival's",
        "A lost pin shows an older root: the only writer gives up.",
        "src/vault/vault_reign.cc",
        "if (pinned && pinned->id > root_) {",
        "if (pinned) {",
    ),
    change(
        "a hidden root passes the check",
        "Under an operator's pin nothing shows a rival's root.",
        "src/vault/vault_reign.cc",
        "      co_return Standing::kHiddenByForeign;",
        "      co_return Standing::kOwn;",
    ),
    change(
        "a register that is turned back passes the check",
        "Somebody below has come through a claim late, and confirms while the pin is away.",
        "src/vault/vault_reign.cc",
        "    if (witnessed_ && *pointer != root_) co_return Standing::kTurnedBack;\n",
        "",
        ("vault_check_test", "VaultCheck.ARegisterThatIsTurnedBackIsLeftForAFreshRoot"),
    ),
    change(
        "confirmed before the commit",
        "Telegram forgets what is in no root.",
        "src/vault/polling_loop.cc",
        "if (options_.durability == Durability::kStrict) {",
        "if (false) {",
    ),
    Mutation(
        "late askers answered by the running commit",
        "The commit that has begun does not hold what they applied.",
        "src/vault/saver.cc",
        (
            ("  saving_ = std::exchange(waiting_, nullptr);\n  Result<CommitReport> report",
             "  Result<CommitReport> report"),
            ("  answer(saving_, report);\n  if (report && written",
             "  answer(waiting_, report);\n  if (report && written"),
        ),
    ),
    change(
        "deltas dropped that the base does not hold",
        "What was committed while the base was written is nowhere any more.",
        "src/vault/vault.cc",
        "while (dropped < state.tail_size() && state.tail(dropped).sequence() <= base.sequence()) {",
        "while (dropped < state.tail_size()) {",
    ),
    change(
        "a sequence used twice",
        "A restored state goes on under numbers that other commits have had.",
        "src/vault/vault_open.cc",
        "if (follows != last_sequence_ || changes) {",
        "if (changes) {",
    ),
    change(
        "nothing saved at the end",
        "A stop loses what the interval has not saved yet.",
        "src/vault/saver.cc",
        "if (stopping_->is_set()) co_return co_await save_finally();",
        "if (stopping_->is_set()) co_return Result<void>{};",
    ),
]

QUEUE = [
    change(
        "first poll with an offset",
        "After a silent week ids are drawn anew, and an old offset confirms what nobody has seen.",
        "src/vault/polling_loop.cc",
        "PollingLoop::run() {\n",
        "PollingLoop::run() {\n  offset_.move_behind(vault_->applied().last());\n",
    ),
    change(
        "a repeated update applied again",
        "What was not confirmed comes again after every start.",
        "src/vault/polling_loop.cc",
        "if (vault_->is_applied(update)) continue;",
        "if (vault_->is_applied(update)) {\n"
        "      sink_->apply(page, i);\n"
        "      continue;\n"
        "    }",
    ),
    change(
        "a repeated delivery applied again",
        "Telegram repeats a delivery whose answer it did not get.",
        "src/vault/webhook_gate.cc",
        "if (!vault_->is_applied(update)) {\n    apply();",
        "apply();\n  if (!vault_->is_applied(update)) {",
    ),
    change(
        "the witness ignored",
        "A gap in the queue tells of a longer history, and nobody looks for it.",
        "src/vault/polling_loop.cc",
        "if (!has_gap(page)) co_return Next::kApply;",
        "if (true) co_return Next::kApply;",
    ),
    change(
        "a gap that is not counted",
        "The operator is not told how many updates are lost.",
        "src/vault/vault_gap.cc",
        "lost_updates_ += lost;",
        "",
    ),
    change(
        "applied means at most the last id",
        "Under webhooks chats come in parallel: a hole is still to come.",
        "src/vault/applied_updates.cc",
        "&& !is_missing(update.id)",
        "",
    ),
    change(
        "a hole counted as applied",
        "An update that was left out is taken for a repetition.",
        "src/vault/applied_updates.cc",
        "if (update.id > last_ + 1) {",
        "if (false) {",
    ),
    change(
        "ids drawn anew taken for repetitions",
        "After a silent week ids may begin below the last one.",
        "src/vault/applied_updates.cc",
        "return is_missing(update.id) ? after_silence && !undated_ : update.date > last_date_;",
        "return false;",
    ),
    change(
        "the date of the series before told against a tap's series",
        "A message older than the tap that began the series begins another, and the tap is applied again.",
        "src/vault/applied_updates.cc",
        "after_silence && !undated_",
        "after_silence",
        ("vault_applied_updates_test", "IdsDrawnAnew.MayBeginWithATap"),
    ),
    change(
        "no settling after a take-over",
        "A predecessor's late edit can take effect after the first confirmation.",
        "src/vault/webhook_gate.cc",
        "co_await clock_->sleep_for(options_.settle);",
        "",
        ("vault_webhook_gate_test", "StrictGate.RefusesUntilNothingOfAPredecessorCanComeAnyMore"),
    ),
]

RING = [
    change(
        "slots of the predecessor's bank written",
        "What an older root names, and a late edit of its writer, meet in one message.",
        "src/vault/ring.cc",
        "written_ = (latest.written_ + 1) % kBanks;",
        "written_ = latest.written_;",
    ),
    change(
        "the ring written before the witness",
        "Until the queue has shown that this state is the newest, another root may need the slots.",
        "src/vault/vault.cc",
        "chain_(objects_) {}",
        "chain_(objects_) {\n  witnessed_ = true;\n}",
        ("vault_commit_test", "VaultCommit.BeforeTheWitnessNoMessageIsWrittenAgain"),
    ),
    change(
        "a slot of a restore point overwritten",
        "A point that is offered cannot be restored.",
        "src/vault/vault.cc",
        "for (const format::RestorePoint& point : history.points()) add_messages(point.state(), ids);",
        "",
        ("vault_restore_test", "VaultRestore.NothingOfAPointIsWrittenOver"),
    ),
    change(
        "no slot written again",
        "The chat grows by an object with each save that takes one.",
        "src/vault/ring.cc",
        "return !named.contains(id) && !abandoned_.contains(id);",
        "return !named.contains(id) && !abandoned_.contains(id) && id == MessageId{};",
    ),
    change(
        "a slot of the last edition overwritten",
        "The edition in the chat names it until the next edit has come through.",
        "src/vault/vault.cc",
        "std::set<MessageId> ids = written_messages_;",
        "std::set<MessageId> ids;",
    ),
    change(
        "a doubtful slot written again",
        "The edit without an answer lands later, over what a root names.",
        "src/vault/objects.cc",
        "if (code == ErrorCode::kOutcomeUnknown) ring_->abandon(*slot);",
        "",
    ),
    change(
        "a base outlives what it is a base of",
        "What loads another state waits for an upload, for an hour on a slow line.",
        "src/vault/vault_maintenance.cc",
        "if (base_run_) std::exchange(base_run_, nullptr)->give_up();",
        "",
        ("vault_restore_test", "VaultRestore.ABaseThatIsBeingUploadedIsLeftAtOnce"),
    ),
    change(
        "no restore point takes the place of a broken state",
        "One harmed message and the store never opens again.",
        "src/vault/vault_open.cc",
        "for (int i = history_.points_size() - 1; i >= 0; --i) {",
        "for (int i = 0; i > 0; --i) {",
    ),
    change(
        "a drill overlooks what is not served",
        "The next start cannot open, although the memory was right.",
        "src/vault/vault_maintenance.cc",
        "if (!restores && is_lost(restores.error())) base_wanted_ = true;",
        "if (!restores && is_broken(restores.error())) base_wanted_ = true;",
        ("vault_drill_test", "VaultDrill.ADocumentThatIsNotServedForTheWholeDrillIsReplaced"),
    ),
    change(
        "a drill overlooks the history",
        "Without it no start can know the restore points, although the memory has them.",
        "src/vault/vault_maintenance.cc",
        "if (is_current && is_lost(body.error())) history_changed_ = true;",
        "",
        ("vault_drill_test", "VaultDrill.AHistoryThatIsNotServedIsWrittenAnew"),
    ),
]

FORGETTING = [
    change(
        "a restore undoes what no point has",
        "What came while the present state was being saved is in neither of the two.",
        "src/vault/vault_maintenance.cc",
        "  add_late_changes_to_point(point.number());\n",
        "  (void)take_changes();\n",
        ("vault_restore_test", "VaultRestore.WhatComesWhileThePresentIsSavedIsInItsPoint"),
    ),
    change(
        "a restore goes on while the program ends",
        "The last save waits for it in vain.",
        "src/vault/vault_maintenance.cc",
        "if (hurry_restore_) hurry_restore_->set();",
        "",
        ("vault_restore_test", "VaultRestore.AStopEndsTheDownloadAtOnceAndChangesNothing"),
    ),
    change(
        "the applied position goes back by a restore",
        "What was applied since the point is applied again.",
        "src/vault/vault_maintenance.cc",
        "  Result<std::uint64_t> continued = continue_from(",
        "  applied_ = *AppliedUpdates::from_message(point.state().applied());\n"
        "  Result<std::uint64_t> continued = continue_from(",
    ),
    change(
        "a forgotten user comes back by a restore",
        "Who asked to be forgotten is in the restored state.",
        "src/vault/vault_open.cc",
        "for (const std::int64_t key : erased) {",
        "for (const std::int64_t key : std::vector<std::int64_t>()) {",
    ),
    change(
        "no tombstones kept",
        "A restore cannot know whom it has to leave out.",
        "src/vault/vault.cc",
        "if (!changes->erased_keys().empty()) {",
        "if (false) {",
    ),
    change(
        "tombstones dropped with a newer point",
        "An older point still needs them.",
        "src/vault/history.cc",
        "return t.sequence() <= oldest;",
        "return t.sequence() > 0;",
    ),
]

# Nobody in the simulation forges objects that carry a valid seal.
FORGERY = [
    Mutation(
        "a seal without associated data",
        "An object can be put in another's place.",
        "src/vault/sealer.cc",
        (
            ("raw(associated), associated.size(), nullptr,", "nullptr, 0, nullptr,"),
            ("raw(header), header.size(),", "nullptr, 0,"),
        ),
        ("vault_sealer_test", "Sealer.RefusesAnotherObjectsHeader"),
    ),
    change(
        "an object's identity not compared",
        "A sealed object of an older state passes for the current one.",
        "src/vault/sealer.cc",
        "if (*identity != expected)",
        "if (false)",
        ("vault_sealer_test", "Sealer.RefusesAnObjectThatIsNotTheOneExpected"),
    ),
    change(
        "an unchained delta accepted",
        "A commit is missing in the middle, and the digest need not tell.",
        "src/vault/chain.cc",
        "if (delta.gap() >= delta.sequence() || delta.sequence() - delta.gap() - 1 != sequence_) {",
        "if (false) {",
        ("vault_bad_input_test", "VaultBadInput.ADeltaThatDoesNotFollowTheOneBeforeIsDamage"),
    ),
    change(
        "a digest not compared",
        "A state that is not what its root promises is served.",
        "src/vault/chain.cc",
        'return damaged("the restored state does not have the digest its root promises");',
        "return {};",
        ("vault_bad_input_test", "VaultBadInput.AMissingDeltaIsDamage"),
    ),
    change(
        "a root valid in any message",
        "An old root that somebody sends again is taken for the newest.",
        "src/vault/roots.cc",
        "identity->epoch != 0 &&\n      identity->epoch != to_int(id)",
        "false",
        ("vault_bad_input_test", "VaultBadInput.ARootMovedToAnotherMessageIsDamaged"),
    ),
]

GAPS = [
    change(
        "nothing read once the own pin is back",
        "While it was gone a superseded writer passed its CHECK and confirmed what it had saved.",
        "src/vault/vault_gap.cc",
        "\n  absorbed = co_await absorb_named(patience);\n",
        "\n  Result<void> pinned = co_await check_now(patience);\n  if (!pinned) co_return pinned.error();\n",
        ("vault_gap_test", "VaultGap.WhatASupersededWriterSavesMeanwhileIsAbsorbed"),
    ),
    change(
        "the own root unpinned while the register names another",
        "If everybody dies just then nothing leads to the newest state.",
        "src/vault/vault_gap.cc",
        "if (!witnessed_ && *pointer != root_) {",
        "if (false) {",
        ("vault_gap_test", "VaultGap.TheRegisterLeadsToTheOwnRootWhileItIsUnpinned"),
    ),
    change(
        "the own root as the pin believed at once",
        "A superseded writer that is shown an old pin confirms what its successor does not have.",
        "src/vault/vault_reign.cc",
        "    if (*pointer > root_) co_return superseded_by(**pointer);\n",
        "    if (*pointer > root_ && !(pinned && pinned->id == root_)) co_return superseded_by(**pointer);\n",
        ("vault_check_test", "VaultCheck.AnOldPinIsContradictedByTheRegister"),
    ),
    change(
        "the register unasked where the pin was lost",
        "A superseded writer passes its CHECK while its successor looks under the pin.",
        "src/vault/vault_reign.cc",
        "    if (*pointer > root_) co_return superseded_by(**pointer);\n",
        "",
        ("vault_gap_test", "VaultGap.ASupersededWriterSavesNothingMeanwhile"),
    ),
    change(
        "a higher pin passed over in a rotation",
        "A superseded writer whose root is gone takes the vault back, with what it knows.",
        "src/vault/vault_reign.cc",
        "on_longer == OnLonger::kStepBack && *below > root_;",
        "false;",
        ("vault_rotation_test", "VaultRotation.StepsBackBeforeAHigherPinAndAHigherRegister"),
    ),
    change(
        "an unanswered unpin of the own root forgotten",
        "It lands when the root is pinned again: with a late register nothing leads to the newest state.",
        "src/vault/vault_gap.cc",
        "if (!unpinned && unpinned.error().code == ErrorCode::kOutcomeUnknown) rotation_due_ = true;",
        "",
        ("vault_gap_test", "VaultGap.AfterAnUnansweredUnpinTheRootMoves"),
    ),
    change(
        "unpinned before it is named",
        "A candidate below becomes active, its writer confirms and dies: nothing leads to it.",
        "src/vault/vault_gap.cc",
        "    absorbed_.add(*below);\n",
        "    const Result<void> cleared = co_await unpin(*below, patience);\n"
        "    if (!cleared) co_return cleared.error();\n",
        ("vault_gap_test", "VaultGap.WhatLiesBelowUnnamedStaysPinned"),
    ),
    change(
        "what other objects have replaced stops a gap",
        "A root too old to be deleted is a message of the ring by now: no start succeeds any more.",
        "src/vault/roots.cc",
        "return Error{ErrorCode::kNotFound, ",
        "return Error{ErrorCode::kDamaged, ",
        ("vault_gap_test", "VaultGap.OldRootsThatAreOtherObjectsByNowArePassedOver"),
    ),
    change(
        "ids of another series compared by their numbers",
        "What was saved after a silent week is not found, and counts as lost.",
        "src/vault/vault_gap.cc",
        "!applied.contains({.id = theirs.last(), .date = theirs.last_date()})",
        "theirs.last() > applied.last()",
        ("vault_gap_test", "VaultGap.ALongerHistoryMayHaveLowerIds"),
    ),
    change(
        "one download of a longer history",
        "A cut connection makes what was saved a loss.",
        "src/vault/vault_gap.cc",
        "co_await download_again(readings.best->manifest.state(), patience)",
        "co_await chain_.download(readings.best->manifest.state(), patience)",
        ("vault_gap_test", "VaultGap.ADownloadThatComesDamagedIsDoneAgain"),
    ),
    change(
        "loaded under a foreign pin",
        "The register alone may lead to an older root.",
        "src/vault/vault_open.cc",
        "if (readings->hidden && readings->registered != MessageId{}) {",
        "if (false) {",
        ("vault_takeover_test", "VaultTakeOver.AForeignPinIsTakenAwayBeforeAnythingIsLoaded"),
    ),
    change(
        "an older edition gone back to",
        "Its objects may have been written over.",
        "src/vault/root_form.cc",
        "m.ballot(), m.edition());",
        "m.ballot(), ~m.edition());",
        ("vault_takeover_test", "VaultTakeOver.AnOlderEditionOfTheSameRootIsNotGoneBackTo"),
    ),
    change(
        "points thinned out beside a commit",
        "The root still offers a restore point when its messages are written over.",
        "src/vault/vault_maintenance.cc",
        "  prune_due_ = true;\n",
        "  if (prune(history_, options_.restore_points, options_.point_spacing)) history_changed_ = true;\n",
        ("vault_drill_test", "VaultDrill.ADrillProvesWhatWasCommittedAndThinsOutThePoints"),
    ),
    change(
        "tombstones dropped under a restore",
        "Who was forgotten comes back with the restore point that the restore itself has pushed out.",
        "src/vault/vault_maintenance.cc",
        "  restored_sequence_ = point.state().sequence();\n",
        "",
        ("vault_restore_test", "VaultRestore.WhoWasForgottenStaysForgottenThoughThePointIsPushedOut"),
    ),
    change(
        "a refused slot edited again unasked",
        "In a long penalty the slot may have become a successor's.",
        "src/vault/objects.cc",
        "Result<Posted> replaced = co_await channel_->replace(*slot, document);",
        "const auto replace = [this, slot, &document] { return channel_->replace(*slot, document); };\n"
        "    Result<Posted> replaced = co_await retry(patience, OnUnknown::kReturn, replace);",
        ("vault_takeover_test", "VaultCommit.ASlotIsAskedForAgainAfterEveryRefusal"),
    ),
    change(
        "a failed claim of what was absorbed forgotten",
        "The writer takes its own candidate for a rival's.",
        "src/vault/vault_gap.cc",
        "  rotation_due_ = true;\n  absorbing_ = true;\n",
        "",
        ("vault_gap_test", "VaultGap.AfterAFailedClaimTheNextCommitGoesOnWithIt"),
    ),
    change(
        "a rotation that keeps to the bank of the writer it finds",
        "Both edit one message, and the later edit replaces what the other's root names.",
        "src/vault/vault_reign.cc",
        "if (on_longer == OnLonger::kAbsorb && is_longer(best, found)) {",
        "if (on_longer == OnLonger::kStepBack) co_return continued;\n  if (is_longer(best, manifest_)) {",
        ("vault_gap_test", "VaultGap.AFreshRootLeavesTheBankOfTheWriterThatTheRegisterNames"),
    ),
    change(
        "the absorbed writer's bank written",
        "An edit of that writer's lands late, over what the root names.",
        "src/vault/ring.cc",
        "if (written_ == other.written_) written_ = (written_ + 1) % kBanks;",
        "",
        ("vault_parts_test", "Ring.AReignThatAbsorbsAnotherLeavesThatOnesBankAlone"),
    ),
    change(
        "a foreign pin not looked under",
        "The register alone may have been turned back by a late call.",
        "src/vault/vault_gap.cc",
        "if (is_root(**pinned)) co_return id;",
        "co_return is_root(**pinned) ? id : MessageId{};",
        ("vault_open_test", "VaultOpen.ARootUnderAForeignPinIsFoundAlthoughTheRegisterNamesAnother"),
    ),
    change(
        "an empty state taken for the newest",
        "Without an update of its own no page can contradict it.",
        "src/vault/polling_loop.cc",
        "if (vault_->is_witness_blind()) return true;",
        "",
        ("vault_polling_loop_test", "Strict.LooksForALongerHistoryAsLongAsNothingIsApplied"),
    ),
    change(
        "a slot edited by a superseded writer",
        "Who has taken over may go on from an edition before the last, which names it.",
        "src/vault/vault.cc",
        "if (!*pinned || (*pinned)->id != root_) co_return MessagesToKeep();",
        "",
        ("vault_takeover_test", "VaultCommit.ASupersededWriterEditsNoSlot"),
    ),
    change(
        "an offset sent again",
        "Held over a silent week it confirms ids that Telegram draws below it.",
        "src/vault/poll_offset.h",
        "sent_ = std::exchange(due_, false);",
        "sent_ = true;",
        ("vault_poll_offset_test", "APollOffset.IsSentOnce"),
    ),
]

ANOTHER_KEY = [
    change(
        "shown before it is complete",
        "A root whose edit got no answer is pinned: it holds no state, and the old key is refused.",
        "src/vault/vault_rekey.cc",
        "if (written) co_return *fresh;",
        "if (true) co_return *fresh;",
        (
            "vault_rekey_faults_test",
            "Of/VaultRekeyFaults.AtAnyCallLeaveOneKeyInForceAndARunThatFinishes/NoAnswerNoEffect",
        ),
    ),
    change(
        "in force without a look at the register",
        "Whoever has taken over while the pin was on its way has saved what the new key's root does not have.",
        "src/vault/vault_rekey.cc",
        "*registered > root_ ? **registered : MessageId{}",
        "MessageId{}",
        ("vault_rekey_bots_test", "VaultRekeyBesideABot.StepsBackFromWhatWasSavedBeforeItsPin"),
    ),
    change(
        "the key before stops the new one",
        "The register still names a root of the key before: the new key is refused, too.",
        "src/vault/survey.cc",
        "readings.continued.contains(id);",
        "readings.seen.empty();",
        ("vault_rekey_test", "VaultRekey.TellsToKeepBothKeysOnceTheNewOneIsInForce"),
    ),
    change(
        "covered without being opened",
        "A candidate under one key names a root under the other: neither key opens both.",
        "src/vault/vault_reign.cc",
        "co_return co_await survey_.follow(readings, std::move(shown), Depth::kCandidates, patience);",
        "co_return Result<void>{};",
        ("vault_rekey_bots_test", "ABotWithTheOldKey.DoesNotCoverARootThatItCannotOpen"),
    ),
    change(
        "a late pin of another key believed",
        "It is below the registered root, and shows when that one's pin is lost: neither key is accepted.",
        "src/vault/survey.cc",
        "root.error().code == ErrorCode::kWrongKey && *pointer > readings.pin",
        "false",
        ("vault_rekey_bots_test", "ABotWithTheOldKey.StaysInForceWhenThePinComesTooLate"),
    ),
    change(
        "overwritten in the banks of others",
        "It may land late, when the next writer uses the slot.",
        "src/vault/ring.cc",
        "if (bank != written_) banks_",
        "if (bank == kBanks) banks_",
        ("vault_rekey_test", "VaultRekey.AnOverwritingThatLandsLateHitsNothingOfTheNextTwoWriters"),
    ),
]

MUTATIONS = TAKING_OVER + COMMITTING + QUEUE + GAPS + RING + FORGETTING + FORGERY + ANOTHER_KEY
