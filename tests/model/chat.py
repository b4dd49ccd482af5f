"""The chat and the update queue as every process sees them: Telegram's side of the protocol.

Messages have ids that grow; of several pins the highest is shown; the register names one root; the
queue forgets what was confirmed. Each operation is atomic. What the chat showed before its last
change is kept where a run allows stale answers.
"""
from typing import NamedTuple

Ids = tuple[int, ...]  # sorted, without repetition

CANDIDATE = "candidate"
ACTIVE = "active"
FOREIGN = "foreign"  # somebody else's message, which can only be pinned
GONE = "gone"  # deleted


class Message(NamedTuple):
    kind: str
    predecessors: Ids = ()
    state: Ids = ()  # applied updates, in the order they were applied
    writer: int = 0
    bank: int = 0  # of the ring, that its writer writes

    @property
    def is_root(self) -> bool:
        return self.kind in (CANDIDATE, ACTIVE)


NOTHING = Message(GONE)


class Operation(NamedTuple):
    """A call that changes something: verb, message or update, and what is written."""
    verb: str
    target: int = 0
    content: Message = NOTHING


class Chat(NamedTuple):
    messages: tuple[Message, ...] = ()  # message id - 1 is the index
    pins: Ids = ()
    register: int = 0
    confirmed: Ids = ()  # updates
    remembers: bool = False  # whether stale answers are possible
    shown_before: int = 0
    register_before: int = 0
    edited_before: tuple[int, Message] = (0, NOTHING)

    @property
    def shown(self) -> int:
        return self.pins[-1] if self.pins else 0

    def message(self, number: int) -> Message:
        return self.messages[number - 1] if number else NOTHING


def with_id(ids: Ids, number: int) -> Ids:
    return ids if number in ids or not number else tuple(sorted(ids + (number,)))


def with_ids(ids: Ids, more: Ids) -> Ids:
    return tuple(sorted({*ids, *more} - {0}))


def without(ids: Ids, numbers: Ids) -> Ids:
    return tuple(each for each in ids if each not in numbers)


def _with_pins(chat: Chat, pins: Ids) -> Chat:
    changed = chat._replace(pins=pins)
    if chat.remembers and changed.shown != chat.shown:
        return changed._replace(shown_before=chat.shown)
    return changed


def _with_message(chat: Chat, number: int, message: Message) -> Chat:
    messages = chat.messages
    before = messages[number - 1]
    chat = chat._replace(messages=messages[:number - 1] + (message,) + messages[number:])
    if chat.remembers and message != before:
        return chat._replace(edited_before=(number, before))
    return chat


def perform(chat: Chat, operation: Operation) -> tuple[Chat, int]:
    """The chat afterwards and the answer: the new message's id, or whether it was done."""
    verb, target, content = operation
    if verb == "post":
        return chat._replace(messages=chat.messages + (content,)), len(chat.messages) + 1
    if verb in ("edit", "pin") and chat.message(target).kind == GONE:
        return chat, 0
    if verb == "edit":
        return _with_message(chat, target, content), 1
    if verb == "pin":
        return _with_pins(chat, with_id(chat.pins, target)), 1
    if verb == "unpin":
        return _with_pins(chat, without(chat.pins, (target,))), 1
    if verb == "delete":
        chat = _with_pins(chat, without(chat.pins, (target,)))
        return _with_message(chat, target, NOTHING), 1
    if verb == "set register":
        before = chat.register if chat.remembers else 0
        return chat._replace(register=target, register_before=before), 1
    if verb == "confirm":
        return chat._replace(confirmed=with_id(chat.confirmed, target)), 1
    assert verb == "confirm below", verb  # the offset of getUpdates
    return chat._replace(confirmed=with_ids(chat.confirmed, tuple(range(1, target)))), 1
