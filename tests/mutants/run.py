#!/usr/bin/env python3
"""Breaks the protocol on purpose, one mutation at a time (mutations.py), and shows that a test notices.

Works on a copy of the tree in build/mutants. Most mutations have to turn the simulation red: with a seed that
passes on the unmutated tree. What the simulation cannot see by its nature names the unit test that must fail.
Prints a table; exits with 1 when a mutation survives, or when the unmutated tree is red where it is compared.
Usage: run.py [--histories N] [--jobs N] [NAME ...]
"""
import argparse
import concurrent.futures
import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

from mutations import MUTATIONS

SOURCE = pathlib.Path(__file__).resolve().parents[2]
WORK = SOURCE / "build" / "mutants"
TREE = WORK / "tree"
CONFIGURE = ["cmake", "--preset", "release", "-G", "Ninja", "-DTELEKV_TESTS=ON"]
SIMULATION = "vault_simulation"
LONGEST_RUN_S = 900
LONGEST_QUOTE = 90
RED_SEED = re.compile(r"^seed (\d+): (.*)$", re.MULTILINE)


@dataclasses.dataclass
class Outcome:
    caught_by: str = ""  # empty: it survives
    seed: str = ""
    says: str = ""
    seconds: float = 0
    red_when_clean: list = dataclasses.field(default_factory=list)


def fail(message):
    sys.exit(f"mutants: {message}")


def run(command, **options):
    return subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, **options)


# ---- the copy of the tree ----

def copy_tree():
    """Leaves untouched what has not changed, so that little is built again."""
    listed = run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=SOURCE)
    if listed.returncode != 0:
        fail(f"git ls-files: {listed.stderr}")
    for name in filter(None, listed.stdout.split("\0")):
        if not (SOURCE / name).is_file():
            continue
        content = (SOURCE / name).read_bytes()
        copy = TREE / name
        if copy.is_file() and copy.read_bytes() == content:
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(content)


def mutated(mutation, root):
    """The mutated text of the mutation's file. A text that has moved on is an error: the list is stale."""
    path = root / mutation.file
    if not path.is_file():
        fail(f"{mutation.name}: there is no {mutation.file}")
    text = path.read_text(encoding="utf-8")
    for before, after in mutation.edits:
        count = text.count(before)
        if count != 1:
            fail(f"{mutation.name}: its text occurs {count} times in {mutation.file}, not once:\n{before}")
        text = text.replace(before, after)
    return text


def build(targets, jobs):
    environment = {**os.environ, "CCACHE_BASEDIR": str(TREE), "CCACHE_NOHASHDIR": "1"}
    command = ["cmake", "--build", "--preset", "release", "-j", str(jobs), "--target", *targets]
    return run(command, cwd=TREE, env=environment)


def program_of(mutation):
    return mutation.test[0] if mutation.test else SIMULATION


def clean_program(target):
    return WORK / "bin" / f"clean_{target}"


def keep_program(target, kept):
    kept.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(TREE / "build" / "release" / "bin" / target, kept)
    return kept


# ---- judging ----

def is_red(program, case):
    """Whether the unit test fails."""
    done = run([program, f"--gtest_filter={case}"], timeout=LONGEST_RUN_S)
    if done.returncode == 0 and "[  PASSED  ] 1 test" not in done.stdout:
        fail(f"there is no test {case}")
    return done.returncode != 0


def red_seed(program, first, count):
    """The first red seed and what is broken there, or None; any other end is an error."""
    done = run([program, "--from", str(first), "--count", str(count), "--brief"], timeout=LONGEST_RUN_S)
    if done.returncode == 0:
        return None
    found = RED_SEED.search(done.stdout)
    if done.returncode != 1 or not found:
        raise subprocess.SubprocessError(f"no verdict, but exit code {done.returncode}")
    return int(found[1]), found[2]


def judge_by_simulation(program, clean, histories):
    outcome = Outcome()
    first = 1
    while first <= histories:
        red = red_seed(program, first, histories + 1 - first)
        if red is None:
            break
        seed, says = red
        if red_seed(clean, seed, 1) is None:
            outcome.caught_by, outcome.seed, outcome.says = "simulation", str(seed), says
            break
        outcome.red_when_clean.append(f"seed {seed}")
        first = seed + 1
    return outcome


