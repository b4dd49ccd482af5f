#!/usr/bin/env python3
"""Writes a program's man page or bash completion from what its --help says, so that neither can tell
something else than the program itself.

Usage: manual.py man|bash PROGRAM OUTPUT
"""
import dataclasses
import os
import re
import subprocess
import sys

# "  -h,--help   text", or the head alone with its text in the lines below.
ENTRY = re.compile(r"  (?P<head>\S.*?)(?:\s{2,}(?P<text>\S.*))?$")
ENVIRONMENT = re.compile(r"\s*\(Env:(\w+)\)")


@dataclasses.dataclass
class Entry:
    """An option, a positional argument or a subcommand."""

    names: list
    value: str  # what stands behind the name, e.g. "interval|strict=interval"
    environment: str
    text: str

    def choices(self):
        """The values there are to choose from, or none."""
        listed = re.search(r"\{(.*?)\}", self.value)
        value = listed[1].replace(",", "|") if listed else re.split(r"[= ]", self.value)[0]
        return value.split("|") if re.fullmatch(r"[a-z0-9]+(\|[a-z0-9]+)+", value) else []


@dataclasses.dataclass
class Help:
    usage: str = ""
    description: list = dataclasses.field(default_factory=list)
    entries: dict = dataclasses.field(default_factory=dict)  # by section
    footer: list = dataclasses.field(default_factory=list)

    def section(self, name):
        return self.entries.get(name, [])


def read_entry(head, text):
    environment = ENVIRONMENT.search(head)
    names, _, value = ENVIRONMENT.sub("", head).partition(" ")
    return Entry(names.split(","), value.strip(), environment[1] if environment else "", text)


def parse(text):
    result = Help()
    section = None
    for line in text.splitlines():
        if result.footer or (section and line and not line.startswith(" ")
                             and line not in ("Options:", "Positionals:", "Subcommands:")):
            result.footer.append(line)
        elif line in ("Options:", "Positionals:", "Subcommands:"):
            section = line[:-1]
            result.entries[section] = []
        elif line.startswith("Usage: "):
            result.usage = line[len("Usage: "):]
        elif not section:
            result.description.append(line)
        elif line.startswith("   "):
            result.entries[section][-1].text += " " + line.strip()
        elif line:
            found = ENTRY.match(line)
            result.entries[section].append(read_entry(found["head"], found["text"] or ""))
    for entries in result.entries.values():
        for entry in entries:
            entry.text = entry.text.strip()
    return result


def ask(program, *arguments):
    # Whatever the caller's environment holds would show as a default.
    done = subprocess.run([program, *arguments], env={"LANG": "C.UTF-8"}, check=True,
                          capture_output=True, text=True)
    return done.stdout


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


def offer(entries, words=()):
    """Shell assignments that offer `words`, and files where an entry takes some."""
    wanted = [f'words="{" ".join(words)}"'] if words else []
    # A positional argument is named by what it is, an option's value stands behind its name.
    kinds = {kind for entry in entries for kind in (entry.names[0], entry.value.split(" ")[0])}
    if "FILE" in kinds:
        wanted.append("files=-f")
    elif "FOLDER" in kinds:
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
        lines.append("  if ((COMP_CWORD > 1)); then command=${COMP_WORDS[1]}; fi")
        for command in told.section("Subcommands"):
            own = parse(ask(program, command.names[0], "--help"))
            cases += bash_cases(own, command.names[0])
    cases += bash_cases(told, "")
    lines += ['  case "$command $before" in', *("    " + case for case in cases), "  esac",
              '  mapfile -t COMPREPLY < <(compgen $files -W "$words" -- "$word")', "}",
              f"complete -o filenames -F {function} {name}"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    kind, path, output = sys.argv[1:]
    text = {"man": man, "bash": bash}[kind](path, os.path.basename(path))
    with open(output, "w", encoding="utf-8") as file:
        file.write(text)
