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
STALE_PIN = Run("one takes over, a stale pin", updates=3, faults=Faults(stale_pin=1))
STALE_PINS = Run("one takes over, two stale pins", updates=3, faults=Faults(stale_pin=2))
STALE_PIN_READ = Run("one takes over, a stale pin and a stale read", updates=3,
                     faults=Faults(stale_pin=1, stale_read=1))
STALE_PIN_LOST = Run("one takes over, a stale and a lost pin",
                     faults=Faults(stale_pin=1, lost_pin=1))
STALE_PIN_ROTATION = Run("one takes over, a stale pin and a rotation",
                         faults=Faults(stale_pin=1, aged=1))
LOST_PIN = Run("one takes over, a lost pin", updates=3, faults=Faults(lost_pin=1))
LOST_PIN_ALONE = Run("one takes over, a lost pin, CHECK reads the pin alone", updates=3,
                     faults=Faults(lost_pin=1), rules=Rules(own_pin_is_not_enough=False))
LOST_PINS = Run("one takes over, two lost pins", updates=3, faults=Faults(lost_pin=2))
LOST_HIDDEN = Run("one takes over, a lost and a hidden pin",
                  faults=Faults(lost_pin=1, hidden_pin=1))
ALONE = Run("one at a time, pin lost, pin hidden", starters=2, one_at_a_time=True,
            faults=Faults(crash=2, lost_pin=1, hidden_pin=1))
ALONE_STALE = Run("one at a time, a stale pin and a stale read", starters=2, one_at_a_time=True,
                  faults=Faults(crash=2, stale_pin=1, stale_read=1))
ALONE_LATE = Run("one at a time, a late effect and a hidden pin", starters=2, updates=1,
                 one_at_a_time=True, faults=Faults(crash=2, late=1, hidden_pin=1))
ALONE_FOREIGN = Run("one at a time, pins lost, foreign pin", starters=2, one_at_a_time=True,
                    faults=Faults(crash=2, lost_pin=2, foreign_pin=1))
ALONE_NEW = Run("one at a time, the store is new, a foreign pin; a start may ask", starters=2,
                old_writer=False, empty=True, one_at_a_time=True,
                faults=Faults(crash=1, foreign_pin=1), may_ask=True)
FOREIGN_ROTATION = Run("one takes over, a foreign pin and a rotation", updates=1,
                       faults=Faults(foreign_pin=1, aged=1))
STALE_FOREIGN = Run("one takes over, a stale read and a foreign pin", updates=1,
                    faults=Faults(stale_read=1, foreign_pin=1))
TOGETHER = two_starters("two start together")
TOGETHER_CRASH = two_starters("two start together, two crashes", faults=Faults(crash=2))
TOGETHER_LATE = two_starters("two start together, a late effect", updates=1,
                             faults=Faults(late=1))
TOGETHER_FOREIGN = two_starters("two start together, a foreign pin", updates=1,
                                faults=Faults(foreign_pin=1))
TOGETHER_STALE_PIN = two_starters("two start together, a stale pin; a start may ask", updates=1,
                                  faults=Faults(stale_pin=1), may_ask=True)
TOGETHER_NEW = two_starters("two start together, the store is new", empty=True)
TWO_NEW = Run("two take over", starters=2, updates=1)
TWO_NEW_LONG = Run("two take over, two updates", starters=2)
TWO_NEW_CRASH = Run("two take over, a crash", starters=2, updates=1, faults=Faults(crash=1))
TWO_NEW_LATE = Run("two take over, a late effect", starters=2, updates=1, faults=Faults(late=1))
TWO_NEW_STALE_PIN = Run("two take over, a stale pin; a start may ask", starters=2, updates=1,
                        faults=Faults(stale_pin=1), may_ask=True)
TWO_NEW_ROTATION = Run("two take over, a rotation; a start may ask", starters=2, updates=1,
                       faults=Faults(aged=1), may_ask=True)
THREE = Run("three start together; a start may ask", starters=3, old_writer=False, updates=1,
            may_ask=True)
TOGETHER_NEW_STALE = two_starters("two start together, the store is new, a stale read",
                                  empty=True, faults=Faults(stale_read=1))
TOGETHER_STALE_READ = two_starters("two start together, a stale read", faults=Faults(stale_read=1))
TOGETHER_NEW_LATE_UNPIN = two_starters("two start together, the store is new, a late unpin",
                                       empty=True, updates=1, faults=Faults(late=1),
                                       late=("unpin",))
HELD_UP = Run("one registers after it was overtaken, another one takes over", empty=True,
              held_up=True)
HOOK = Run("webhook, one takes over", delivery=WEBHOOK)
HOOK_CRASH = Run("webhook, one takes over, two crashes", delivery=WEBHOOK, faults=Faults(crash=2))
HOOK_LATE = Run("webhook, one takes over, a late effect", delivery=WEBHOOK, faults=Faults(late=1))
HOOK_ROTATION = Run("webhook, one takes over, a rotation", delivery=WEBHOOK,
                    faults=Faults(aged=1))
HOOK_TOGETHER = two_starters("webhook, two start together", delivery=WEBHOOK)
HOOK_TWO_NEW = Run("webhook, two take over", starters=2, updates=1, delivery=WEBHOOK)

SAFE = [each for each in list(globals().values()) if isinstance(each, Run)]


def without(rule: str, base: Run) -> Run:
    """The run has to be safe with the rule."""
    rules = replace(base.rules, **{rule: False})
    return replace(base, name=f"no {rule} ({base.name})", rules=rules)


