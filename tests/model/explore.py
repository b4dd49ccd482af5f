"""Every state that processes, faults and time can lead to, breadth first: traces are shortest.

What is held at every state: if every process died now, a process that starts alone would restore
every confirmed update, each once, and without a hole before it; and no two processes edit one
bank of the ring.
"""
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Callable, Iterator, NamedTuple

from chat import ACTIVE, Chat, FOREIGN, Message, Operation, perform
from process import Call, Process, Rules, STARTING, Shown
from protocol import FINAL, Protocol
from reign import POLLING, UNDECIDED, WEBHOOK

LATE_VERBS = ("edit", "pin", "unpin", "set register", "confirm below")
EARLIER_UPDATES = (1,)  # applied and confirmed before the run begins


class Faults(NamedTuple):
    """How often each may happen in a run."""
    crash: int = 0
    late: int = 0  # a call without an answer, whose effect comes at any later time, or never
    lost_pin: int = 0
    hidden_pin: int = 0  # getChat shows none once
    stale_pin: int = 0
    stale_register: int = 0
    stale_read: int = 0  # a root as it was before its last edit
    foreign_pin: int = 0  # somebody pins a message of their own
    aged: int = 0  # the root is too old: the next commit rotates
    conflict: int = 0  # a 409: CHECK without a commit
    given_up: int = 0  # an operation past its deadline

    def spend(self, name: str) -> "Faults":
        return self._replace(**{name: getattr(self, name) - 1})


@dataclass(frozen=True)
class Run:
    name: str
    starters: int = 1
    old_writer: bool = True  # runs from the beginning
    empty: bool = False  # no root yet: the store is new
    held_up: bool = False  # one was overtaken before it registered; the other commits
    one_at_a_time: bool = False  # who starts does so after the end of the one before
    updates: int = 2  # that have not been confirmed at the beginning
    page: int = 1  # updates a page holds
    delivery: str = POLLING
    faults: Faults = Faults()
    late: tuple[str, ...] = LATE_VERBS
    rules: Rules = Rules()
    may_ask: bool = False  # a start that asks for a decision is no violation


class World(NamedTuple):
    chat: Chat
    late: tuple[Operation, ...]
    processes: tuple[Process, ...]
    unstarted: int
    faults: Faults


@dataclass
class Outcome:
    states: int = 0
    seconds: float = 0.0
    exhausted: bool = False
    violation: str = ""
    trace: list[str] = field(default_factory=list)


def beginning(run: Run) -> World:
    faults = run.faults
    remembers = bool(faults.stale_pin or faults.stale_register or faults.stale_read)
    chat = Chat(remembers=remembers)
    if not run.empty:
        chat = chat._replace(messages=(Message(ACTIVE, (), EARLIER_UPDATES, writer=1),), pins=(1,),
                             register=1, confirmed=EARLIER_UPDATES)
    old = Process(step="serve", root=1, writer=1, state=EARLIER_UPDATES, witnessed=True)
    if run.held_up:
        roots = (Message(ACTIVE, writer=1), Message(ACTIVE, (1,), writer=2, bank=1))
        chat = chat._replace(messages=roots, pins=(2,), register=2)
        old = Process(step="set register", root=1, writer=1, known=(1,), claim_for="open")
        young = Process(step="commit", root=2, writer=2, bank=1, predecessors=(1,), absorbed=(1,),
                        witnessed=True, edits=True, page=(1,), state=(1,), dirty=True)
        return World(chat, (), (old, young), run.starters, faults)
    return World(chat, (), (old,) if run.old_writer else (), run.starters, faults)


