#!/usr/bin/env python3
"""The clicker in the article's design: sqlite3 in memory without an index, a JSON dump sent to the operator.

Python 3.11's standard library alone. Mended are the article's statements, whose values are bound here, and its
timer; and a registration is answered before its dump is made.
"""
import asyncio
import json
import os
import re
import secrets
import signal
import sqlite3
import ssl
import sys
import time
import urllib.parse

CALL_TIMEOUT_S = 300  # aiogram's
POLL_TIMEOUT_S = 30
PAUSE_AFTER_FAILURE_S = 1
TOP_SIZE = 15

CLICK, RATING = "Клик", "Рейтинг"
KEYBOARD = {"keyboard": [[{"text": CLICK}], [{"text": RATING}]], "resize_keyboard": True}
NOT_REGISTERED = "Вы не зарегистрированы, нажмите /start"
HINT = "Нажмите «Клик» или «Рейтинг»"


class Api:
    """The Bot API over HTTP/1.1 connections that are kept alive."""

    def __init__(self, root, token):
        url = urllib.parse.urlsplit(root)
        tls = ssl.create_default_context() if url.scheme == "https" else None
        self._address = {"host": url.hostname, "port": url.port or (443 if tls else 80), "ssl": tls}
        self._host, self._path = url.netloc, f"/bot{token}/"
        self._idle = []

    async def call(self, method, **parameters):
        return await self._post(method, "application/json", json.dumps(parameters).encode())

    async def send_document(self, chat, name, content):
        border = secrets.token_hex(16)
        field = f'--{border}\r\nContent-Disposition: form-data; name='
        before = f'{field}"chat_id"\r\n\r\n{chat}\r\n{field}"document"; filename="{name}"\r\n\r\n'
        body = b"".join((before.encode(), content, f"\r\n--{border}--\r\n".encode()))
        return await self._post("sendDocument", f"multipart/form-data; boundary={border}", body)

    async def _post(self, method, kind, body):
        head = (f"POST {self._path}{method} HTTP/1.1\r\nHost: {self._host}\r\n"
                f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n").encode()
        async with asyncio.timeout(CALL_TIMEOUT_S):
            reader, writer = await self._connection()
            try:
                writer.write(head + body)
                await writer.drain()
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                content = await reader.readexactly(int(re.search(r"\r\ncontent-length: *(\d+)", head)[1]))
            except BaseException:
                writer.close()
                raise
        if "\r\nconnection: close" in head:
            writer.close()
        else:
            self._idle.append((reader, writer))
        status = head.split(" ", 2)[1]
        if status != "200":
            raise RuntimeError(f"{method}: {status} {content.decode(errors='replace')}")
        return json.loads(content)["result"]

    async def _connection(self):
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof():
                return reader, writer
            writer.close()
        return await asyncio.open_connection(**self._address)


class Users:
    """What the bot answers, as the article asks its database for it."""

    def __init__(self, rows):
        self.changed = False
        self._database = sqlite3.connect(":memory:", isolation_level=None)
        self._ask = self._database.execute
        self._ask("CREATE TABLE users (chatid INTEGER, name TEXT, click INTEGER, state INTEGER)")
        self._ask("BEGIN")
        self._database.executemany("INSERT INTO users VALUES (?, ?, ?, ?)", rows)
        self._ask("COMMIT")

    def count(self):
        return self._ask("SELECT COUNT(*) FROM users").fetchone()[0]

    def register(self, chat, name):
        """False for who is known."""
        if self._clicks(chat) is not None:
            return False
        self._ask("INSERT INTO users VALUES (?, ?, 0, 0)", (chat, name))
        self.changed = True
        return True

    def click(self, chat):
        self._ask("UPDATE users SET click = click + 1 WHERE chatid = ?", (chat,))
        clicks = self._clicks(chat)
        if clicks is None:
            return NOT_REGISTERED
        self.changed = True
        return f"Кликов: {clicks}"

    def rating(self, chat):
        clicks = self._clicks(chat)
        if clicks is None:
            return NOT_REGISTERED
        top = self._ask("SELECT chatid, name, click FROM users ORDER BY click DESC LIMIT ?", (TOP_SIZE,)).fetchall()
        lines = [f"Всего: {self.count()}"]
        lines += [f"{place}: {name} - {count}" for place, (_, name, count) in enumerate(top, 1)]
        if chat not in (each for each, _, _ in top):
            above = self._ask("SELECT COUNT(*) FROM users WHERE click > ?", (clicks,)).fetchone()[0]
            lines.append(f"Вы: место {above + 1}, кликов: {clicks}")
        return "\n".join(lines)

    def hint(self, chat):
        return NOT_REGISTERED if self._clicks(chat) is None else HINT

    def dump(self):
        self.changed = False
        return json.dumps(self._ask("SELECT * FROM users").fetchall()).encode()

    def _clicks(self, chat):
        row = self._ask("SELECT click FROM users WHERE chatid = ?", (chat,)).fetchone()
        return row and row[0]


class Bot:
    def __init__(self, api, users, operator):
        self._api, self._users, self._operator = api, users, operator
        self._at_work = set()  # the loop itself keeps no task
        self._one_dump = asyncio.Lock()  # so that registrations in a row do not fill the memory with dumps

    async def poll(self):
        offset = 0
        while True:
            try:
                updates = await self._api.call("getUpdates", offset=offset, limit=100, timeout=POLL_TIMEOUT_S)
            except Exception as failure:
                complain(failure)
                await asyncio.sleep(PAUSE_AFTER_FAILURE_S)
                continue
            for update in updates:
                offset = update["update_id"] + 1
                if "text" in update.get("message", {}):
                    self._work_on(self._answer(update["message"]))

    async def back_up(self, interval_s):
        while True:
            await asyncio.sleep(interval_s)
            if self._users.changed:
                await self._dump()

    def _work_on(self, coroutine):
        task = asyncio.create_task(coroutine)
        self._at_work.add(task)
        task.add_done_callback(self._at_work.discard)

    async def _answer(self, message):
        chat, text = message["chat"]["id"], message["text"]
        if text == CLICK:
            await self._send(chat, self._users.click(chat))
        elif text == RATING:
            await self._send(chat, self._users.rating(chat))
        elif text.startswith("/start"):
            name = message["from"]["first_name"]
            is_new = self._users.register(chat, name)
            await self._send(chat, f"Приветствую {name}", reply_markup=KEYBOARD)
            if is_new:
                await self._dump()
        else:
            await self._send(chat, self._users.hint(chat))

    async def _send(self, chat, text, **more):
        try:
            await self._api.call("sendMessage", chat_id=chat, text=text, **more)
        except Exception as failure:
            complain(failure)

    async def _dump(self):
        async with self._one_dump:
            begun = time.monotonic()
            content = self._users.dump()
            encoded = time.monotonic()
            try:
                await self._api.send_document(self._operator, "users.json", content)
            except Exception as failure:
                self._users.changed = True
                complain(failure)
                return
            print(f"dump: {len(content)} bytes, encoded in {encoded - begun:.3f} s, "
                  f"uploaded in {time.monotonic() - encoded:.3f} s", flush=True)


def complain(failure):
    print(" ".join(f"{type(failure).__name__}: {failure}".split()), file=sys.stderr, flush=True)


async def main():
    api = Api(os.environ["API_ROOT"], os.environ["BOT_TOKEN"])
    begun = time.monotonic()
    with open(os.environ["USERS_FILE"], encoding="utf-8") as file:
        users = Users(json.load(file))
    restored_s = time.monotonic() - begun

    bot = Bot(api, users, int(os.environ["ADMIN_ID"]))
    work = asyncio.gather(bot.poll(), bot.back_up(float(os.environ.get("DUMP_SECONDS", "30"))))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, work.cancel)
    print(f"ready: {users.count()} users, restored in {restored_s:.3f} s", flush=True)
    try:
        await work
    except asyncio.CancelledError:
        pass


asyncio.run(main())
