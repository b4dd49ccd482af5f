#!/usr/bin/env python3
"""Fails when a man page or a completion lacks something that --help tells.
Usage: manual_test.py MANUAL_PY PROGRAM...
"""
import os
import re
import subprocess
import sys

COMPLETE = """
source /dev/stdin
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
"_${1//-/_}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout


def completed(script, *words):
    return run("bash", "-c", COMPLETE, "complete", *words, input=script).split()


def options_in(text):
    return set(re.findall(r"^  (?:-\w,)?(--[a-z-]+)", text, re.M))


def subcommands_in(text):
    listed = re.search(r"^Subcommands:\n((?:  .*\n)+)", text, re.M)
    return re.findall(r"^  ([a-z]+)", listed[1], re.M) if listed else []


def check(manual, program):
    name = os.path.basename(program)
    man = run(sys.executable, manual, "man", program, "/dev/stdout").replace("\\-", "-")
    bash = run(sys.executable, manual, "bash", program, "/dev/stdout")
    told = run(program, "--help", env={})
    assert options_in(told), told
    for wanted in options_in(told) | set(re.findall(r"\(Env:(\w+)\)", told)):
        assert re.search(rf"^\S.*\b{wanted.lstrip('-')}\b", man, re.M), f"man {name}: {wanted}"
    assert options_in(told) <= set(completed(bash, name, "--"))
    for command in subcommands_in(told):
        own = run(program, command, "--help")
        section = man[man.index(f".SS {name} {command}"):].split("\n.SS ")[0]
        assert all(f"fB{option}" in section for option in options_in(own) - {"--help"}), command
        assert options_in(own) <= set(completed(bash, name, command, "--")), command
        assert command in completed(bash, name, command[:3])
    return name


if __name__ == "__main__":
    checked = [check(sys.argv[1], program) for program in sys.argv[2:]]
    assert "telekv" in checked and "clicker" in checked
    completion = run(sys.executable, sys.argv[1], "bash", sys.argv[2 + checked.index("telekv")],
                     "/dev/stdout")
    assert completed(completion, "telekv", "export", "--format", "j") == ["jsonl", "json"]
    assert completed(completion, "telekv", "restore", "--at", "") == []
    print("told alike everywhere:", *checked)
