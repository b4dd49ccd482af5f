#!/usr/bin/env python3
"""Writes a program's completion for a shell from what its --help says, so that none can offer
something else than the program itself takes.

Usage: completion.py bash|zsh|fish PROGRAM OUTPUT
"""
import os
import sys

from program_help import ask, parse


def offer(entries, words=()):
    """Shell assignments that offer `words`, and files where an entry takes some."""
    wanted = [f'words="{" ".join(words)}"'] if words else []
    paths = {entry.path() for entry in entries}
    if "FILE" in paths:
        wanted.append("files=-f")
    elif "FOLDER" in paths:
        wanted.append("files=-d")
    return " ".join(wanted) or ":"


def bash_cases(told, command):
    """What may follow each option that takes a value, and then what may stand anywhere else."""
    lines = [" | ".join(f'"{command} {name}"' for name in option.names)
             + f") {offer([option], option.choices())} ;;"
             for option in told.section("Options") if option.value]
    words = [name for option in told.section("Options") for name in option.names]
    words += [each.names[0] for each in told.section("Subcommands")]
    anywhere = "*" if not command else f'"{command} "*'
    return [*lines, f'{anywhere}) {offer(told.section("Positionals"), words)} ;;']


def bash(program, name):
    told = parse(ask(program, "--help"))
    function = "_" + name.replace("-", "_")
    lines = [f"# bash completion of {name}", f"{function}() {{",
             '  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}',
             '  local command="" words="" files=""']
    cases = []
    if told.section("Subcommands"):
        lines.append("  if ((COMP_CWORD > 1)) && [[ ${COMP_WORDS[1]} != -* ]]; then command=${COMP_WORDS[1]}; fi")
        for command in told.section("Subcommands"):
            own = parse(ask(program, command.names[0], "--help"))
            cases += bash_cases(own, command.names[0])
    cases += bash_cases(told, "")
    lines += ['  case "$command $before" in', *("    " + case for case in cases), "  esac",
              '  mapfile -t COMPREPLY < <(compgen $files -W "$words" -- "$word")', "}",
              f"complete -o filenames -F {function} {name}"]
    return "\n".join(lines) + "\n"


def quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"


def zsh_action(entry):
    """What _arguments offers for a value."""
    choices = entry.choices()
    if choices:
        return f"({' '.join(choices)})"
    return {"FILE": "_files", "FOLDER": "_files -/"}.get(entry.path(), "")


def zsh_specs(told):
    plain = str.maketrans({sign: "\\" + sign for sign in "\\[]:"})
    specs = []
    for option in told.section("Options"):
        value = f":value:{zsh_action(option)}" if option.value else ""
        text = f"[{option.text.translate(plain)}]{value}"
        others = f"({' '.join(option.names)})"
        specs += [quoted(others + name + ("=" if value and name.startswith("--") else "") + text)
                  for name in option.names]
    for positional in told.section("Positionals"):
        specs.append(quoted(f"*:{positional.names[0]}:{zsh_action(positional)}"))
    return specs


def zsh(program, name):
    told = parse(ask(program, "--help"))
    specs = zsh_specs(told)
    commands = told.section("Subcommands")
    if not commands:
        return "\n".join([f"#compdef {name}", "_arguments \\", "  " + " \\\n  ".join(specs)]) + "\n"
    lines = [f"#compdef {name}", "local -a commands", "local state line", "commands=("]
    lines += ["  " + quoted(f"{each.names[0]}:{each.text}") for each in commands]
    specs += ["'1: :->command'", "'*:: :->rest'"]
    lines += [")", "_arguments -C \\", "  " + " \\\n  ".join(specs) + " && return",
              "if [[ $state == command ]]; then", "  _describe command commands", "  return", "fi",
              "case $words[1] in"]
    for each in commands:
        own = zsh_specs(parse(ask(program, each.names[0], "--help")))
        lines += [f"  {each.names[0]})", "    _arguments \\",
                  "      " + " \\\n      ".join(own), "    ;;"]
    return "\n".join([*lines, "esac"]) + "\n"


def fish_quoted(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def fish_lines(name, told, condition):
    start = f"complete -c {name}" + (f" -n {fish_quoted(condition)}" if condition else "")
    lines = []
    for option in told.section("Options"):
        names = " ".join(f"-l {each[2:]}" if each.startswith("--") else f"-s {each[1:]}"
                         for each in option.names)
        value = ""
        if option.choices():
            value = f" -x -a {fish_quoted(' '.join(option.choices()))}"
        elif option.value:
            value = {"FILE": " -r -F", "FOLDER": " -x -a '(__fish_complete_directories)'"}.get(
                option.path(), " -x")
        lines.append(f"{start} {names}{value} -d {fish_quoted(option.text)}")
    if any(each.path() for each in told.section("Positionals")):
        lines.append(f"{start} -F")
    return lines


def fish(program, name):
    told = parse(ask(program, "--help"))
    commands = told.section("Subcommands")
    first = "__fish_use_subcommand" if commands else ""
    lines = [f"# fish completion of {name}", f"complete -c {name} -f", *fish_lines(name, told, first)]
    for each in commands:
        command = each.names[0]
        lines.append(f"complete -c {name} -n {first} -a {command} -d {fish_quoted(each.text)}")
        own = parse(ask(program, command, "--help"))
        lines += fish_lines(name, own, f"__fish_seen_subcommand_from {command}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    shell, path, output = sys.argv[1:]
    text = {"bash": bash, "zsh": zsh, "fish": fish}[shell](path, os.path.basename(path))
    with open(output, "w", encoding="utf-8") as file:
        file.write(text)
