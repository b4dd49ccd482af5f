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


class Server:
    def __init__(self, command):
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = self._process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        if not found:
            self.stop()
            sys.exit(f"bench: {command[0]} says no address, but {line!r}")
        self.url = found.group()

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self._process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def resident_bytes(self):
        status = pathlib.Path(f"/proc/{self._process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) * 1024

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self._process.terminate()
        self._process.wait(TIMEOUT_S)


# Nothing that is measured goes through a proxy of the caller's.
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def get(server, path):
    with _direct.open(server.url + path, timeout=TIMEOUT_S) as answer:
        return json.load(answer)


def post(server, path, content):
    request = urllib.request.Request(server.url + path, json.dumps(content).encode(),
                                     {"Content-Type": "application/json"})
    _direct.open(request, timeout=TIMEOUT_S).close()
