#!/usr/bin/env python3
"""`make bench-million` in small: everything is measured, in the form that bench_engine has, and the plots are SVG.

Only the form, and what does not depend on the machine: no time is asserted.
Usage: million_test.py MILLION_PY FOLDER_OF_PROGRAMS
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

PEER = "article"
BESIDE_A_PEER = {"e2e.replies_per_s", "e2e.clicks_per_s", "e2e.p50", "e2e.p99", "e2e.p99_9", "e2e.max", "e2e.gap",
                 "e2e.cpu_per_10k", "e2e.rss_rest", "e2e.rss_peak", "e2e.start_to_first_reply", "e2e.lost",
                 "e2e.upload_per_hour", "e2e.everyday.p99"}
ALONE = {"e2e.tls.replies_per_s", "e2e.webhook.replies_per_s", "e2e.strict.lost", "e2e.limited.replies_per_s",
         "e2e.limited.refused", "e2e.limited.p99"}
MAY_BE_NONE = {"e2e.lost", "e2e.strict.lost", "e2e.limited.refused"}


def main():
    million, programs = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        report, plots = pathlib.Path(folder) / "million.json", pathlib.Path(folder) / "plots"
        subprocess.run([million, programs, "--users", "2000", "--seconds", "1", "--everyday-seconds", "3",
                        "--dump-seconds", "1", "--rounds", "1", "--only", "telekv", PEER, "--json", report,
                        "--plots", plots], check=True)
        results = {each["metric"]: each for each in json.loads(report.read_text())["results"]}
        assert set(results) >= BESIDE_A_PEER | ALONE, results.keys()
        for metric in BESIDE_A_PEER | ALONE:
            result = results[metric]
            assert result["value"] > 0 or metric in MAY_BE_NONE, result
            assert (PEER in result["peers"]) == (metric in BESIDE_A_PEER), result
            assert result["n"] == 2000 and result["data"] == "R", result
        assert results["e2e.strict.lost"]["value"] == 0, "a click that was told is lost in strict mode"
        assert results["e2e.limited.refused"]["value"] == 0, "the flood budget was not kept"
        drawn = list(plots.glob("*.svg"))
        assert len(drawn) >= 5, drawn
        for each in drawn:
            xml.parse(each)


if __name__ == "__main__":
    main()
