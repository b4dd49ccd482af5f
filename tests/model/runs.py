"""The named runs: who starts, what may happen, and what is to be expected."""
from dataclasses import replace

from explore import Faults, Run
from process import Rules
from reign import WEBHOOK


def two_starters(name: str, **settings) -> Run:
    return Run(name, starters=2, old_writer=False, **settings)


ONE_NEW = Run("one takes over", updates=3)
ONE_NEW_PAGES = Run("one takes over, pages of two", updates=3, page=2)
CRASHES = Run("one takes over, two crashes", updates=3, faults=Faults(crash=2))
CONFLICTS = Run("one takes over, two conflicts", updates=3, faults=Faults(conflict=2))
STALE_READS = Run("one takes over, two stale reads", updates=3, faults=Faults(stale_read=2))
STALE_REGISTER = Run("one takes over, two stale registers", updates=3,
                     faults=Faults(stale_register=2))
FOREIGN_PIN = Run("one takes over, a foreign pin", faults=Faults(foreign_pin=1))
ROTATION = Run("one takes over, a rotation", faults=Faults(aged=1))
TWO_ROTATIONS = Run("one takes over, two rotations", faults=Faults(aged=2))
GIVEN_UP = Run("one takes over, two operations given up", faults=Faults(given_up=2))
LATE = Run("one takes over, a late effect", faults=Faults(late=1))
LATE_LONG = Run("one takes over, a late effect, three updates", updates=3, faults=Faults(late=1))
LATE_CRASH = Run("one takes over, a late effect and a crash", faults=Faults(late=1, crash=1))
LATE_ROTATION = Run("one takes over, a late effect and a rotation",
                    faults=Faults(late=1, aged=1))
LATE_STALE = Run("one takes over, a late effect and a stale read", updates=1,
                 faults=Faults(late=1, stale_read=1))
LATE_GIVEN_UP = Run("one takes over, a late effect, one given up", updates=1,
                    faults=Faults(late=1, given_up=1))
TWO_LATE = Run("one takes over, two late effects", updates=1, faults=Faults(late=2))
TWO_LATE_EDITS = Run("one takes over, two late edits or registers", faults=Faults(late=2),
                     late=("edit", "set register"))
LOST_PIN = Run("one takes over, a lost pin", updates=3, faults=Faults(lost_pin=1))
ALONE = Run("one at a time, pin lost, pin hidden", starters=2, one_at_a_time=True,
            faults=Faults(crash=2, lost_pin=1, hidden_pin=1))
ALONE_FOREIGN = Run("one at a time, pins lost, foreign pin", starters=2, one_at_a_time=True,
                    faults=Faults(crash=2, lost_pin=2, foreign_pin=1))
TOGETHER = two_starters("two start together")
TOGETHER_CRASH = two_starters("two start together, two crashes", faults=Faults(crash=2))
TOGETHER_LATE = two_starters("two start together, a late effect", updates=1,
                             faults=Faults(late=1))
TOGETHER_NEW = two_starters("two start together, the store is new", empty=True)
TWO_NEW = Run("two take over", starters=2, updates=1)
TWO_NEW_LONG = Run("two take over, two updates", starters=2)
TWO_NEW_CRASH = Run("two take over, a crash", starters=2, updates=1, faults=Faults(crash=1))
TWO_NEW_LATE = Run("two take over, a late effect", starters=2, updates=1, faults=Faults(late=1))
TWO_NEW_ROTATION = Run("two take over, a rotation; a start may ask", starters=2, updates=1,
                       faults=Faults(aged=1), may_ask=True)
THREE = Run("three start together; a start may ask", starters=3, old_writer=False, updates=1,
            may_ask=True)
HOOK = Run("webhook, one takes over", delivery=WEBHOOK)
HOOK_CRASH = Run("webhook, one takes over, two crashes", delivery=WEBHOOK, faults=Faults(crash=2))
HOOK_LATE = Run("webhook, one takes over, a late effect", delivery=WEBHOOK, faults=Faults(late=1))
HOOK_ROTATION = Run("webhook, one takes over, a rotation", delivery=WEBHOOK,
                    faults=Faults(aged=1))
HOOK_TOGETHER = two_starters("webhook, two start together", delivery=WEBHOOK)
HOOK_TWO_NEW = Run("webhook, two take over", starters=2, updates=1, delivery=WEBHOOK)
HOOK_TWO_NEW_LATE = Run("webhook, two take over, a late effect", starters=2, updates=1,
                        delivery=WEBHOOK, faults=Faults(late=1))

SAFE = [each for each in list(globals().values()) if isinstance(each, Run)]