def judge(mutation, program, histories):
    """A mutant that crashes or waits for ever is no finding of any checker: it survives."""
    start = time.monotonic()
    try:
        if mutation.test:
            caught = is_red(program, mutation.test[1])
            outcome = Outcome(caught_by="test" if caught else "", says=mutation.test[1])
        else:
            outcome = judge_by_simulation(program, clean_program(SIMULATION), histories)
    except subprocess.SubprocessError as error:
        outcome = Outcome(says=str(error))
    outcome.seconds = time.monotonic() - start
    program.unlink()
    return outcome


def show(mutation, outcome):
    caught = outcome.caught_by or "SURVIVES"
    print(f"{mutation.name:44} {caught:11} {outcome.seed:>6} {outcome.seconds:6.1f}  "
          f"{outcome.says[:LONGEST_QUOTE]}", flush=True)


# ---- all of them ----

def prepare(mutations, jobs):
    """Builds the unmutated tree and keeps its programs to compare with."""
    copy_tree()
    configured = run(CONFIGURE, cwd=TREE)
    if configured.returncode != 0:
        fail(f"the tree cannot be configured:\n{configured.stderr}")
    targets = sorted({program_of(mutation) for mutation in mutations})
    built = build(targets, jobs)
    if built.returncode != 0:
        fail(f"the unmutated tree does not build:\n{built.stdout}{built.stderr}")
    for target in targets:
        keep_program(target, clean_program(target))
    for mutation in mutations:
        if mutation.test and is_red(clean_program(mutation.test[0]), mutation.test[1]):
            fail(f"{mutation.test[1]} is red without any mutation")


def build_mutant(mutation, jobs):
    path = TREE / mutation.file
    clean = path.read_text(encoding="utf-8")
    path.write_text(mutated(mutation, TREE), encoding="utf-8")
    built = build([program_of(mutation)], jobs)
    path.write_text(clean, encoding="utf-8")
    if built.returncode != 0:
        fail(f"{mutation.name} does not compile:\n{built.stdout[-3000:]}")
    return keep_program(program_of(mutation), WORK / "bin" / mutation.name.replace(" ", "_"))


def chosen(names):
    known = {mutation.name for mutation in MUTATIONS}
    if len(known) != len(MUTATIONS):
        fail("two mutations have one name")
    unknown = set(names) - known
    if unknown:
        fail(f"no such mutation: {', '.join(sorted(unknown))}")
    return [mutation for mutation in MUTATIONS if not names or mutation.name in names]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--histories", type=int, default=40_000, help="simulated for a mutation at most")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("names", nargs="*", metavar="NAME")
    arguments = parser.parse_args()
    mutations = chosen(arguments.names)
    for mutation in mutations:
        mutated(mutation, SOURCE)  # a stale list is told before anything is built

    start = time.monotonic()
    prepare(mutations, arguments.jobs)
    print(f"{'mutation':44} {'caught by':11} {'seed':>6} {'s':>6}  what broke", flush=True)
    outcomes = []
    # One mutant is judged while the next is built.
    with concurrent.futures.ThreadPoolExecutor(max_workers=max(1, arguments.jobs - 1)) as judges:
        running = []
        for mutation in mutations:
            program = build_mutant(mutation, arguments.jobs)
            running.append((mutation, judges.submit(judge, mutation, program, arguments.histories)))
            while running and running[0][1].done():
                first, result = running.pop(0)
                outcomes.append(result.result())
                show(first, outcomes[-1])
        for mutation, result in running:
            outcomes.append(result.result())
            show(mutation, outcomes[-1])

    survivors = sum(not outcome.caught_by for outcome in outcomes)
    red = sorted({where for outcome in outcomes for where in outcome.red_when_clean})
    print(f"{len(outcomes) - survivors} of {len(outcomes)} mutations caught in {time.monotonic() - start:.0f} s")
    if red:
        print(f"red without any mutation, too: {', '.join(red)}")
    return 1 if survivors or red else 0


if __name__ == "__main__":
    sys.exit(main())
