#!/usr/bin/env python3
"""Seconds of `telekv import` for the old bot's JSON dump, from the start of the command to the committed root.

The chat is the local emulator's, a new one for each round. Users are made up: ids in Telegram's ranges, names by
Zipf's law and a tenth of them unique, clicks log-normal.
Usage: moving_in.py FOLDER_OF_PROGRAMS [--users N] [--rounds N] [--json FILE]
"""
import argparse
import json
import os
import pathlib
import random
import resource
import statistics
import subprocess
import tempfile
import time

from server import Server, post

BOT_TOKEN = "123456789:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
BOT = 123456789
OPERATOR = 5_000_000_001
IMPORT_TIMEOUT_S = 600
COMMON_NAMES = 3000


def made_up_users(count):
    """[[chat id, name, clicks, state], ...] in the order of their coming, which is not that of their ids."""
    chance = random.Random(1)
    names = [f"Имя{number}" for number in range(COMMON_NAMES)]
    weights = [1 / (rank + 1) for rank in range(COMMON_NAMES)]
    common = chance.choices(names, weights, k=count)
    ids = chance.sample(range(100_000_000, 7_500_000_000), count)
    return [[ids[each], f"{common[each]} {each}" if each % 10 == 0 else common[each],
             int(chance.lognormvariate(3, 1.5)), 0] for each in range(count)]


def cpu_seconds_of_ended_children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def move_in(programs, dump):
    with Server([programs / "telegram-emulator", "--port", "0"]) as emulator:
        post(emulator, "/emulator/people", {"id": OPERATOR, "first_name": "Operator", "bot_id": BOT})
        environment = {"BOT_TOKEN": BOT_TOKEN, "TELEKV_KEY": "5e" * 32, "ADMIN_ID": str(OPERATOR),
                       "API_ROOT": emulator.url}
        begun, cpu_before = time.monotonic(), cpu_seconds_of_ended_children()
        done = subprocess.run([programs / "telekv", "import", "--json", dump], env=environment, check=True,
                              capture_output=True, text=True, timeout=IMPORT_TIMEOUT_S)
        taken = time.monotonic() - begun
        return taken, cpu_seconds_of_ended_children() - cpu_before, json.loads(done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("programs", type=pathlib.Path)
    parser.add_argument("--users", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()

    with tempfile.NamedTemporaryFile("w", suffix=".json") as dump:
        json.dump(made_up_users(options.users), dump)
        dump.flush()
        size = os.path.getsize(dump.name)
        rounds = [move_in(options.programs, dump.name) for _ in range(options.rounds)]
    seconds, cpu_seconds, reports = zip(*rounds)
    report = {"users": reports[0]["users"], "dump_bytes": size, "uploaded_bytes": reports[0]["bytes"],
              "seconds": statistics.median(seconds), "fastest": min(seconds), "slowest": max(seconds),
              "cpu_seconds": statistics.median(cpu_seconds)}
    print(f"{report['users']:,} users, {size / 1e6:.1f} MB of JSON: {report['seconds']:.2f} s by the clock "
          f"({report['fastest']:.2f} to {report['slowest']:.2f}), {report['cpu_seconds']:.2f} s of CPU, "
          f"{report['uploaded_bytes']:,} bytes uploaded")
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
