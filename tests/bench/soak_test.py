#!/usr/bin/env python3
"""`make soak`'s verdict: each check fails when what it looks at is broken, and only then. And in small: the programs
keep all their promises that are no matter of time or memory.

Usage: soak_test.py SOAK_PY FOLDER_OF_PROGRAMS
"""
import copy
import json
import pathlib
import subprocess
import sys
import tempfile

BENCH = pathlib.Path(sys.argv[1]).parent
sys.path[:0] = [str(BENCH), str(BENCH / "soak")]

import soak
import verdict

# Too short a run says nothing of these.
OF_THE_MACHINE = ("memory", "descriptors", "wake-ups", "processor time", "latency")
NAMES = [kind.name for kind in soak.KINDS]


def healthy():
    window = {"resident_bytes": 20_000_000, "table_bytes": 5_000_000, "messages": 750, "cpu_s": 0.1, "p50_ms": 1,
              "p99_ms": 30, "missing": 1, "given_up": 1}
    rest = {"descriptors": 12, "threads": 2, "wakeups": 5, "wrong_counts": 0}
    end = {"messages": 90_000, "replies": 90_000, "alerts": 0, "unconfirmed": 0, "lost": 0, "bad_lines": []}
    return {"windows": [dict(window) for _ in range(40)], "rests": [dict(rest), dict(rest)], "end": end}


def failing(record):
    return [each.name for each in verdict.checks(record) if not each.holds]


def check(beginnings, change):
    """With that change exactly these checks fail."""
    record = healthy()
    change(record)
    names = failing(record)
    assert len(names) == len(beginnings), names
    assert all(name.startswith(beginning) for name, beginning in zip(names, beginnings)), names


def in_windows(first, **values):
    return lambda record: [each.update(values) for each in record["windows"][first:]]


def in_rest(number, **values):
    return lambda record: record["rests"][number].update(values)


def at_end(**values):
    return lambda record: record["end"].update(values)


def check_verdict():
    check([], in_windows(0))
    check(["memory"], in_windows(30, resident_bytes=20_500_000))
    check([], in_windows(30, resident_bytes=20_300_000))
    check([], in_windows(30, resident_bytes=20_500_000, table_bytes=5_500_000))
    check([], in_windows(30, resident_bytes=15_000_000))
    check(["descriptors"], in_rest(1, descriptors=15))
    check(["threads"], in_rest(1, threads=3))
    check(["wake-ups"], in_rest(1, wakeups=15))
    check(["processor time"], in_windows(30, cpu_s=0.21))
    check(["latency p50"], in_windows(30, p50_ms=21))
    check(["latency p99"], in_windows(30, p99_ms=61))
    check(["answers missing"], in_windows(39, missing=2))
    check(["answers missing"], in_windows(0, given_up=0))
    check(["messages with"], at_end(replies=89_999))
    check(["messages with"], at_end(replies=90_001))
    check([], at_end(replies=90_001, alerts=1))
    check(["updates not confirmed"], at_end(unconfirmed=1))
    check(["updates lost"], at_end(lost=1))
    check(["witnesses"], in_rest(0, wrong_counts=1))
    check(["witnesses"], in_rest(1, wrong_counts=1))
    check(["lines of the log"], at_end(bad_lines=["2026-01-01T00:00:00.000Z error something"]))


def check_log_lines():
    for line, explained in (
            ("warning the operator has exported all users, sealed", True),
            ("warning getting updates failed: getUpdates: HTTP 502 (Telegram has trouble; try later)", True),
            ("warning saving failed, will be tried again: sendDocument: http://127.0.0.1:1: receive: end of stream", True),
            ("warning getting updates failed: getUpdates: Unauthorized (the token is wrong)", False),
            ("warning passed over a root: HTTP 502", False),
            ("error the final save failed: HTTP 502", False)):
        assert bool(soak.EXPLAINED.match("2026-01-01T00:00:00.000Z " + line)) == explained, line


def check_short_run(programs):
    with tempfile.TemporaryDirectory() as folder:
        written = pathlib.Path(folder) / "soak.json"
        done = subprocess.run([sys.argv[1], programs, "--minutes", "0.3", "--users", "2000", "--json", written],
                              stdout=subprocess.PIPE, text=True, check=False)
        records = json.loads(written.read_text())
    assert list(records) == NAMES, records.keys()
    holds = True
    for name, record in records.items():
        assert record["faults"] > 0 and record["end"]["messages"] > 100, record
        for each in record["checks"]:
            holds = holds and each["holds"]
            assert each["holds"] or each["name"].startswith(OF_THE_MACHINE), (name, each, record["end"])
    assert done.returncode == (0 if holds else 1), done
    assert done.stdout.endswith("the soak holds\n" if holds else "the soak fails\n"), done.stdout


if __name__ == "__main__":
    check_verdict()
    check_log_lines()
    check_short_run(sys.argv[2])
