"""What a program's --help says, as data: for manual.py and completion.py."""
import dataclasses
import re
import subprocess

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

    def path(self):
        """FILE or FOLDER where it takes one, else nothing."""
        # A positional argument is named by what it is, an option's value stands behind its name.
        named = {self.names[0], re.split(r"[= ]", self.value)[0]} & {"FILE", "FOLDER"}
        return named.pop() if named else ""


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
