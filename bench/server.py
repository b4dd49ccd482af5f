"""Servers that a measurement starts, watches and ends."""
import json
import os
import pathlib
import re
import subprocess
import sys
import urllib.request

TICKS = os.sysconf("SC_CLK_TCK")
TIMEOUT_S = 10


class Process:
    """A program that runs beside the measurement; killed, where it has not ended, when it goes out of scope."""

    def __init__(self, command, core=None, **settings):
        pinned = [] if core is None else ["taskset", "-c", str(core)]
        self._process = subprocess.Popen([*pinned, *command], **settings)

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self._process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def resident_bytes(self):
        return self._memory("VmRSS")

    def peak_resident_bytes(self):
        return self._memory("VmHWM")

    def _memory(self, kind):
        status = pathlib.Path(f"/proc/{self._process.pid}/status").read_text()
        return int(re.search(rf"{kind}:\s+(\d+) kB", status).group(1)) * 1024

    def descriptors(self):
        return len(os.listdir(f"/proc/{self._process.pid}/fd"))

    def threads(self):
        return len(os.listdir(f"/proc/{self._process.pid}/task"))

    def wakeups(self):
        """How often its threads have slept so far, and woken."""
        tasks = pathlib.Path(f"/proc/{self._process.pid}/task").iterdir()
        return sum(int(re.search(r"\nvoluntary_ctxt_switches:\s+(\d+)", (each / "status").read_text()).group(1))
                   for each in tasks)

    def has_ended(self):
        return self._process.poll() is not None

    def kill(self):
        self._process.kill()
        self._process.wait(TIMEOUT_S)

    def stop(self, patience_s=TIMEOUT_S):
        self._process.terminate()
        try:
            self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if not self.has_ended():
            self.stop()


class Server(Process):
    """One that says its address in its first line."""

    def __init__(self, command, core=None):
        super().__init__(command, core, stdout=subprocess.PIPE, text=True)
        line = self._process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        if not found:
            self.stop()
            sys.exit(f"bench: {command[0]} says no address, but {line!r}")
        self.url = found.group()
        secure = re.search(r"https://127\.0\.0\.1:\d+", line)
        self.secure_url = secure.group() if secure else None


# Nothing that is measured goes through a proxy of the caller's.
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def get(server, path, timeout_s=TIMEOUT_S):
    with _direct.open(server.url + path, timeout=timeout_s) as answer:
        return json.load(answer)


def get_bytes(server, path):
    with _direct.open(server.url + path, timeout=TIMEOUT_S) as answer:
        return answer.read()


def post(server, path, content):
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return _ask(urllib.request.Request(server.url + path, body, {"Content-Type": "application/json"}))


def delete(server, path):
    return _ask(urllib.request.Request(server.url + path, method="DELETE"))


def _ask(request):
    with _direct.open(request, timeout=TIMEOUT_S) as answer:
        return json.load(answer)