class Exploration:
    """Without `is_next_start` the run itself, with it what a process finds that starts after it."""

    def __init__(self, run: Run, is_next_start: bool = False):
        self.run = run
        self.protocol = Protocol(run.rules, run.delivery)
        first = 1 if run.empty else len(EARLIER_UPDATES) + 1
        self.queue = tuple(range(1, first + run.updates + is_next_start))
        self.next_start = None if is_next_start else Exploration(run, is_next_start=True)
        self._verdicts: dict[tuple, str] = {}

    # ---- calls and what they may meet ----

    def queued(self, chat: Chat) -> tuple[int, ...]:
        return tuple(each for each in self.queue if each not in chat.confirmed)

    def answers(self, chat: Chat, faults: Faults, call: Call) -> Iterator[tuple]:
        """Of a reading call: how it is named, the process afterwards, faults left."""
        verb, argument, then, _ = call
        if verb == "pin?":
            yield f"shown #{chat.shown}", then(Shown(chat.shown, chat.message(chat.shown))), faults
            if faults.hidden_pin and chat.shown:
                yield "shown no pin (HIDDEN)", then(Shown(0)), faults.spend("hidden_pin")
            before = chat.shown_before
            if faults.stale_pin and before not in (0, chat.shown):
                yield (f"shown #{before} (STALE)", then(Shown(before, chat.message(before))),
                       faults.spend("stale_pin"))
        elif verb == "message?":
            message = chat.message(argument)
            yield f"reads #{argument}: {show(message)}", then(message), faults
            number, before = chat.edited_before
            if faults.stale_read and number == argument:
                yield (f"reads #{argument} (STALE): {show(before)}", then(before),
                       faults.spend("stale_read"))
        else:
            read = then if verb == "register?" else lambda register: then(chat, register)
            also = "" if verb == "register?" else ", and all roots named"
            yield f"reads the register: #{chat.register}{also}", read(chat.register), faults
            before = chat.register_before
            if faults.stale_register and before not in (0, chat.register):
                yield (f"reads the register (STALE): #{before}{also}", read(before),
                       faults.spend("stale_register"))

    def writes(self, world: World, call: Call, process: Process) -> Iterator[tuple]:
        """Of a call that changes something: name, process, and what becomes of the world."""
        verb, argument, then, unanswered = call
        chat, faults = world.chat, world.faults
        if verb == "poll":
            operation = Operation("confirm below", argument) if argument else None
            after = perform(chat, operation)[0] if operation else chat
            page = self.queued(after)[:self.run.page]
            name = f"polls with offset {argument or 'none'}: {page}"
            yield name, then(page), world._replace(chat=after)
        else:
            operation = argument
            after, answer = perform(chat, operation)
            name = describe(operation, answer)
            yield name, then(answer), world._replace(chat=after)
        if faults.late and operation and operation.verb in self.run.late:
            late = tuple(sorted(world.late + (operation,)))
            process = unanswered() if unanswered else process
            yield (f"{name} -- NO ANSWER, effect later or never", process,
                   world._replace(late=late, faults=faults.spend("late")))

    def moves(self, world: World, p: Process) -> Iterator[tuple]:
        if p.step == "serve" and self.run.delivery == WEBHOOK:
            for update in self.queued(world.chat):
                yield f"is delivered {update}", self.protocol.deliver(p, update), world
            return
        call = self.protocol.calls(p)
        if call.verb in ("write", "poll"):
            yield from self.writes(world, call, p)
            return
        for name, process, faults in self.answers(world.chat, world.faults, call):
            yield name, process, world if faults is world.faults else world._replace(faults=faults)

    def own_faults(self, world: World, p: Process) -> Iterator[tuple]:
        faults = world.faults
        if faults.crash and p.root | p.candidate:
            yield "CRASHES", FINAL[0], world._replace(faults=faults.spend("crash"))
        if faults.conflict and p.step == "serve":
            polled = p._replace(offset=0)
            yield ("is told of a CONFLICT", self.protocol.check_now(polled, "conflict"),
                   world._replace(faults=faults.spend("conflict")))
        if faults.aged and p.step == "commit":
            yield ("finds its root too OLD", self.protocol.rotate(p, "commit"),
                   world._replace(faults=faults.spend("aged")))
        if faults.given_up and (p.claim_for or p.check_for) and p.claim_for != "open":
            yield ("GIVES the operation UP", self.protocol.give_up(p),
                   world._replace(faults=faults.spend("given_up")))

    def around(self, world: World) -> Iterator[tuple[str, World]]:
        """What happens without a process."""
        chat, late, _, _, faults = world
        for index, operation in enumerate(late):
            if index and late[index - 1] == operation:
                continue
            after, done = perform(chat, operation)
            yield (f"LATE: {describe(operation, done)}",
                   world._replace(chat=after, late=late[:index] + late[index + 1:]))
        if faults.lost_pin and chat.pins:
            after, _ = perform(chat, Operation("unpin", chat.shown))
            yield (f"pin of #{chat.shown} is LOST",
                   world._replace(chat=after, faults=faults.spend("lost_pin")))
        if faults.foreign_pin:
            after, number = perform(chat, Operation("post", content=Message(FOREIGN)))
            after, _ = perform(after, Operation("pin", number))
            yield (f"somebody pins #{number}",
                   world._replace(chat=after, faults=faults.spend("foreign_pin")))

    def successors(self, world: World) -> Iterator[tuple[str, World]]:
        yield from self.around(world)
        processes = world.processes
        for index, p in enumerate(processes):
            others = processes[:index] + processes[index + 1:]
            for moves in (self.moves(world, p), self.own_faults(world, p)):
                for name, process, after in moves:
                    yield f"{who(p)} {name}", after._replace(processes=among(others, process))
        if world.unstarted and not (processes and self.run.one_at_a_time):
            started = world._replace(unstarted=world.unstarted - 1)
            for name, process, after in self.moves(started, STARTING):
                yield f"a process starts, {name}", after._replace(
                    processes=among(processes, process))

    # ---- what has to hold ----

    def violation(self, before: World, after: World) -> str:
        """Empty, or what is wrong with a state that has just come about."""
        if after.processes != before.processes and one_bank_twice(after.processes):
            return "two processes write one bank of the ring"
        return self.verdict(after.chat) if after.chat != before.chat else ""

    def verdict(self, chat: Chat) -> str:
        """Empty, or what is wrong with what the next start alone would restore."""
        key = chat[:4]
        known = self._verdicts.get(key)
        if known is None:
            known = self._verdicts[key] = self._judge(chat)
        return known

    def _judge(self, chat: Chat) -> str:
        p = self.next_start.started_alone(chat._replace(remembers=False))
        if p == UNDECIDED:
            return "" if self.run.may_ask else "the next start asks for a decision"
        if p in FINAL:
            return "the next start fails"
        if len(set(p.state)) != len(p.state):
            return f"applied twice: {p.state}"
        lost = set(chat.confirmed) - set(p.state)
        if lost:
            return f"confirmed and lost: {sorted(lost)}, the next start restores {p.state}"
        if self.run.delivery == POLLING and p.state != tuple(range(1, len(p.state) + 1)):
            return f"skipped for ever: the next start restores {p.state}"
        return ""

    def started_alone(self, chat: Chat) -> Process:
        """A fresh process up to where it has applied its first page; one update more is there."""
        world = World(chat, (), (), 0, Faults())
        plain = chat.message(chat.shown).kind != FOREIGN
        p = STARTING
        while p not in FINAL and not p.witnessed:
            fits = p.state and p.state[-1] + 1 >= self.queued(world.chat)[0]
            if p.step == "serve" and fits:
                break
            if p.step == "post" and plain and (fits or self.run.delivery == WEBHOOK):
                break  # alone, its claim reads what the survey has read
            _, p, world = next(self.moves(world, p))
        return p

    # ---- the search ----

    def explore(self, max_states: int, observe: Callable[[World, bool], None] | None = None
                ) -> Outcome:
        begun = time.monotonic()
        start = beginning(self.run)
        parents: dict[World, World | None] = {start: None}
        waiting = deque([start])
        outcome = Outcome()
        while waiting and len(parents) < max_states and not outcome.violation:
            world = waiting.popleft()
            last = True
            for _, after in self.successors(world):
                last = last and after == world
                if after in parents:
                    continue
                parents[after] = world
                outcome.violation = self.violation(world, after)
                if outcome.violation:
                    outcome.trace = self.trace(parents, after)
                    break
                waiting.append(after)
            if observe:
                observe(world, last)
        outcome.states = len(parents)
        outcome.exhausted = not waiting and not outcome.violation
        outcome.seconds = time.monotonic() - begun
        return outcome

    def trace(self, parents: dict, world: World) -> list[str]:
        lines: list[str] = []
        while (before := parents[world]) is not None:
            name = next(name for name, after in self.successors(before) if after == world)
            lines.append(name)
            world = before
        return lines[::-1]


