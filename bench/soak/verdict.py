"""What a soak has to show: checks of what was recorded. Knows no program and no clock.

A record of one program:
  windows  of a few seconds each, after the warm-up: {"resident_bytes", "table_bytes", "messages", "cpu_s", "p50_ms",
           "p99_ms", "missing" answers, "given_up" of them}
  rests    without load, after the warm-up and at the end: {"descriptors", "threads", "wakeups", "wrong_counts"}
  end      {"messages", "replies", of them at most "alerts" unasked, "unconfirmed", "lost", "bad_lines"}
"""
import collections
import statistics

MEMORY = 1.02
MORE_DESCRIPTORS = 2  # how many connections are kept for later is a matter of chance
MORE_WAKEUPS = 5  # an idle poll ends in one rest and not in the other
SLOWER = 2  # what other work on the machine does to a median
NOISE_MS = 20  # and to a thing of a millisecond

Check = collections.namedtuple("Check", "name figure limit holds")


def quarter(windows, number):
    """One of four: a number from 1 on."""
    return windows[len(windows) * (number - 1) // 4:len(windows) * number // 4]


def median(windows, name):
    return statistics.median(each[name] for each in windows)


def mean(windows, name):
    return statistics.fmean(each[name] for each in windows)


def cpu_of_a_message(windows):
    return sum(each["cpu_s"] for each in windows) / sum(each["messages"] for each in windows)


def memory(early, late):
    """The table's own growth, which newcomers make, is no leak."""
    grown = mean(late, "table_bytes") - mean(early, "table_bytes")
    return (mean(late, "resident_bytes") - grown) / mean(early, "resident_bytes")


def at_most(name, figure, limit):
    return Check(name, figure, limit, figure <= limit)


def checks(record):
    windows, (first, last), end = record["windows"], record["rests"], record["end"]
    early, late = quarter(windows, 2), quarter(windows, 4)
    return [
        at_most("memory, last quarter by second", memory(early, late), MEMORY),
        at_most("descriptors at rest", last["descriptors"], first["descriptors"] + MORE_DESCRIPTORS),
        at_most("threads", last["threads"], first["threads"]),
        at_most("wake-ups at rest", last["wakeups"], first["wakeups"] + MORE_WAKEUPS),
        at_most("processor time, last quarter by second", cpu_of_a_message(late) / cpu_of_a_message(early), SLOWER),
        *(at_most(f"latency {share}, ms", median(late, f"{share}_ms"), max(SLOWER * median(early, f"{share}_ms"), NOISE_MS))
          for share in ("p50", "p99")),
        at_most("answers missing that were not given up",
                sum(max(0, each["missing"] - each["given_up"]) for each in windows), 0),
        at_most("messages with no reply of their own, or two",
                max(end["messages"] - end["replies"], end["replies"] - end["alerts"] - end["messages"]), 0),
        at_most("updates not confirmed", end["unconfirmed"], 0),
        at_most("updates lost", end["lost"], 0),
        at_most("witnesses told a wrong count", first["wrong_counts"] + last["wrong_counts"], 0),
        at_most("lines of the log that no fault explains", len(end["bad_lines"]), 0),
    ]
