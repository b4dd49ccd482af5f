#!/usr/bin/env python3
"""bench_engine's answers: every metric for every data set, in the form that report.h promises.

Only the form, and what does not depend on the machine: no time is asserted.
Usage: engine_test.py BENCH_ENGINE
"""
import json
import pathlib
import subprocess
import sys
import tempfile

PEOPLE = 2000
METRICS = {
    "hash.find_inc": "ns",
    "hash.insert_max": "ns",
    "rank.inc": "ns",
    "rank.inc_from_memory": "ns",
    "rank.inc_max": "ns",
    "rank.correlated": "ns",
    "rank.rank": "ns",
    "rank.rank_from_memory": "ns",
    "rank.top15": "ns",
    "rank.degenerate_ratio": "x",
    "click": "ns",
    "memory.per_user": "bytes",
    "snapshot.bytes": "bytes",
    "snapshot.over_bound": "x",
    "snapshot.encode": "ns",
    "snapshot.slice_max": "ns",
    "snapshot.throughput_ratio": "x",
    "restore.decode": "ns",
    "delta.per_change": "bytes",
}
WITH_PEERS = {"hash.find_inc", "rank.inc", "click", "memory.per_user", "snapshot.bytes"}
KEYS = {"metric", "data", "n", "value", "unit", "spread", "peers"}


def run(program, *arguments):
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)


def check_result(result):
    assert KEYS <= set(result) <= KEYS | {"k"}, result
    assert isinstance(result["value"], (int, float)) and result["value"] > 0, result
    assert isinstance(result["spread"], (int, float)) and result["spread"] >= 0, result
    for peer in result["peers"].values():
        assert peer == "not measured" or peer > 0, result


def check_metrics(results, label, people):
    of_set = {result["metric"]: result for result in results if result["data"] == label}
    assert METRICS.keys() <= of_set.keys(), METRICS.keys() - of_set.keys()
    for metric, unit in METRICS.items():
        assert of_set[metric]["unit"] == unit, of_set[metric]
        assert of_set[metric]["n"] == people, of_set[metric]
    assert all(of_set[metric]["peers"] for metric in WITH_PEERS), of_set
    changed = [r["k"] for r in results if r["metric"] == "delta.per_change" and r["data"] == label]
    assert changed == [k for k in (10, 1000, 10000) if k <= people], changed
    return of_set


def write_people(path, count):
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        for i in range(count):
            file.write(f"{i * 7 - 50}\tИмя {i % 20}\t{i * i}\t{i % 3}\n")


def check_all_sets(program, folder):
    write_people(folder / "people.tsv", 1200)
    done = run(program, "--n", str(PEOPLE), "--json", str(folder / "out.json"),
               "--plots", str(folder / "plots"), "--data", "R", "--data", "S", "--data", "X",
               "--data", str(folder / "people.tsv"))
    assert done.returncode == 0, done.stderr
    report = json.loads((folder / "out.json").read_text(encoding="utf-8"))
    assert report["machine"]["processors"] >= 1
    for result in report["results"]:
        check_result(result)
    for label in ("R", "S", "X"):
        of_set = check_metrics(report["results"], label, PEOPLE)
        assert f"| hash.find_inc | {label} |" in done.stdout
        # Nothing is smaller than what it takes; for so few people headers count.
        assert of_set["snapshot.over_bound"]["value"] > 0.9, of_set["snapshot.over_bound"]
    check_metrics(report["results"], "people.tsv", 1200)
    plots = sorted(path.name for path in (folder / "plots").iterdir())
    assert plots == ["growth-latency.svg", "memory-by-users.svg", "snapshot-by-users.svg"], plots
    for plot in plots:
        text = (folder / "plots" / plot).read_text(encoding="utf-8")
        assert text.startswith("<svg") and ">telekv</text>" in text and "nan" not in text, plot


def check_refusals(program, folder):
    bad = folder / "bad.tsv"
    for text in ("1\tAnn\t2\n", "1\tAnn\t2\t0\n1\tBob\t3\t0\n", "x\tAnn\t2\t0\n", "1\tA\t-2\t0\n", ""):
        bad.write_text(text, encoding="utf-8")
        done = run(program, "--data", str(bad), "--only", "delta")
        assert done.returncode == 1 and "bad.tsv" in done.stderr, (text, done)
    assert run(program, "--data", str(folder / "absent.tsv")).returncode == 1
    assert run(program, "--n", "1000", "--data", "S", "--only", "nothing").returncode == 1
    assert run(program, "--n", "-5").returncode != 0


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        check_refusals(sys.argv[1], pathlib.Path(temporary))
        check_all_sets(sys.argv[1], pathlib.Path(temporary))
