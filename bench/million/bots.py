"""The programs that are measured: how each is given its users, started, and found again after a crash."""
import os
import pathlib
import socket
import subprocess
import sys

from server import Process, get_bytes
from world import OPERATOR, TOKEN

PEERS = pathlib.Path(__file__).resolve().parent / "peers"
KEY = "5e" * 32
NEVER_S = 3600
IMPORT_TIMEOUT_S = 600


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Bot:
    """One program in one world. `folder` keeps its log and, where it needs one, its backup."""

    name = ""

    def __init__(self, options, world, folder, certificate=None):
        self.programs, self.core = options.programs, options.cores[0]
        self.backup_s = options.dump_seconds
        self.world, self.folder, self.certificate = world, folder, certificate
        self.process = None
        self.log = folder / "log"

    def environment(self, backup_s):
        raise NotImplementedError

    def command(self):
        raise NotImplementedError

    def prepare(self, dump):
        """Gives it the users of a JSON dump."""
        raise NotImplementedError

    def start(self, backup_s=None):
        url = self.world.emulator.secure_url if self.certificate else self.world.emulator.url
        trust = {"SSL_CERT_FILE": self.certificate[0], "NODE_EXTRA_CA_CERTS": self.certificate[0]} if self.certificate else {}
        environment = {**os.environ, "BOT_TOKEN": TOKEN, "ADMIN_ID": str(OPERATOR), "API_ROOT": url, **trust,
                       **self.environment(backup_s or self.backup_s)}
        with self.log.open("ab") as log:
            self.process = Process(self.command(), self.core, env=environment, stdout=log, stderr=log)

    def crash(self):
        self.process.kill()

    def recover(self):
        """What a host does after the crash, before the next start."""

    def stop(self):
        if self.process and not self.process.has_ended():
            self.process.stop(30)


class Clicker(Bot):
    name = "telekv"
    settings = {}

    def __init__(self, options, *rest):
        super().__init__(options, *rest)
        self.backup_s = min(5, options.dump_seconds)  # as it comes

    def environment(self, backup_s):
        return {"TELEKV_KEY": KEY, "FLOOD_BUDGET": "off", "BACKUP_INTERVAL": str(backup_s), **self.settings}

    def command(self):
        return [self.programs / "clicker"]

    def prepare(self, dump):
        environment = {**os.environ, "BOT_TOKEN": TOKEN, "TELEKV_KEY": KEY, "ADMIN_ID": str(OPERATOR),
                       "API_ROOT": self.world.emulator.url}
        subprocess.run([self.programs / "telekv", "import", "--init", dump], env=environment, check=True,
                       stdout=subprocess.DEVNULL, timeout=IMPORT_TIMEOUT_S)


class StrictClicker(Clicker):
    name = "telekv, strict"
    settings = {"DURABILITY": "strict"}


class WatchedClicker(Clicker):
    """With a port of its own, at `url`."""

    def __init__(self, *rest):
        super().__init__(*rest)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def environment(self, backup_s):
        return {**super().environment(backup_s), "PORT": str(self.port), "LISTEN": "loopback"}

    def metrics(self):
        lines = get_bytes(self, "/metrics").decode().splitlines()
        return {name: float(value) for name, value in (line.split() for line in lines if not line.startswith("#"))}


class WebhookClicker(WatchedClicker):
    name = "telekv, webhook"

    def environment(self, backup_s):
        return {**super().environment(backup_s), "WEBHOOK_URL": f"{self.url}/hook"}


class CoalescingClicker(Clicker):
    """As it runs on the real Telegram."""
    name = "telekv, with Telegram's limits"
    settings = {"FLOOD_BUDGET": "on"}


class Peer(Bot):
    def environment(self, backup_s):
        return {"USERS_FILE": str(self.folder / "users.json"), "DUMP_SECONDS": str(backup_s)}

    def prepare(self, dump):
        (self.folder / "users.json").symlink_to(dump)

    def recover(self):
        newest = self.world.newest_backup()
        if newest is not None:
            (self.folder / "users.json").unlink()
            (self.folder / "users.json").write_bytes(newest)


class Article(Peer):
    name = "article"

    def command(self):
        return [sys.executable, PEERS / "article.py"]


class GrammyRunner(Peer):
    name = "grammy_runner"

    def command(self):
        return ["node", "--max-old-space-size=16384", PEERS / "grammy_runner.mjs"]


class Telegraf(Peer):
    name = "telegraf"

    def command(self):
        return ["node", "--max-old-space-size=16384", PEERS / "telegraf.mjs"]


class CppStd(Peer):
    name = "cpp_std"

    def command(self):
        return [self.programs / "bench_cpp_std"]


PEER_KINDS = (Article, GrammyRunner, Telegraf, CppStd)