MUTATIONS = [
    without("reads_again_after_pin", LATE_LONG),
    without("reads_register_after_pin", LOST_PIN),
    without("looks_under_before_pin", TWO_NEW),
    without("writes_register", TOGETHER),
    without("uncovers_before_judging", FOREIGN_ROTATION),
    without("unpins_absorbed", LOST_PIN_ALONE),  # else the register makes up for it
    without("writes_next_bank", ONE_NEW),
    without("registered_is_active", TOGETHER_STALE_READ),
    without("rotates_after_unanswered_edit", LATE),
    without("rotation_steps_back", ONE_NEW),
    without("checks_before_confirming", ONE_NEW),
    without("pins_again", TOGETHER_NEW),
    without("check_reads_register", LOST_PIN),
    without("own_pin_is_not_enough", STALE_PIN),
    without("check_moves_off_turned_register", HELD_UP),
    without("skips_applied", ONE_NEW),
    without("sees_gaps", STALE_READS),
    without("first_page_is_a_gap_when_blind", TOGETHER_NEW_STALE),
    without("gap_reads_named", STALE_READS),
    without("gap_reads_register", TOGETHER_NEW),
    without("gap_looks_below", TWO_NEW_ROTATION),
    without("gap_looks_twice", TOGETHER_NEW),
    without("gap_moves_off_turned_register", TOGETHER_NEW),
    without("gap_moves_after_unanswered_unpin", TOGETHER_NEW_LATE_UNPIN),
]

NOT_PROMISED = [
    two_starters("a lost pin while two start together", updates=1, faults=Faults(lost_pin=1)),
    Run("a lost pin while a rotation and a start overlap", faults=Faults(lost_pin=1, aged=1)),
    Run("a lost pin and a register turned back late", starters=2, one_at_a_time=True, updates=1,
        faults=Faults(crash=2, late=1, lost_pin=1), late=("set register",)),
    Run("stale pin and stale reads", faults=Faults(stale_pin=1, stale_read=2)),
    Run("webhook, a stale pin", updates=1, delivery=WEBHOOK, faults=Faults(stale_pin=1)),
    Run("webhook, a lost pin", updates=1, delivery=WEBHOOK, faults=Faults(lost_pin=1)),
    Run("webhook, a stale read", updates=1, delivery=WEBHOOK, faults=Faults(stale_read=1)),
]

# What no document says yet; each is to be mended, or to be said.
OPEN_STALE_CHECK = Run("a CHECK is shown an old pin and an old register", updates=3,
                       faults=Faults(stale_pin=1, stale_register=1))
OPEN_HOOK_ROTATION = Run("webhook, two take over, a rotation", starters=2, updates=1,
                         delivery=WEBHOOK, faults=Faults(aged=1))
OPEN_HOOK_LATE = Run("webhook, two take over, an unanswered edit", starters=2, updates=1,
                     delivery=WEBHOOK, faults=Faults(late=1), late=("edit",))
OPEN_THREE = replace(THREE, name="three start together, and no start asks", may_ask=False)
OPEN_TWO_NEW = replace(TWO_NEW_ROTATION, may_ask=False,
                       name="two take over, a rotation, and no start asks")
OPEN_TOGETHER = replace(TOGETHER_STALE_PIN, may_ask=False,
                        name="two start together, a stale pin, and no start asks")
OPEN_TWO_NEW_STALE = replace(TWO_NEW_STALE_PIN, may_ask=False,
                             name="two take over, a stale pin, and no start asks")
OPEN_REGISTER = Run("a stale register during a rotation", updates=3,
                    faults=Faults(stale_register=1, aged=1))
OPEN_LOST_REGISTER = Run("a lost pin and a stale register", updates=3,
                         faults=Faults(lost_pin=1, stale_register=1))
OPEN_TOGETHER_REGISTER = two_starters("two start together, a stale register",
                                      faults=Faults(stale_register=1))
OPEN = [OPEN_TOGETHER_REGISTER, OPEN_STALE_CHECK, OPEN_HOOK_ROTATION, OPEN_HOOK_LATE, OPEN_THREE, OPEN_TWO_NEW,
        OPEN_TOGETHER, OPEN_TWO_NEW_STALE, OPEN_REGISTER, OPEN_LOST_REGISTER]

# Without a fault somebody goes on in each.
HAPPENS_IN = [ONE_NEW, TOGETHER, LOST_PIN, ALONE_NEW, HOOK]

# What a test run has no time for.
SLOW = frozenset((
    TWO_ROTATIONS, LATE_LONG, LATE_CRASH, LATE_ROTATION, LATE_STALE, LATE_GIVEN_UP, TWO_LATE,
    TWO_LATE_EDITS, ALONE_LATE, ALONE_FOREIGN, FOREIGN_ROTATION, STALE_FOREIGN,
    STALE_PIN_ROTATION, TOGETHER_LATE, TOGETHER_FOREIGN, TOGETHER_NEW, TOGETHER_NEW_STALE,
    TOGETHER_NEW_LATE_UNPIN, TWO_NEW_LONG, TWO_NEW_CRASH, TWO_NEW_LATE, TWO_NEW_ROTATION,
    TWO_NEW_STALE_PIN, THREE, HELD_UP, HOOK_LATE,
    OPEN_HOOK_ROTATION, OPEN_HOOK_LATE, OPEN_THREE, OPEN_TWO_NEW, OPEN_TWO_NEW_STALE,
    without("reads_again_after_pin", LATE_LONG),
    without("gap_looks_below", TWO_NEW_ROTATION)))
