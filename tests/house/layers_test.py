#!/usr/bin/env python3
"""Fails when an include points upward: cli -> bot -> telegram -> vault -> kv; emulator knows none of them.

Also holds the engine to its promise: no I/O, no clock, no threads below src/kv. Memory is no I/O, and one
file may ask the system for it.
Usage: layers_test.py SOURCE_FOLDER   (the repository's src/)
"""
import pathlib
import re
import sys
import tempfile

MAY_INCLUDE = {
    "kv": {"kv"},
    "vault": {"vault", "kv"},
    "telegram": {"telegram", "vault", "kv"},
    "bot": {"bot", "telegram", "vault", "kv"},
    "cli": {"cli", "bot", "telegram", "vault", "kv"},
    "emulator": {"emulator"},
}
OWN = re.compile(r'^\s*#\s*include\s+"([a-z]+)/')
FORBIDDEN_IN_KV = re.compile(
    r"^\s*#\s*include\s+<(boost/asio|boost/beast|thread|mutex|atomic|future|condition_variable|chrono|ctime|"
    r"fstream|iostream|cstdio|filesystem|unistd\.h|sys/)"
)
MEMORY = re.compile(r"^\s*#\s*include\s+<sys/mman\.h>")
MAY_ASK_FOR_MEMORY = "memory_blocks.cc"


def violations(source):
    found = []
    for file in sorted(source.rglob("*")):
        if file.suffix not in {".h", ".cc"}:
            continue
        layer = file.relative_to(source).parts[0]
        if layer not in MAY_INCLUDE:
            found.append(f"{file}: {layer} is not a layer of the house")
            continue
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            own = OWN.match(line)
            if own and own[1] in MAY_INCLUDE and own[1] not in MAY_INCLUDE[layer]:
                found.append(f"{file}:{number}: {layer} must not include {own[1]}")
            if file.name == MAY_ASK_FOR_MEMORY and MEMORY.match(line):
                continue
            if layer == "kv" and FORBIDDEN_IN_KV.match(line):
                found.append(f"{file}:{number}: the engine has no I/O, clock or threads")
    return found


def check_that_the_check_can_fail():
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder)
        (source / "kv").mkdir()
        (source / "emulator").mkdir()
        (source / "kv" / "a.h").write_text('#include "vault/vault.h"\n#include <thread>\n')
        (source / "emulator" / "b.cc").write_text('#include "kv/error.h"\n')
        (source / "kv" / "other.cc").write_text("#include <sys/mman.h>\n")
        (source / "kv" / MAY_ASK_FOR_MEMORY).write_text("#include <sys/mman.h>\n#include <sys/stat.h>\n")
        assert len(violations(source)) == 5, violations(source)


if __name__ == "__main__":
    check_that_the_check_can_fail()
    problems = violations(pathlib.Path(sys.argv[1]))
    print("\n".join(problems) or "every include points downward")
    sys.exit(1 if problems else 0)