def among(others: tuple[Process, ...], process: Process) -> tuple[Process, ...]:
    """Processes have no order, and those that have ended no place."""
    if process in FINAL:
        return others
    return tuple(sorted(others + (process,))) if others else (process,)


def one_bank_twice(processes: tuple[Process, ...]) -> bool:
    """Whether two may overwrite each other's objects."""
    banks = [p.bank for p in processes if p.edits]
    return len(set(banks)) < len(banks)


def who(p: Process) -> str:
    if p.root and p.candidate:
        return f"writer of #{p.root} (candidate #{p.candidate}), {p.step}:"
    if p.root:
        return f"writer of #{p.root}, {p.step}:"
    candidate = f" (candidate #{p.candidate})" if p.candidate else ""
    return f"starter{candidate}, {p.step}:"


def show(message: Message) -> str:
    return f"{message.kind} {message.state} after {message.predecessors}"


def describe(operation: Operation, answer: int) -> str:
    verb, target, content = operation
    if verb == "post":
        return f"posts #{answer}: {show(content)}"
    if verb == "edit":
        return f"edits #{target}: {show(content)}" + ("" if answer else ", which is gone")
    what = {"set register": "sets the register to #", "confirm": "confirms ",
            "confirm below": "confirms below "}
    return what.get(verb, f"{verb}s #") + str(target)
