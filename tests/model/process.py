"""A process of the bot, the rules it follows, and the form of a call that it awaits."""
from dataclasses import dataclass
from typing import Callable, NamedTuple

from chat import Ids, Message, NOTHING, Operation


@dataclass(frozen=True)
class Rules:
    """The protocol's rules; a mutation is a run without one of them."""
    # Opening and claims
    uncovers_before_judging: bool = True
    reads_again_after_pin: bool = True
    reads_register_after_pin: bool = True
    looks_under_before_pin: bool = True
    writes_register: bool = True
    unpins_absorbed: bool = True
    writes_next_bank: bool = True
    registered_is_active: bool = True
    rotates_after_unanswered_edit: bool = True
    rotation_steps_back: bool = True
    # CHECK and confirming
    checks_before_confirming: bool = True
    pins_again: bool = True
    check_reads_register: bool = True
    own_pin_is_not_enough: bool = True
    check_moves_off_turned_register: bool = True
    skips_applied: bool = True
    # The gap
    sees_gaps: bool = True
    first_page_is_a_gap_when_blind: bool = True
    gap_reads_named: bool = True
    gap_reads_register: bool = True
    gap_looks_below: bool = True
    gap_looks_twice: bool = True
    gap_moves_off_turned_register: bool = True
    gap_moves_after_unanswered_unpin: bool = True


class Found(NamedTuple):
    """An active root that was read."""
    root: int = 0
    state: Ids = ()
    predecessors: Ids = ()
    writer: int = 0
    bank: int = 0


class Process(NamedTuple):
    """Named after the members of Vault where they are the same."""
    step: str = "survey pin"
    root: int = 0  # the own one; 0 before the first claim
    state: Ids = ()
    adopted: int = 0  # the root that the state was taken from
    writer: int = 0  # its first candidate's number
    bank: int = 0
    edits: bool = False  # has begun to edit its bank
    predecessors: Ids = ()  # what the manifest in memory names
    absorbed: Ids = ()
    candidates: Ids = ()  # posted by claims since the own root
    witnessed: bool = False
    rotation_due: bool = False
    absorbing: bool = False
    dirty: bool = False  # something is applied, but not committed
    page: Ids = ()  # polled, not dealt with
    offset: int = 0  # due with the next poll; 0 for none
    # Of an operation under way
    claim_for: str = ""
    check_for: str = ""
    known: Ids = ()
    candidate: int = 0
    registered: int = 0
    foreign: int = 0  # somebody else's pin, to be taken away
    todo: Ids = ()
    seen: Ids = ()
    best: Found = Found()
    latest: int = 0
    latest_bank: int = 0
    undecided: bool = False  # something was read that is not there: no proof of an empty store

    def at(self, step: str, **changes) -> "Process":
        return self._replace(step=step, **changes)

    def idle(self, step: str, **changes) -> "Process":
        """Forgets the operation that has ended."""
        return self._replace(step=step, claim_for="", check_for="", known=(), candidate=0,
                             registered=0, foreign=0, todo=(), seen=(), best=Found(),
                             latest=0, latest_bank=0, undecided=False)._replace(**changes)


STARTING = Process()
ENDED = Process(step="ended")


class Shown(NamedTuple):
    """The pin as getChat shows it, with the message's document at that moment."""
    id: int
    message: Message = NOTHING


class Call(NamedTuple):
    """What a process awaits. Without `unanswered` a call that gets no answer is made again."""
    verb: str
    argument: object
    then: Callable[..., Process]
    unanswered: Callable[[], Process] | None = None


def write(operation: Operation, then: Callable[[int], Process],
          unanswered: Callable[[], Process] | None = None) -> Call:
    return Call("write", operation, then, unanswered)
