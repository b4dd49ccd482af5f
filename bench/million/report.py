"""What was measured: JSON as bench_engine writes it, a table for people, bars as SVG. Times in ns, sizes in bytes."""
import os
import pathlib
import platform
import statistics

OURS = "telekv"
# Metric: unit, what it says, whether it is drawn.
METRICS = {
    "e2e.replies_per_s": ("1/s", "replies a second, closed loop", True),
    "e2e.clicks_per_s": ("1/s", "the same, clicks alone", False),
    "e2e.p50": ("ns", "latency, half", False),
    "e2e.p99": ("ns", "latency, 99 %", False),
    "e2e.p99_9": ("ns", "latency, 99.9 %", False),
    "e2e.max": ("ns", "latency, longest", False),
    "e2e.gap": ("ns", "longest gap between replies, no backup", False),
    "e2e.backup_gap": ("ns", "longest gap between replies, full backup", True),
    "e2e.backup_bytes": ("bytes", "uploaded meanwhile", False),
    "e2e.cpu_per_10k": ("ns", "processor time for 10,000 messages", True),
    "e2e.rss_rest": ("bytes", "resident memory at rest", False),
    "e2e.rss_peak": ("bytes", "resident memory, peak", True),
    "e2e.start_to_first_reply": ("ns", "kill -9 and start to first reply", True),
    "e2e.lost": ("clicks", "clicks told to 20 people and lost at kill -9", False),
    "e2e.upload_per_hour": ("bytes", "uploaded an hour at 30 messages a second", True),
    "e2e.everyday.p99": ("ns", "latency at 30 messages a second, 99 %", False),
    "e2e.tls.replies_per_s": ("1/s", "replies a second over TLS", False),
    "e2e.webhook.replies_per_s": ("1/s", "replies a second by webhook", False),
    "e2e.strict.lost": ("clicks", "the same with DURABILITY=strict", False),
    "e2e.limited.replies_per_s": ("1/s", "with Telegram's limits, 20 messages a second: replies a second", False),
    "e2e.limited.refused": ("calls", "with Telegram's limits: refused (429)", False),
    "e2e.limited.p99": ("ns", "with Telegram's limits: age of the count that is shown, 99 %", False),
}


def readable(value, unit):
    if unit == "ns":
        for scale, name in ((1e9, "s"), (1e6, "ms"), (1e3, "us")):
            if value >= scale:
                return f"{value / scale:.3g} {name}"
        return f"{value:.0f} ns"
    if unit == "bytes":
        for scale, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
            if value >= scale:
                return f"{value / scale:.3g} {name}"
        return f"{value:.0f} B"
    return f"{value:,.0f}"


def machine():
    model = next((line.split(":", 1)[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), "unknown")
    return {"cpu": model, "processors": os.cpu_count(), "kernel": platform.release(),
            "load_before": round(os.getloadavg()[0], 2)}


class Figures:
    def __init__(self, users):
        self._users = users
        self._values = {}  # metric -> program -> values
        self._machine = machine()

    def add(self, metric, program, value):
        self._values.setdefault(metric, {}).setdefault(program, []).append(value)

    def _medians(self, metric):
        return {program: statistics.median(values) for program, values in self._values.get(metric, {}).items()}

    def _spread(self, metric, program):
        values = self._values[metric][program]
        middle = statistics.median(values)
        return (max(values) - min(values)) / middle if middle else 0.0

    def json(self):
        results = []
        for metric, (unit, _, _) in METRICS.items():
            medians = self._medians(metric)
            if OURS in medians:
                peers = {program: value for program, value in medians.items() if program != OURS}
                results.append({"metric": metric, "data": "R", "n": self._users, "value": medians[OURS], "unit": unit,
                                "spread": self._spread(metric, OURS), "peers": peers})
        return {"machine": self._machine, "results": results}

    def _programs(self):
        return list(dict.fromkeys(program for values in self._values.values() for program in values))

    def markdown(self):
        programs = self._programs()
        lines = [f"| {self._users:,} users | " + " | ".join(programs) + " |", "|---|" + "---|" * len(programs)]
        for metric, (unit, says, _) in METRICS.items():
            medians = self._medians(metric)
            cells = [readable(medians[each], unit) + f" ±{self._spread(metric, each) / 2:.0%}" if each in medians else ""
                     for each in programs]
            if medians:
                lines.append(f"| {says} | " + " | ".join(cells) + " |")
        return "\n".join(lines)

    def write_plots(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        for metric, (unit, says, drawn) in METRICS.items():
            medians = self._medians(metric)
            if drawn and medians:
                (folder / f"million_{metric.removeprefix('e2e.')}.svg").write_text(bars(says, medians, unit))


def bars(title, medians, unit):
    """Horizontal bars, the longest as wide as there is room; readable on light and on dark ground."""
    width, left, step = 640, 130, 30
    longest = max(medians.values()) or 1
    rows = []
    for position, (program, value) in enumerate(medians.items()):
        y, length = 44 + position * step, max(value / longest * (width - left - 110), 1)
        colour = "#2f81f7" if program == OURS else "#8b949e"
        rows.append(f'<text x="{left - 8}" y="{y + 15}" text-anchor="end">{program}</text>'
                    f'<rect x="{left}" y="{y}" width="{length:.1f}" height="20" rx="2" fill="{colour}"/>'
                    f'<text x="{left + length + 6:.1f}" y="{y + 15}">{readable(value, unit)}</text>')
    height = 54 + len(medians) * step
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
            f'font-size="13" fill="#7d8590"><text x="8" y="24" font-size="15">{title}</text>' + "".join(rows) + "</svg>\n")
