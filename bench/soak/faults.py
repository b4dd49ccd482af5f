"""What goes wrong during a soak: a deck of faults that is shuffled and dealt again and again, so that every stretch of
a few minutes meets about the same ones."""
import itertools
import socket
import time

KINDS = ({"kind": "429", "retry_after": 1}, {"kind": "429", "retry_after": 3}, {"kind": "500"}, {"kind": "502"},
         {"kind": "drop_before"}, {"kind": "drop_after"}, {"kind": "cut", "bytes": 10},
         {"kind": "delay", "delay_ms": 700}, {"kind": "timeout", "delay_ms": 3000})
METHODS = ("getUpdates", "sendMessage", "editMessageMedia", "getChat", "getMyCommands", "setMyCommands", "file")
# Of every call; they last until the next fault.
OUTAGES = tuple({"method": "*", "kind": kind, "count": 1_000_000} for kind in ("drop_before", "502", "429"))
VISITORS = (None,) * 5
DECK = (*({"method": method, **how} for method in METHODS for how in KINDS), *OUTAGES,
        {"method": "getUpdates", "kind": "second_poller"}, *VISITORS)
EVERY_S = (1, 5)
MOST_VISITORS = 10
VISITOR_PATIENCE_S = 5


class Faults:
    """Those that one program meets. A visitor asks its own port for half a page and stays a while."""

    def __init__(self, world, bot, random):
        self._world, self._bot = world, bot
        cards = [each for each in DECK if each is None or each["method"] != "getUpdates" or bot.polls]
        self._cards = itertools.chain.from_iterable(random.sample(cards, len(cards)) for _ in itertools.count())
        self._random, self._due = random, 0.0
        self._visitors = []
        self._dealt = 0

    def go_on(self):
        """The next one, when it is due."""
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + self._random.uniform(*EVERY_S)
        self._dealt += 1
        self._world.end_outage()
        fault = next(self._cards)
        if fault is None:
            self._visit()
        else:
            self._world.fault(**fault)

    def met(self):
        """How many; the others wait for their call."""
        return self._dealt - len(self._world.waiting_faults())

    def _visit(self):
        visitor = socket.create_connection(("127.0.0.1", self._bot.port), VISITOR_PATIENCE_S)
        visitor.sendall(b"GET /metrics HTTP/1.1\r\nHo")
        self._visitors.append(visitor)
        if len(self._visitors) > MOST_VISITORS:
            self._visitors.pop(0).close()

    def end(self):
        self._world.no_more_faults()
        while self._visitors:
            self._visitors.pop().close()
