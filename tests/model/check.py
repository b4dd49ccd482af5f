#!/usr/bin/env python3
"""Explores the vault's protocol and compares each named run with what is expected of it.

  safe          what docs/reliability.md promises: no state violates it
  mutations     one rule less: a state does
  not_promised  what docs/reliability.md does not promise: a state does
  open          what no document says, and the protocol does: a state does
  vacuity       every step, fault and outcome happens, and nobody is left over

Exits with 1 when an expectation fails.
Usage: check.py [--quick] [--trace] [--run NAME] [SET ...]
"""
import argparse
import collections
import sys
import time

from explore import Exploration, Outcome, Run, World
from process import STARTING
from protocol import Protocol
from runs import HAPPENS_IN, MUTATIONS, NOT_PROMISED, OPEN, SAFE, SLOW

MAX_STATES = 600_000
VIOLATED = {"mutations": MUTATIONS, "not_promised": NOT_PROMISED, "open": OPEN}
SETS = ("safe", *VIOLATED, "vacuity")


def report(run: Run, outcome: Outcome, fails: bool, traced: bool) -> None:
    verdict = outcome.violation or ("exhausted" if outcome.exhausted else "bounded")
    mark = "  NOT AS EXPECTED" if fails else ""
    print(f"  {run.name:<74} {outcome.states:>8} states {outcome.seconds:>6.1f} s  {verdict}{mark}",
          flush=True)
    if traced:
        for number, line in enumerate(outcome.trace, 1):
            print(f"    {number:>3}. {line}")


def check_runs(runs: list[Run], violated: bool, traced: bool) -> int:
    failures = 0
    for run in runs:
        outcome = Exploration(run).explore(MAX_STATES)
        fails = bool(outcome.violation) != violated
        failures += fails
        report(run, outcome, fails, traced or fails)
    return failures


class Happenings:
    """What the runs that have to be safe really do."""

    def __init__(self) -> None:
        self.steps: set[str] = set()
        self.purposes: set[str] = set()
        self.confirms: collections.Counter = collections.Counter()
        self.ends: collections.Counter = collections.Counter()
        self.most_confirmed = 0

    def observe(self, run: Run, queue: tuple[int, ...], world: World, last: bool) -> None:
        for p in world.processes:
            self.steps.add(p.step)
            self.purposes.update((p.claim_for, p.check_for))
            if p.offset:
                self.confirms["the old writer" if p.root == 1 else "a later one"] += 1
        if not last:
            return
        left = set(queue) - set(world.chat.confirmed)
        if not left:
            self.ends["everything is confirmed"] += 1
        elif world.processes or world.unstarted:
            self.ends["stuck"] += 1
        else:
            self.ends["all have ended, updates are left"] += 1


def check_vacuity(runs: list[Run], traced: bool) -> int:
    seen = Happenings()
    missing: list[str] = []
    for run in runs:
        exploration = Exploration(run)
        ends_before = seen.ends.copy()
        outcome = exploration.explore(
            MAX_STATES, lambda world, last: seen.observe(run, exploration.queue, world, last))
        report(run, outcome, False, False)
        ends = seen.ends - ends_before
        print(f"    ends: {dict(ends)}")
        if not ends["everything is confirmed"]:
            missing.append(f"{run.name}: everything is confirmed")
        if ends["stuck"]:
            missing.append(f"{run.name}: nobody is stuck")
        if not any(run.faults) and ends["all have ended, updates are left"]:
            missing.append(f"{run.name}: without a fault somebody goes on")
    never = Protocol().steps - seen.steps
    missing += [f"the step {step!r}" for step in sorted(never - {STARTING.step})]
    missing += [who for who in ("the old writer", "a later one") if not seen.confirms[who]]
    for each in missing:
        print(f"  DOES NOT HAPPEN: {each}")
    return len(missing)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("sets", nargs="*", metavar="SET", help=", ".join(SETS))
    parser.add_argument("--quick", action="store_true", help="the runs of ctest only")
    parser.add_argument("--trace", action="store_true", help="print each shortest trace")
    parser.add_argument("--run", help="only the runs whose name contains this")
    options = parser.parse_args()
    unknown = set(options.sets) - set(SETS)
    if unknown:
        parser.error(f"no such set: {', '.join(sorted(unknown))}")

    def chosen(runs: list[Run]) -> list[Run]:
        return [run for run in runs if not (options.quick and run in SLOW)
                and (not options.run or options.run in run.name)]

    begun = time.monotonic()
    failures = 0
    for name in options.sets or SETS:
        print(f"{name}:")
        if name == "vacuity":
            failures += check_vacuity(chosen(HAPPENS_IN), options.trace)
        elif name == "safe":
            failures += check_runs(chosen(SAFE), False, options.trace)
        else:
            failures += check_runs(chosen(VIOLATED[name]), True, options.trace)
    print(f"{failures} not as expected, {time.monotonic() - begun:.0f} s")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
