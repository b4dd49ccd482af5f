#!/usr/bin/env python3
"""sendMessage calls a second of telegram-emulator, beside a server that does nothing but HTTP; its memory by people.

Both servers run for the whole measurement, and take turns under the same load (wrk, 16 connections, one call
after the other in each). A call's cost is the server's CPU time: where client and server share a core, calls a
second by the clock are fewer. Times are medians, the spread is (highest - lowest) / median.
Usage: emulator.py FOLDER_OF_PROGRAMS [--seconds N] [--rounds N] [--people N] [--json FILE]
"""
import argparse
import contextlib
import json
import pathlib
import re
import statistics
import subprocess
import sys

from server import Server, get, post

SCRIPTS = pathlib.Path(__file__).resolve().parent / "emulator"
CONNECTIONS = 16
BOT = 123456789


def load(server, script, seconds):
    """Calls that were answered, and the seconds that took by the clock; any other answer than 2xx is an error."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}", "-s", str(SCRIPTS / script), server.url]
    done = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in done or "Socket errors" in done:
        sys.exit(f"emulator.py: not every call was answered:\n{done}")
    calls, seconds_taken = re.search(r"(\d+) requests in ([\d.]+)s", done).groups()
    return int(calls), float(seconds_taken)


def rates(server, seconds):
    before = server.cpu_seconds()
    calls, elapsed = load(server, "send.lua", seconds)
    return calls / elapsed, calls / (server.cpu_seconds() - before)


def open_chats(emulator):
    """Those that send.lua writes to."""
    for each in range(1000):
        post(emulator, "/emulator/people", {"id": 5_000_000_000 + each, "first_name": "Анна", "bot_id": BOT})


def people_of(emulator):
    return get(emulator, "/emulator/stats")["people"]


def bytes_a_person(emulator, wanted, seconds):
    people, resident = people_of(emulator), emulator.resident_bytes()
    while people_of(emulator) < people + wanted:
        load(emulator, "people.lua", seconds)
    more = people_of(emulator) - people
    return more, emulator.resident_bytes(), (emulator.resident_bytes() - resident) / more


def summary(values):
    middle = statistics.median(values)
    return {"median": middle, "spread": (max(values) - min(values)) / middle}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("programs", type=pathlib.Path)
    parser.add_argument("--seconds", type=int, default=5, help="of load in each round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()

    with contextlib.ExitStack() as servers:
        emulator = servers.enter_context(Server([options.programs / "telegram-emulator", "--port", "0"]))
        floor = servers.enter_context(Server([options.programs / "bench_floor"]))
        open_chats(emulator)
        measured = {"emulator": [], "floor": []}
        for each in range(options.rounds + 1):
            turns = {"emulator": rates(emulator, options.seconds), "floor": rates(floor, options.seconds)}
            for name, rate in turns.items() if each else ():  # the first round warms up
                measured[name].append(rate)
        ratio = [ours[1] / theirs[1] for ours, theirs in zip(measured["emulator"], measured["floor"])]
        people, resident, each_person = bytes_a_person(emulator, options.people, options.seconds)

    report = {name: {"calls_a_second": summary([rate[0] for rate in values]),
                     "calls_a_cpu_second": summary([rate[1] for rate in values])}
              for name, values in measured.items()}
    report["of_the_floor"] = summary(ratio)
    report["memory"] = {"people": people, "resident_bytes": resident, "bytes_a_person": each_person}
    for name in measured:
        for what, value in report[name].items():
            print(f"{name + ', ' + what.replace('_', ' '):<32}{value['median']:>12,.0f}   spread {value['spread']:.0%}")
    print(f"{'emulator of floor, by CPU':<32}{report['of_the_floor']['median']:>12.2f}   "
          f"spread {report['of_the_floor']['spread']:.0%}")
    print(f"{people:,} people more: {resident / 2**20:,.0f} MiB resident, {each_person:,.0f} bytes a person")
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
