#!/usr/bin/env python3
"""A million players: the clicker beside what people use today, on the same emulated Telegram.

Each program runs alone on one processor, the emulator with its simulated people on another. In turns, ROUNDS times:
closed loop without backups, the same with backups, a crash (kill -9) under 20 witnesses, the start after it.
Flood limits and the joining of replies are off, for every program alike, but in the rows that say otherwise.
Usage: million.py FOLDER_OF_PROGRAMS [--users N] [--seconds S] [--everyday-seconds S] [--dump-seconds S] [--rounds N]
  [--only NAME ...] [--json FILE] [--plots FOLDER]
"""
import argparse
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "million"))

import bots
import report
from world import CLICKS, FIRST, World

WAITING = 64  # people who wait at a time, closed loop
NORMAL_PER_SECOND = 30
LIMITED_PER_SECOND = 20
DUMPS_TO_WAIT_FOR_A_FULL_BACKUP = 6
ENOUGH_OF_A_DUMP = 0.1  # of the JSON dump: an upload of that size is a full backup


class Run:
    """One program, its users, and everything that is measured of it."""

    def __init__(self, options, kind, certificate=None, flood="off"):
        self.options = options
        with contextlib.ExitStack() as stack:
            folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
            lines = options.people.read_bytes().splitlines()
            self.world = stack.enter_context(World(options.programs, lines, options.cores[1], flood, certificate))
            self.bot = kind(options, self.world, folder, certificate)
            stack.callback(self.bot.stop)
            self.bot.prepare(options.dump)
            self.stack = stack.pop_all()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stack.close()

    def start(self, backup_s=None):
        """Seconds from the start of the process to the first reply."""
        message = self.world.write(FIRST, "/start")
        begun = time.monotonic()
        self.bot.start(backup_s)
        self.world.answer(FIRST, message)
        return time.monotonic() - begun

    def closed_loop(self, seconds):
        cpu = self.bot.process.cpu_seconds()
        figures = self.world.crowd(seconds, waiting=WAITING)
        figures["cpu_per_10k_s"] = (self.bot.process.cpu_seconds() - cpu) / max(figures["answers"], 1) * 1e4
        return figures

    def throughput(self):
        """No backup while it runs: what a reply costs, and the noise floor of the gaps."""
        self.start(bots.NEVER_S)
        at_rest = self.bot.process.resident_bytes()
        self.world.crowd(min(2, self.options.seconds), waiting=WAITING)  # warms up
        figures = self.closed_loop(self.options.seconds)
        clicks = self.world.crowd(self.options.seconds, waiting=WAITING, says=CLICKS)
        self.bot.stop()
        return {**figures, "rss_rest": at_rest, "clicks_per_s": clicks["replies_per_s"]}

    def backups(self):
        """With backups as people run it; windows until a full one has been uploaded."""
        self.start()
        full = self.options.dump.stat().st_size * ENOUGH_OF_A_DUMP
        end = time.monotonic() + DUMPS_TO_WAIT_FOR_A_FULL_BACKUP * self.options.dump_seconds
        while time.monotonic() < end:
            before = self.world.uploaded_bytes()
            gap_us = self.closed_loop(self.options.seconds)["longest_gap_us"]
            uploaded = self.world.uploaded_bytes() - before
            if uploaded >= full:
                break
        return {"gap_us": gap_us, "full_backup": uploaded >= full, "window_upload_bytes": uploaded,
                "rss_peak": self.bot.process.peak_resident_bytes()}

    def crash(self):
        """Counts that witnesses were told and that are gone after kill -9; the start after it."""
        self.world.witnesses_say("/start")
        time.sleep(min(self.bot.backup_s, self.options.seconds) * 1.5)  # something is saved
        self.world.clicks_of_witnesses()
        told = self.world.clicks_of_witnesses()
        assert all(told.values()), "somebody who has registered is not known"
        self.bot.crash()
        self.bot.recover()
        started = self.start()
        now = self.world.clicks_of_witnesses()
        return {"lost": sum(max(0, told[each] + 1 - now[each]) for each in told),
                "start_after_crash_s": started}

    def normal_load(self, seconds):
        """Open loop as a busy bot on the real Telegram has it; bytes uploaded in an hour."""
        before, begun = self.world.uploaded_bytes(), time.monotonic()
        figures = self.world.crowd(seconds, per_second=NORMAL_PER_SECOND)
        taken = time.monotonic() - begun
        figures["upload_per_hour"] = (self.world.uploaded_bytes() - before) / taken * 3600
        return figures

    def with_limits(self, seconds):
        self.start()
        before = self.world.refused_by_flood_control()
        figures = self.world.crowd(seconds, per_second=LIMITED_PER_SECOND)
        figures["refused"] = self.world.refused_by_flood_control() - before
        return figures


