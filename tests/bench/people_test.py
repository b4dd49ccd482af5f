#!/usr/bin/env python3
"""bench_people's answers: the people that were asked for, the same in both formats, and what it refuses.

Usage: people_test.py BENCH_PEOPLE
"""
import json
import subprocess
import sys

MOST_IN_ONE_CALL = 10_000
BOT = 123456789


def run(program, *arguments):
    return subprocess.run([program, *arguments], capture_output=True, text=True, encoding="utf-8", check=False)


def written(program, count, form):
    done = run(program, str(count), form)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout


def check_dump(rows, count):
    assert len(rows) == count, len(rows)
    assert len({chat for chat, _, _, _ in rows}) == count
    for chat, name, clicks, state in rows:
        assert isinstance(chat, int) and chat > 0 and isinstance(name, str) and name, (chat, name)
        assert isinstance(clicks, int) and clicks >= 0 and isinstance(state, int) and state >= 0, (clicks, state)
    assert max(clicks for _, _, clicks, _ in rows) > 0


def check_formats(program, count):
    rows = json.loads(written(program, count, "dump"))
    check_dump(rows, count)
    bodies = [json.loads(line) for line in written(program, count, "people").splitlines()]
    full, rest = divmod(count, MOST_IN_ONE_CALL)
    sizes = [MOST_IN_ONE_CALL] * full + ([rest] if rest else [])
    assert [len(body["people"]) for body in bodies] == sizes, count
    assert all(body["bot_id"] == BOT for body in bodies)
    named = [(person["id"], person["first_name"]) for body in bodies for person in body["people"]]
    assert named == [(chat, name) for chat, name, _, _ in rows], count


def check_refusals(program):
    for arguments in ((), ("10",), ("0", "dump"), ("-1", "dump"), ("10x", "dump"), ("100000001", "dump"),
                      ("10", "csv"), ("10", "dump", "more")):
        done = run(program, *arguments)
        assert done.returncode == 2 and not done.stdout, (arguments, done)
        assert done.stderr.count("\n") == 1 and done.stderr.startswith("bench_people: "), (arguments, done)


def check_full_disk(program):
    for form in ("dump", "people"):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([program, "10", form], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        assert done.returncode == 1 and done.stderr.count("\n") == 1, done


if __name__ == "__main__":
    for people in (1, MOST_IN_ONE_CALL, 2 * MOST_IN_ONE_CALL + 1):
        check_formats(sys.argv[1], people)
    check_refusals(sys.argv[1])
    check_full_disk(sys.argv[1])
