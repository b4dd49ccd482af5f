#!/usr/bin/env python3
"""The clicker for half an hour under load and faults: whether its memory, descriptors, timers and latencies stay as
they were after the warm-up, and whether every update has come to something.

Three programs side by side, each with an emulated Telegram of its own: both ways to save, both ways to get updates.
Nobody is killed: the memory of one process is watched. The last line says whether all checks hold, and so does the
exit code.
Usage: soak.py FOLDER_OF_PROGRAMS [--minutes M] [--users N] [--seed N] [--json FILE]
"""
import argparse
import concurrent.futures
import json
import pathlib
import random
import re
import statistics
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "million"), str(HERE / "soak")]

import bots
import verdict
from faults import Faults
from million import Run, write_people
from world import OPERATOR, WITNESSES

WARM_UP = 1 / 3  # of the time
WINDOW_S = 5
SAMPLE_EVERY_S = 0.5
OPERATOR_SAYS = ("/snapshot", "/status", "/export")
OPERATOR_EVERY = 3  # windows
TELL_EVERY = 24  # windows
# As in a busy hour, but with few newcomers: each is memory that stays.
SAYS = {"says": [{"text": "Клик", "share": 0.949}, {"text": "Рейтинг", "share": 0.05}], "newcomers": 0.001}
TOO_OLD_S = 35  # a connection to Telegram that nobody has used for 30 s is not used again
IDLE_S = 80  # one from outside that nobody has used for 75 s is closed
LISTEN_S = 10
PATIENCE_S = 90
# Warnings that tell of what was asked for, or name a fault.
EXPLAINED = re.compile(r"\S+ warning (the operator has exported |(getting updates|saving|a trial restore has) failed.*: .*"
                       r"(Too Many Requests|HTTP 502|Internal Server Error: restart|end of stream|partial message|"
                       r"terminated by other getUpdates))")


class Interval(bots.WatchedClicker):
    name, polls, per_second, flood = "interval, polling", True, 150, "off"


class Strict(bots.WatchedClicker):
    """As on the real Telegram, whose limits leave it 25 messages a second."""
    name, polls, per_second, flood = "strict, polling", True, 12, "real"
    settings = {"DURABILITY": "strict", "FLOOD_BUDGET": "on"}


class Webhook(bots.WebhookClicker):
    name, polls, per_second, flood = "interval, webhook", False, 100, "off"


KINDS = (Interval, Strict, Webhook)


