"""Opening, claiming and CHECK: steps 1 to 8 and 12 of docs/architecture.md.

The methods are named after those of Vault (src/vault/vault_open.cc, vault_reign.cc). Each process
is at one call; whatever it decides without a call happens together with the answer before.
"""
from chat import (ACTIVE, CANDIDATE, Chat, FOREIGN, Ids, Message, Operation, with_id, with_ids,
                  without)
from process import Call, ENDED, Found, Process, Rules, Shown, write

POLLING = "polling"
WEBHOOK = "webhook"

BANKS = 3

UNDECIDED = ENDED.at("asks for a decision")


class Reign:
    """Knows how to become the writer; Loops (loops.py) says what comes after."""

    def __init__(self, rules: Rules, delivery: str):
        self.rules = rules
        self.delivery = delivery

    # ---- which state is longer ----

    def length(self, root: int, state: Ids) -> tuple[int, int]:
        if self.delivery == WEBHOOK:
            return root, len(state)
        return max(state, default=0), root

    def is_longer(self, found: Found, state: Ids, root: int) -> bool:
        return bool(found.root) and self.length(found.root, found.state) > self.length(root, state)

    # ---- reading roots: Survey::follow and Survey::note ----

    def start_reading(self, p: Process, ids: Ids, seen: Ids) -> Process:
        return p._replace(todo=without(ids, seen), seen=seen, best=Found(), latest=0,
                          latest_bank=0)

    def note(self, p: Process, number: int, message: Message, deep: bool) -> Process:
        if message.kind == CANDIDATE and number == p.registered and self.rules.registered_is_active:
            return p  # an old answer: it is read again
        seen = with_id(p.seen, number)
        todo = without(p.todo, (number,))
        if not message.is_root:
            return p._replace(seen=seen, todo=todo, undecided=True)
        if deep or message.kind == CANDIDATE:
            todo = without(with_ids(todo, message.predecessors), seen)
        best, latest, latest_bank = p.best, p.latest, p.latest_bank
        if message.kind == ACTIVE:
            if number > latest:
                latest, latest_bank = number, message.bank
            found = Found(number, message.state, message.predecessors, message.writer,
                          message.bank)
            if not best.root or self.is_longer(found, best.state, best.root):
                best = found
        return p._replace(seen=seen, todo=todo, best=best, latest=latest,
                          latest_bank=latest_bank)

    # ---- step 1: Vault::open, Survey::read_pointers ----

    def survey_pin(self, p: Process) -> Call:
        def then(shown: Shown) -> Process:
            if shown.message.kind == FOREIGN:
                hidden = "survey rest, pin hidden" if p.step == "survey pin" else "survey rest"
                return p.at(hidden, undecided=True)
            if not shown.id:
                return p.at("survey rest")
            return self.note(p, shown.id, shown.message, deep=False).at("survey rest")
        return Call("pin?", None, then)

    def survey_rest(self, p: Process) -> Call:
        """At one moment, because step 5 reads all of it again, one by one."""
        hidden = p.step != "survey rest"

        def then(chat: Chat, registered: int) -> Process:
            q = p._replace(todo=without(with_id(p.todo, registered), p.seen))
            while q.todo:
                q = self.note(q, q.todo[-1], chat.message(q.todo[-1]), deep=False)
            uncovers = registered if self.rules.uncovers_before_judging else q.best.root
            if hidden and uncovers:
                return Process().at("uncover")
            if not q.best.root and q.undecided:
                return UNDECIDED
            q = q._replace(state=q.best.state, adopted=q.best.root,
                           predecessors=q.best.predecessors)
            if q.latest:
                q = self.succeed_bank(q)
            return self.claim(q, known=q.seen, claim_for="open")
        return Call("rest?", None, then)

    def uncover(self, p: Process) -> Call:
        def then(shown: Shown) -> Process:
            if shown.message.kind == FOREIGN:
                return p.at("uncover by unpinning", foreign=shown.id)
            return Process().at("survey pin, uncovered")
        return Call("pin?", None, then)

    def uncover_by_unpinning(self, p: Process) -> Call:
        return write(Operation("unpin", p.foreign), lambda _: p.at("uncover", foreign=0))

    # ---- steps 2 to 8: Vault::claim ----

    def claim(self, p: Process, known: Ids, claim_for: str) -> Process:
        return p.idle("post", known=known, claim_for=claim_for)

    def rotate(self, p: Process, claim_for: str) -> Process:
        return self.claim(p._replace(rotation_due=True), with_id((), p.root), claim_for)

    @staticmethod
    def steps_back(p: Process) -> bool:
        return p.claim_for not in ("open", "absorb") and not p.absorbing

    def post(self, p: Process) -> Call:
        def then(candidate: int) -> Process:
            step = "look under" if self.rules.looks_under_before_pin else "pin"
            return p.at(step, candidate=candidate, writer=p.writer or candidate,
                        candidates=with_id(p.candidates, candidate))
        return write(Operation("post", content=Message(CANDIDATE, p.known)), then)

    def look_under(self, p: Process) -> Call:
        def then(shown: Shown) -> Process:
            below = shown.id
            if shown.message.kind == FOREIGN:
                return p.at("unpin foreign", foreign=below)
            if self.steps_back(p) and self.rules.rotation_steps_back:
                if below > p.root and below not in p.candidates:
                    return ENDED
            if below in (0, p.candidate) or below in p.known:
                return p.at("pin")
            return p.at("post", known=with_id(p.known, below), candidate=0)
        return Call("pin?", None, then)

    def unpin_foreign(self, p: Process) -> Call:
        return write(Operation("unpin", p.foreign), lambda _: p.at("look under", foreign=0))

    def pin(self, p: Process) -> Call:
        def then(done: int) -> Process:
            if not done:
                return self.give_up(p)
            if not self.rules.reads_again_after_pin:
                return self.reread_done(self.start_reading(p, (), p.known))
            if not self.rules.reads_register_after_pin:
                return self.start_reread(p, 0)
            return p.at("reread register")
        return write(Operation("pin", p.candidate), then)

    # ---- steps 4 and 5: Vault::reread ----

    def reread_register(self, p: Process) -> Call:
        return Call("register?", None, lambda registered: self.start_reread(p, registered))

    def start_reread(self, p: Process, registered: int) -> Process:
        may_step_back = self.steps_back(p) and self.rules.rotation_steps_back
        if may_step_back and registered > p.root:
            return p.at("withdraw")
        seen = with_id(p.candidates, p.root if self.steps_back(p) else 0)
        q = self.start_reading(p, with_id(p.known, registered), seen)
        q = q.at("reread", registered=registered)
        return q if q.todo else self.reread_done(q)

    def reread(self, p: Process) -> Call:
        def then(message: Message) -> Process:
            q = self.note(p, p.todo[-1], message, deep=False)
            return q if q.todo else self.reread_done(q)
        return Call("message?", p.todo[-1], then)

    def reread_done(self, p: Process) -> Process:
        step_back = self.steps_back(p)
        known = with_ids(p.known, without(p.seen, (p.candidate,)))
        continued = with_ids(known, p.predecessors)
        if step_back and self.rules.rotation_steps_back and self.has_successor(p):
            return p.at("withdraw")
        continued = with_ids(continued, p.best.predecessors)
        if not step_back and self.is_longer(p.best, p.state, p.adopted):
            p = p._replace(state=p.best.state, adopted=p.best.root)
        if p.best.root:
            p = self.choose_bank(p)
        return p.at("activate", known=known, predecessors=continued, todo=(), seen=(),
                    best=Found(), latest=0, latest_bank=0, registered=0, undecided=False)

    def succeed_bank(self, p: Process) -> Process:
        step = 1 if self.rules.writes_next_bank else 0
        return p._replace(bank=(p.latest_bank + step) % BANKS)

    def choose_bank(self, p: Process) -> Process:
        if not p.root:
            return self.succeed_bank(p)
        return self.keep_clear(p) if p.best.writer != p.writer else p

    @staticmethod
    def keep_clear(p: Process) -> Process:
        """Ring::keep_clear_of the longest root."""
        return p._replace(bank=(p.bank + 1) % BANKS) if p.bank == p.best.bank else p

    def has_successor(self, p: Process) -> bool:
        """Vault::successor_in; the own roots are not among what was read, or are no longer."""
        return (p.latest > p.root
                or self.is_longer(p.best, p.state, p.root))

    def withdraw(self, p: Process) -> Call:
        return write(Operation("unpin", p.candidate), lambda _: ENDED)

    # ---- steps 6 to 8 ----

    @staticmethod
    def manifest(p: Process) -> Message:
        return Message(ACTIVE, p.predecessors, p.state, p.writer, p.bank)

    def activate(self, p: Process) -> Call:
        again = p.at("post", known=with_id(p.known, p.candidate), candidate=0)

        def then(done: int) -> Process:
            if not done:
                return again
            q = p.at("set register", root=p.candidate, known=again.known, candidate=0)
            return q if self.rules.writes_register else q.at("check", check_for="claim")
        operation = Operation("edit", p.candidate, self.manifest(p))
        repeats = not self.rules.rotates_after_unanswered_edit
        return write(operation, then, None if repeats else lambda: again)

    def set_register(self, p: Process) -> Call:
        return write(Operation("set register", p.root),
                     lambda _: p.at("check", check_for="claim"))

    def claimed(self, p: Process) -> Process:
        absorbed = without(with_ids(with_ids(p.absorbed, p.candidates), p.predecessors), (p.root,))
        todo = without(p.known, (p.root,)) if self.rules.unpins_absorbed else ()
        q = p.at("unpin absorbed", rotation_due=False, absorbing=False, dirty=False, candidates=(),
                 absorbed=absorbed, todo=todo, check_for="")
        return q if todo else self.claim_through(q)

    def unpin_absorbed(self, p: Process) -> Call:
        def then(_: int) -> Process:
            q = p._replace(todo=p.todo[1:])
            return q if q.todo else self.claim_through(q)
        return write(Operation("unpin", p.todo[0]), then, lambda: self.claim_through(p))

    # ---- step 12, CHECK: Vault::standing and Vault::check_now ----

    def check_now(self, p: Process, check_for: str) -> Process:
        if p.rotation_due:
            return self.rotate(p, check_for)
        return p.at("check", check_for=check_for)

    def check(self, p: Process) -> Call:
        def then(shown: Shown) -> Process:
            if shown.id > p.root:
                return self.hidden(p) if shown.message.kind == FOREIGN else ENDED
            own = shown.id == p.root
            if not self.rules.check_reads_register or own and not self.rules.own_pin_is_not_enough:
                return self.register_allows(p, own)
            return p.at("check register, own pin" if own else "check register")
        return Call("pin?", None, then)

    def check_register(self, p: Process) -> Call:
        def then(registered: int) -> Process:
            if registered > p.root:
                return ENDED
            moves_off = p.witnessed and self.rules.check_moves_off_turned_register
            if registered < p.root and moves_off:
                return self.hidden(p)
            return self.register_allows(p, p.step == "check register, own pin")
        return Call("register?", None, then)

    def register_allows(self, p: Process, own: bool) -> Process:
        """No higher root in the pin, nor in the register."""
        if own:
            return self.passed(p)
        return p.at("pin again") if self.rules.pins_again else ENDED

    def pin_again(self, p: Process) -> Call:
        return write(Operation("pin", p.root),
                     lambda done: p.at("check") if done else self.give_up(p))

    def passed(self, p: Process) -> Process:
        return self.claimed(p) if p.check_for == "claim" else self.check_through(p)

    def hidden(self, p: Process) -> Process:
        """A foreign pin above the own root."""
        if p.check_for == "claim":
            return p.at("post", check_for="", candidate=0)
        return self.rotate(p, p.check_for)
