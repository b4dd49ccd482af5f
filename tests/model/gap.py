"""A page that begins beyond what the state holds: steps 13 and 14 (src/vault/vault_gap.cc)."""
from chat import FOREIGN, Ids, Message, Operation, with_id, with_ids, without
from process import Call, ENDED, Process, Shown, write
from reign import Reign

FIRST = "gap, first reading"
BELOW = "gap, below"
SECOND = "gap, second reading"


class Gap(Reign):
    def resolve_gap(self, p: Process) -> Process:
        return self.check_now(p, FIRST)

    # ---- Vault::absorb_named, from its CHECK on ----

    def gap_checked(self, p: Process, reading: str) -> Process:
        p = p.idle("gap register", claim_for=reading)
        return p if self.rules.gap_reads_register else self.read_named(p, p.root)

    def gap_register(self, p: Process) -> Call:
        def then(registered: int) -> Process:
            if p.witnessed and registered > p.root:
                return ENDED
            return self.read_named(p, registered)
        return Call("register?", None, then)

    def read_named(self, p: Process, registered: int) -> Process:
        named = with_ids(p.absorbed, p.predecessors) if self.rules.gap_reads_named else ()
        return self.absorb_from(p._replace(registered=registered), with_id(named, registered))

    def absorb_from(self, p: Process, roots: Ids) -> Process:
        q = self.start_reading(p, roots, with_id((), p.root)).at("gap read")
        return q if q.todo else self.gap_read_done(q)

    def gap_read(self, p: Process) -> Call:
        def then(message: Message) -> Process:
            q = self.note(p, p.todo[-1], message, deep=True)
            return q if q.todo else self.gap_read_done(q)
        return Call("message?", p.todo[-1], then)

    def gap_read_done(self, p: Process) -> Process:
        reach = max(p.best.state, default=0)
        if self.is_longer(p.best, p.state, p.adopted) and reach > max(p.state, default=0):
            if not p.witnessed:
                return self.absorb_longer(p)
            if p.best.root > p.root:
                return ENDED
        turned = p.registered != p.root and p.claim_for != BELOW and not p.witnessed
        if turned and self.rules.gap_moves_off_turned_register:
            return self.rotate(p, p.claim_for + ", moved")
        return self.gap_reading_through(p, p.claim_for)

    def absorb_longer(self, p: Process) -> Process:
        p = p._replace(state=p.best.state, adopted=p.best.root, rotation_due=True, absorbing=True,
                       absorbed=with_ids(p.absorbed, without(p.seen, (p.root,))))
        p = self.keep_clear(p)
        return self.claim(p, known=p.seen, claim_for="absorb")

    def gap_reading_through(self, p: Process, reading: str) -> Process:
        if reading == FIRST and not p.witnessed and self.rules.gap_looks_below:
            p = p.idle("unpin named", todo=p.predecessors)
            return p if p.todo else p.at("unpin own")
        if reading == BELOW and self.rules.gap_looks_twice:
            return self.check_now(p, SECOND)
        if reading == BELOW:
            return self.check_now(p, BELOW)
        return self.accept_gap(p)

    # ---- Vault::absorb_from_below ----

    def unpin_named(self, p: Process) -> Call:
        def then(_: int) -> Process:
            q = p._replace(todo=p.todo[1:])
            return q if q.todo else q.at("unpin own")
        return write(Operation("unpin", p.todo[0]), then)

    def unpin_own(self, p: Process) -> Call:
        moves = self.rules.gap_moves_after_unanswered_unpin
        return write(Operation("unpin", p.root), lambda _: p.at("look below"),
                     lambda: p._replace(rotation_due=p.rotation_due or moves))

    def look_below(self, p: Process) -> Call:
        def then(shown: Shown) -> Process:
            below = shown.id
            if shown.message.kind == FOREIGN:
                return p.at("unpin foreign below", foreign=below)
            if below == p.root:
                return p.at("unpin own")
            if not below or below > p.root:
                return self.gap_reading_through(p.idle("look below"), BELOW)
            q = p.idle("gap read", claim_for=BELOW, absorbed=with_id(p.absorbed, below))
            return self.absorb_from(q, with_id((), below))
        return Call("pin?", None, then)

    def unpin_foreign_below(self, p: Process) -> Call:
        return write(Operation("unpin", p.foreign), lambda _: p.at("look below", foreign=0))
