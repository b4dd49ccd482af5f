"""A process from its start to its end: which call each step makes, and the loops that drive it.

Steps 9 to 12 of docs/architecture.md, `strict` (src/vault/polling_loop.cc, webhook_gate.cc and
Vault::commit). One update a delivery, one operation at a time.
"""
from chat import Operation
from gap import BELOW, FIRST, Gap, SECOND
from process import Call, ENDED, Process, Rules, write
from reign import POLLING, UNDECIDED, WEBHOOK

FINAL = (ENDED, UNDECIDED)


class Protocol(Gap):
    """Every step of a process; `calls` is all that the exploration needs."""

    def __init__(self, rules: Rules = Rules(), delivery: str = POLLING):
        super().__init__(rules, delivery)
        self._calls = {
            "survey pin": self.survey_pin,
            "survey pin, uncovered": self.survey_pin,
            "survey rest": self.survey_rest,
            "survey rest, pin hidden": self.survey_rest,
            "uncover": self.uncover,
            "uncover by unpinning": self.uncover_by_unpinning,
            "post": self.post,
            "look under": self.look_under,
            "unpin foreign": self.unpin_foreign,
            "pin": self.pin,
            "reread register": self.reread_register,
            "reread": self.reread,
            "withdraw": self.withdraw,
            "activate": self.activate,
            "set register": self.set_register,
            "unpin absorbed": self.unpin_absorbed,
            "check": self.check,
            "check register": self.check_register,
            "check register, own pin": self.check_register,
            "pin again": self.pin_again,
            "gap register": self.gap_register,
            "gap read": self.gap_read,
            "unpin named": self.unpin_named,
            "unpin own": self.unpin_own,
            "look below": self.look_below,
            "unpin foreign below": self.unpin_foreign_below,
            "serve": self.poll,
            "edit bank": self.edit_bank,
            "commit": self.commit,
            "delete": self.delete,
            "answer": self.answer,
        }

    @property
    def steps(self) -> frozenset[str]:
        return frozenset(self._calls)

    def calls(self, p: Process) -> Call:
        return self._calls[p.step](p)

    # ---- what follows a claim and a CHECK ----

    def claim_through(self, p: Process) -> Process:
        purpose = p.claim_for
        if purpose.endswith(", moved"):
            return self.gap_reading_through(p, purpose.removesuffix(", moved"))
        if purpose == "absorb":
            return p.idle("serve", page=())
        return self.check_through(p._replace(check_for=purpose))

    def check_through(self, p: Process) -> Process:
        purpose = p.check_for
        if purpose in (FIRST, SECOND):
            return self.gap_checked(p, purpose)
        if purpose == BELOW:
            return self.accept_gap(p)
        if purpose == "open":
            settles = self.delivery == WEBHOOK
            return self.check_now(p.idle("serve"), "settle") if settles else p.idle("serve")
        if purpose == "settle":
            return p.idle("serve", witnessed=True)
        if purpose == "conflict":
            return p.idle("serve")
        assert purpose in ("commit", "save"), purpose
        p = p.idle("saved", dirty=False)
        deletes = purpose == "commit" and p.witnessed and p.absorbed
        return p.at("delete") if deletes else self.saved(p)

    def give_up(self, p: Process) -> Process:
        """An operation that failed for now: the next one goes on from what is in memory."""
        if p.claim_for == "open":
            return ENDED
        if (p.claim_for or p.check_for) in ("commit", "save"):
            return self.save(p.idle("save"))
        return p.idle("serve", page=())

    # ---- long polling ----

    def poll(self, p: Process) -> Call:
        def then(page: tuple[int, ...]) -> Process:
            q = p._replace(offset=0)
            if not page:
                return q
            q = q._replace(page=page)
            return self.resolve_gap(q) if self.has_gap(q) else self.take(q)
        return Call("poll", p.offset, then, lambda: p._replace(offset=0))

    def has_gap(self, p: Process) -> bool:
        if not self.rules.sees_gaps:
            return False
        last = max(p.state, default=0)
        if not last:
            continues = p.absorbed or p.predecessors
            blind = not p.witnessed and bool(continues)
            return blind and self.rules.first_page_is_a_gap_when_blind
        return p.page[0] > last + 1

    def accept_gap(self, p: Process) -> Process:
        return self.take(p.idle("take"))

    def take(self, p: Process) -> Process:
        if self.rules.skips_applied:
            last = max(p.state, default=0)
            new = tuple(update for update in p.page if update > last)
        else:
            new = p.page
        return self.save(p._replace(witnessed=True, state=p.state + new,
                                    dirty=p.dirty or bool(new)))

    # ---- webhooks ----

    def deliver(self, p: Process, update: int) -> Process:
        applied = update in p.state and self.rules.skips_applied
        state = p.state if applied else tuple(sorted(p.state + (update,)))
        return self.save(p._replace(page=(update,), state=state, dirty=p.dirty or not applied))

    def answer(self, p: Process) -> Call:
        return write(Operation("confirm", p.page[0]), lambda _: p.idle("serve", page=()),
                     lambda: p.idle("serve", page=()))

    # ---- commits: Saver::save_in_turn, Vault::commit_now, Vault::write_root ----

    def save(self, p: Process) -> Process:
        if not p.dirty:
            if not self.rules.checks_before_confirming:
                return self.saved(p)
            return self.check_now(p, "save")
        if p.witnessed and not p.edits:
            return p.at("edit bank")
        return self.write_root(p)

    def edit_bank(self, p: Process) -> Call:
        """Vault::messages_to_keep: objects come before the root, into new messages or the bank."""
        return Call("pin?", None, lambda shown: self.write_root(
            p._replace(edits=shown.id == p.root)))

    def write_root(self, p: Process) -> Process:
        return self.rotate(p, "commit") if p.rotation_due else p.at("commit")

    def commit(self, p: Process) -> Call:
        def then(done: int) -> Process:
            if not done:
                return self.rotate(p, "commit")
            if not self.rules.checks_before_confirming:
                return self.saved(p._replace(dirty=False))
            return p.at("check", check_for="commit")
        operation = Operation("edit", p.root, self.manifest(p))
        repeats = not self.rules.rotates_after_unanswered_edit
        return write(operation, then, None if repeats else lambda: self.rotate(p, "commit"))

    def delete(self, p: Process) -> Call:
        """Vault::recycle_absorbed, the highest first."""
        root = p.absorbed[-1]

        def then(_: int) -> Process:
            q = p._replace(absorbed=p.absorbed[:-1],
                           predecessors=tuple(x for x in p.predecessors if x != root))
            return q if q.absorbed else self.saved(q)
        return write(Operation("delete", root), then)

    def saved(self, p: Process) -> Process:
        if self.delivery == WEBHOOK:
            return p.idle("answer")
        return p.idle("serve", offset=p.page[-1] + 1, page=())
