#!/usr/bin/env python3
"""Fails when a man page or a completion lacks something that --help tells.
Usage: manual_test.py FOLDER_OF_SCRIPTS PROGRAM...
"""
import os
import re
import subprocess
import sys
import tempfile

BASH = """
source "$1"
shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
"_${1//-/_}"
printf '%s\\n' "${COMPREPLY[@]}"
"""
# What zsh's own functions would be given: they complete only where somebody types.
ZSH = """
_arguments() {
  printf '%s\\n' "$@" | grep -oE -- '--?[a-z][a-z-]*' || :
  if [[ "$*" == *'->command'* ]]; then
    if (($#typed > 1)); then state=rest; words=("${(@)typed[1,-1]}"); return 1; fi
    state=command; return 1
  fi
}
_describe() { printf '%s\\n' "${(@P)2}" | cut -d: -f1; }
file=$1; shift 2
typed=("$@")
complete_it() { source $file; }
complete_it
"""
FISH = 'source $argv[1]; complete -C "$argv[2..]" | string replace -r "\\t.*" ""; true'


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout


def completed(shell, script, *words):
    """What the shell offers for the last of the words."""
    if shell == "fish":
        return run("fish", "--no-config", "-c", FISH, script, *words).split()
    code = BASH if shell == "bash" else ZSH
    start = ["bash", "-c"] if shell == "bash" else ["zsh", "-f", "-c"]
    return run(*start, code, "complete", script, *words).split()


def options_in(text):
    return set(re.findall(r"^  (?:-\w,)?(--[a-z-]+)", text, re.M))


def subcommands_in(text):
    listed = re.search(r"^Subcommands:\n((?:  .*\n)+)", text, re.M)
    return re.findall(r"^  ([a-z]+)", listed[1], re.M) if listed else []


def check(scripts, folder, program):
    name = os.path.basename(program)
    page = os.path.join(folder, f"{name}.1")
    run(sys.executable, f"{scripts}/manual.py", program, page)
    with open(page, encoding="utf-8") as file:
        man = file.read().replace("\\-", "-")
    told = run(program, "--help", env={})
    assert options_in(told), told
    for wanted in options_in(told) | set(re.findall(r"\(Env:(\w+)\)", told)):
        assert re.search(rf"^\S.*\b{wanted.lstrip('-')}\b", man, re.M), f"man {name}: {wanted}"
    for command in subcommands_in(told):
        section = man[man.index(f".SS {name} {command}"):].split("\n.SS ")[0]
        own = options_in(run(program, command, "--help")) - {"--help"}
        assert all(f"fB{option}" in section for option in own), command
    for shell in ("bash", "zsh", "fish"):
        script = os.path.join(folder, f"{name}.{shell}")
        run(sys.executable, f"{scripts}/completion.py", shell, program, script)
        assert options_in(told) <= set(completed(shell, script, name, "--")), shell
        for command in subcommands_in(told):
            own = options_in(run(program, command, "--help"))
            offered = set(completed(shell, script, name, command, "--"))
            assert own <= offered, f"{shell}: {command}: {own - offered}"
            assert command in completed(shell, script, name, command[:3]), f"{shell}: {command}"
    return name


def main(scripts, programs):
    with tempfile.TemporaryDirectory() as folder:
        checked = [check(scripts, folder, program) for program in programs]
        assert "telekv" in checked and "clicker" in checked
        for shell in ("bash", "fish"):
            script = os.path.join(folder, f"telekv.{shell}")
            formats = completed(shell, script, "telekv", "export", "--format", "j")
            assert sorted(formats) == ["json", "jsonl"], formats
            assert completed(shell, script, "telekv", "restore", "--at", "") == [], shell
            script = os.path.join(folder, f"clicker.{shell}")
            assert "strict" in completed(shell, script, "clicker", "--durability", ""), shell
    print("told alike everywhere:", *checked)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
