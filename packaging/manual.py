#!/usr/bin/env python3
"""Writes a program's man page from what its --help says, so that it can tell nothing else than the
program itself.

Usage: manual.py PROGRAM OUTPUT
"""
import os
import re
import sys

from program_help import ask, parse


def roff(text):
    text = text.replace("\\", r"\e").replace("-", r"\-")
    return "\n".join(r"\&" + line if line[:1] in (".", "'") else line for line in text.splitlines())


def entries_as_man(entries):
    lines = []
    for entry in entries:
        names = ", ".join(rf"\fB{roff(name)}\fR" for name in entry.names)
        value = rf" \fI{roff(entry.value)}\fR" if entry.value else ""
        environment = f" ({entry.environment})" if entry.environment else ""
        lines += [".TP", names + value + environment, roff(entry.text)]
    return lines


def footer_as_man(footer):
    """Paragraphs; what follows "Title:" and is indented is a section of its own."""
    lines = []
    for paragraph in "\n".join(footer).strip().split("\n\n"):
        title, _, rest = paragraph.partition("\n")
        if title.endswith(":") and rest.startswith("  "):
            name = {"Exit codes:": "EXIT STATUS"}.get(title, title[:-1].upper())
            body = [roff(line.strip()) for line in rest.splitlines()]
            verbatim = name == "EXAMPLES"
            lines += [f".SH {name}", *([".nf"] if verbatim else []), *body,
                      *([".fi"] if verbatim else [])]
        else:
            lines += [".PP", roff(paragraph)]
    return lines


def subcommand_as_man(program, command):
    told = parse(ask(program, command.names[0], "--help"))
    examples = [line.strip() for line in told.footer if line.startswith("  ")]
    own = told.section("Positionals") + [option for option in told.section("Options")
                                         if "--help" not in option.names]
    return [f".SS {roff(told.usage)}", roff(command.text), *entries_as_man(own),
            ".PP", "For example:", ".nf", *map(roff, examples), ".fi"]


def man(program, name):
    told = parse(ask(program, "--help"))
    version = re.search(r"\d+\.\d+\.\d+", ask(program, "--version"))[0]
    first = " ".join(told.description[0].rstrip(".").split())
    lines = [f'.TH {name.upper()} 1 "" "telekv {version}" "User commands"',
             ".SH NAME", rf"{roff(name)} \- {roff(first)}",
             ".SH SYNOPSIS", rf"\fB{roff(name)}\fR " + roff(told.usage.partition(" ")[2]),
             ".SH DESCRIPTION", roff("\n".join(told.description)),
             ".SH OPTIONS", *entries_as_man(told.section("Positionals") + told.section("Options"))]
    if told.section("Subcommands"):
        lines.append(".SH COMMANDS")
        for command in told.section("Subcommands"):
            lines += subcommand_as_man(program, command)
    footer = footer_as_man(told.footer)
    if footer[:1] == [".PP"]:
        lines.append(".SH NOTES")
    return "\n".join([*lines, *footer]) + "\n"


if __name__ == "__main__":
    path, output = sys.argv[1:]
    text = man(path, os.path.basename(path))
    with open(output, "w", encoding="utf-8") as file:
        file.write(text)