def certificate_in(folder):
    """Of this machine's loopback address; its files."""
    chain, key = str(folder / "certificate.pem"), str(folder / "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-keyout", key, "-out", chain], check=True, capture_output=True)
    return chain, key


def measure_program(options, kind, figures):
    with Run(options, kind) as run:
        quiet = run.throughput()
        loaded = run.backups()
        last = run.crash()
    name = kind.name
    figures.add("e2e.replies_per_s", name, quiet["replies_per_s"])
    figures.add("e2e.clicks_per_s", name, quiet["clicks_per_s"])
    if quiet["answers"]:
        for share in ("p50", "p99", "p99_9", "max"):
            figures.add(f"e2e.{share}", name, quiet["latency_us"][share] * 1e3)
        figures.add("e2e.gap", name, quiet["longest_gap_us"] * 1e3)
        figures.add("e2e.cpu_per_10k", name, quiet["cpu_per_10k_s"] * 1e9)
    figures.add("e2e.rss_rest", name, quiet["rss_rest"])
    if loaded["full_backup"]:
        figures.add("e2e.backup_gap", name, loaded["gap_us"] * 1e3)
        figures.add("e2e.backup_bytes", name, loaded["window_upload_bytes"])
    figures.add("e2e.rss_peak", name, loaded["rss_peak"])
    figures.add("e2e.start_to_first_reply", name, last["start_after_crash_s"] * 1e9)
    figures.add("e2e.lost", name, last["lost"])


def measure_variants(options, figures):
    """The clicker's other modes, closed loop; what they are compared with is its own polling over HTTP."""
    with tempfile.TemporaryDirectory() as folder:
        certificate = certificate_in(pathlib.Path(folder))
        with Run(options, bots.Clicker, certificate) as run:
            figures.add("e2e.tls.replies_per_s", "telekv", run.throughput()["replies_per_s"])
    with Run(options, bots.WebhookClicker) as run:
        figures.add("e2e.webhook.replies_per_s", "telekv", run.throughput()["replies_per_s"])
    with Run(options, bots.StrictClicker) as run:
        run.start()
        figures.add("e2e.strict.lost", "telekv", run.crash()["lost"])


def measure_everyday(options, figures):
    """Open loops: what is uploaded in an hour, and how the limits of the real Telegram are kept."""
    for kind in options.kinds:
        with Run(options, kind) as run:
            run.start()
            everyday = run.normal_load(options.everyday_seconds)
            figures.add("e2e.upload_per_hour", kind.name, everyday["upload_per_hour"])
            if everyday["answers"]:
                figures.add("e2e.everyday.p99", kind.name, everyday["latency_us"]["p99"] * 1e3)
    if bots.Clicker not in options.kinds:
        return
    with Run(options, bots.CoalescingClicker, flood="real") as run:
        limited = run.with_limits(options.everyday_seconds)
        figures.add("e2e.limited.replies_per_s", "telekv", limited["replies_per_s"])
        figures.add("e2e.limited.refused", "telekv", limited["refused"])
        figures.add("e2e.limited.p99", "telekv", limited["latency_us"]["p99"] * 1e3)


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("programs", type=pathlib.Path)
    parser.add_argument("--users", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=int, default=10, help="of each closed loop")
    parser.add_argument("--everyday-seconds", type=int, default=120, help="of the open loop at 30 messages a second")
    parser.add_argument("--dump-seconds", type=int, default=30, help="from one backup of the peers to the next")
    parser.add_argument("--rounds", type=int, default=3)
    names = [kind.name for kind in (bots.Clicker, *bots.PEER_KINDS)]
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--plots", type=pathlib.Path)
    options = parser.parse_args()
    options.kinds = [kind for kind in (bots.Clicker, *bots.PEER_KINDS) if kind.name in options.only]
    processors = sorted(os.sched_getaffinity(0))
    options.cores = processors[:2] if len(processors) > 1 else [None, None]
    return options


def write_people(options, folder):
    options.dump, options.people = folder / "dump.json", folder / "people.jsonl"
    for path, form in ((options.dump, "dump"), (options.people, "people")):
        with path.open("wb") as out:
            subprocess.run([options.programs / "bench_people", str(options.users), form], stdout=out, check=True)


def main():
    options = parse()
    figures = report.Figures(options.users)
    with tempfile.TemporaryDirectory() as folder:
        write_people(options, pathlib.Path(folder))
        for each in range(options.rounds):
            for kind in options.kinds:
                print(f"round {each + 1} of {options.rounds}: {kind.name}", file=sys.stderr)
                measure_program(options, kind, figures)
            if bots.Clicker in options.kinds:
                measure_variants(options, figures)
        measure_everyday(options, figures)
    print(figures.markdown())
    if options.json:
        options.json.write_text(json.dumps(figures.json(), indent=1, ensure_ascii=False) + "\n")
    if options.plots:
        figures.write_plots(options.plots)


if __name__ == "__main__":
    main()