class Soak(Run):
    def __init__(self, options, kind):
        super().__init__(options, kind, flood=kind.flood)
        self.faults = Faults(self.world, self.bot, random.Random(f"{options.seed} {kind.name}"))
        self.messages = 1  # of people to the program: start() writes one
        self.clicks = 0  # of each witness
        self.windows = []

    def record(self):
        seconds = self.options.minutes * 60
        self.start()
        self.world.witnesses_say("/start")
        self.messages += len(WITNESSES)
        self.load(seconds * WARM_UP)
        rests = [self.rest()]
        self.windows.clear()
        self.load(seconds * (1 - WARM_UP))
        met = self.faults.met()
        rests.append(self.rest())
        end = {"messages": self.messages, "replies": self.replies(self.bot.metrics()), **self.updates()}
        self.bot.stop()
        warnings = [each for each in self.bot.log.read_text().splitlines() if " info " not in each]
        end["bad_lines"] = [each for each in warnings if not EXPLAINED.match(each)]
        end["alerts"] = sum("a trial restore has failed" in each for each in warnings)  # at most
        end["warnings"] = warnings
        return {"faults": met, "windows": self.windows, "rests": rests, "end": end}

    # Under load.

    def load(self, seconds):
        window_s = max(1, min(WINDOW_S, int(seconds / 8)))
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.windows.append(self.window(window_s))
            if len(self.windows) % TELL_EVERY == 0:
                print(f"{self.bot.name}: {json.dumps(self.windows[-1])}", file=sys.stderr)

    def window(self, seconds):
        given_up, cpu = self.given_up(self.bot.metrics()), self.bot.process.cpu_seconds()
        self.world.begin_crowd(seconds, per_second=self.bot.per_second, says=SAYS, seed=self.clicks)
        for each in WITNESSES:
            self.world.write(each, "Клик")
        self.clicks += 1
        self.messages += len(WITNESSES)
        if self.clicks % OPERATOR_EVERY == 0:
            self.world.write(OPERATOR, OPERATOR_SAYS[self.clicks // OPERATOR_EVERY % len(OPERATOR_SAYS)])
            self.messages += 1
        resident, end = [], time.monotonic() + seconds
        while time.monotonic() < end:
            self.faults.go_on()
            resident.append(self.bot.process.resident_bytes())
            time.sleep(SAMPLE_EVERY_S)
        counted = self.end_of_window(self.bot.per_second * seconds, given_up)
        return {"resident_bytes": statistics.median(resident), "cpu_s": self.bot.process.cpu_seconds() - cpu, **counted}

    def end_of_window(self, due, given_up_before):
        """Waits until everybody is answered but those whose answers were given up: at most until their patience ends."""
        while True:
            report, metrics = self.world.crowd_report(), self.bot.metrics()
            missing = report["written"] - report["answers"]
            given_up = self.given_up(metrics) - given_up_before
            if not report["running"] or report["written"] + report["skipped"] == due and missing <= given_up:
                break
            self.faults.go_on()
            time.sleep(0.1)
        self.messages += report["written"]
        return {"messages": report["written"], "missing": missing, "given_up": given_up,
                "p50_ms": report["latency_us"]["p50"] / 1000, "p99_ms": report["latency_us"]["p99"] / 1000,
                "table_bytes": metrics["telekv_table_bytes"]}

    @staticmethod
    def given_up(metrics):
        return metrics["telekv_replies_dropped_total"] + metrics["telekv_replies_coalesced_total"]

    def replies(self, metrics):
        return metrics["telekv_replies_sent_total"] + self.given_up(metrics)

    # Without load.

    def rest(self):
        """All witnesses click at once, when every connection kept from before has become too old; then nothing happens."""
        self.faults.end()
        self.settle()
        time.sleep(min(TOO_OLD_S, self.options.minutes * 12))
        told = self.world.clicks_of_witnesses()
        self.clicks += 1
        self.messages += len(WITNESSES)
        self.settle()
        time.sleep(min(IDLE_S, self.options.minutes * 27))
        process = self.bot.process
        wakeups = process.wakeups()
        time.sleep(LISTEN_S)
        return {"wakeups": process.wakeups() - wakeups, "descriptors": process.descriptors(), "threads": process.threads(),
                "wrong_counts": sum(each != self.clicks for each in told.values())}

    def settle(self):
        """Waits until all is answered, saved and confirmed; whether it ever is, the checks say."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            metrics = self.bot.metrics()
            if self.replies(metrics) >= self.messages and not metrics["telekv_unsaved_age_seconds"] \
                    and not self.world.updates()["pending"]:
                return
            time.sleep(0.2)

    def updates(self):
        updates = self.world.updates()
        series = updates["confirmed"]
        holes = series[-1][1] + 1 - series[0][0] - sum(last + 1 - first for first, last in series)
        return {"unconfirmed": updates["pending"] + holes, "lost": self.bot.metrics()["telekv_lost_updates_total"]}


def record_of(options, kind):
    with Soak(options, kind) as soak:
        try:
            return soak.record()
        except Exception as error:
            if soak.bot.process.has_ended():
                raise RuntimeError(f"{kind.name} has ended; its log: {soak.bot.log.read_text()[-1000:]}") from error
            raise


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("programs", type=pathlib.Path)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--users", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--json", type=pathlib.Path, help="every window and every check")
    options = parser.parse_args()
    options.cores, options.dump_seconds = [None, None], bots.NEVER_S
    return options


def main():
    options = parse()
    print(f"seed {options.seed}, {options.minutes:g} minutes", flush=True)
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor() as pool:
        write_people(options, pathlib.Path(folder))
        recording = {kind.name: pool.submit(record_of, options, kind) for kind in KINDS}
        records = {name: each.result() for name, each in recording.items()}
    checks = {name: verdict.checks(record) for name, record in records.items()}
    for name, record in records.items():
        print(f"\n{name}: {record['end']['messages']:,} messages, {record['faults']} faults met")
        for each in checks[name]:
            print(f"  {'ok' if each.holds else 'FAILS':<6}{each.name:<48}{each.figure:>14,.5g}   at most {each.limit:,.5g}")
        for line in record["end"]["bad_lines"]:
            print(f"  {line}")
    if options.json:
        options.json.write_text(json.dumps({name: {**record, "checks": [each._asdict() for each in checks[name]]}
                                            for name, record in records.items()}, indent=1) + "\n")
    holds = all(each.holds for of_one in checks.values() for each in of_one)
    print("\nthe soak holds" if holds else "\nthe soak fails")
    sys.exit(0 if holds else 1)


if __name__ == "__main__":
    main()
