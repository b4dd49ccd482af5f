"""The emulated Telegram of one measurement: its people, what they write, and what the bot answers."""
import re
import time

from server import Server, delete, get, get_bytes, post

BOT = 123456789
TOKEN = f"{BOT}:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
OPERATOR = 900_000_001_000
FIRST = 900_000_001_001  # writes before a program starts
WITNESSES = range(900_000_002_000, 900_000_002_020)  # people whose every count is remembered
# What people do: clicks, ratings, and one newcomer in a hundred.
USUAL = {"says": [{"text": "Клик", "share": 0.94}, {"text": "Рейтинг", "share": 0.05}], "newcomers": 0.01}
CLICKS = {"says": [{"text": "Клик", "share": 1}]}
REPLY_PATIENCE_S = 120
ENDS_WITHIN_S = 120  # with ten million people to forget


def count_in(text):
    """The count that an answer to "Клик" tells, whatever stands between its digits; 0 to whom the bot does not know."""
    found = re.match(r"Кликов:(.*)", text)
    return int(re.sub(r"\D", "", found.group(1))) if found else 0


class World:
    def __init__(self, programs, people_lines, core, flood="off", certificate=None):
        tls = [] if certificate is None else ["--tls-port", "0", "--tls-cert", certificate[0], "--tls-key", certificate[1]]
        self.emulator = Server([programs / "telegram-emulator", "--port", "0", "--flood", flood, *tls], core)
        for line in people_lines:
            post(self.emulator, "/emulator/people", line)
        self.people = get(self.emulator, "/emulator/people?limit=0")["total"]
        others = [OPERATOR, FIRST, *WITNESSES]
        post(self.emulator, "/emulator/people",
             {"bot_id": BOT, "people": [{"id": each, "first_name": "Свидетель"} for each in others]})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.emulator.stop(ENDS_WITHIN_S)

    # What the whole crowd does.

    def begin_crowd(self, seconds, waiting=0, per_second=0, says=None, seed=1):
        post(self.emulator, "/emulator/crowd",
             {"bot_id": BOT, "people": self.people, **(says or USUAL), "time_s": seconds, "waiting": waiting,
              "per_second": per_second, "seed": seed})

    def crowd_report(self):
        return get(self.emulator, "/emulator/crowd")

    def crowd(self, seconds, **plan):
        """Lets the people write for that long; the report of the emulator, with replies a second."""
        self.begin_crowd(seconds, **plan)
        time.sleep(seconds)
        while (report := self.crowd_report())["running"]:
            time.sleep(0.05)
        report["replies_per_s"] = report["answers"] / max(report["elapsed_us"], 1) * 1e6
        return report

    # What one person does.

    def _messages(self, person, after=0, wait_s=0):
        return get(self.emulator, f"/emulator/chats/{person}/messages?bot_id={BOT}&limit=1&after={after}&wait_s={wait_s}",
                   REPLY_PATIENCE_S + 10)

    def write(self, person, text):
        """The number of their message, behind which its answer will come."""
        return post(self.emulator, "/emulator/send", {"bot_id": BOT, "from": person, "text": text})["message_id"]

    def answer(self, person, message):
        """The text of the bot's first message behind that one."""
        version, end = 0, time.monotonic() + REPLY_PATIENCE_S
        while time.monotonic() < end:
            chat = self._messages(person, version, 1)
            newest = chat["messages"][-1]
            if newest["message_id"] > message:
                return newest["text"]
            version = chat["version"]
        raise TimeoutError(f"no answer within {REPLY_PATIENCE_S} s")

    def witnesses_say(self, text):
        """What each is answered."""
        written = {each: self.write(each, text) for each in WITNESSES}
        return {each: self.answer(each, message) for each, message in written.items()}

    def clicks_of_witnesses(self):
        """Everybody clicks once; what each is told."""
        return {each: count_in(text) for each, text in self.witnesses_say("Клик").items()}

    # What goes wrong.

    def fault(self, **rule):
        """Spoils the next call it fits."""
        post(self.emulator, "/emulator/faults", {"bot_id": BOT, **rule})

    def waiting_faults(self):
        """Those that have not met their call."""
        return get(self.emulator, "/emulator/faults")["rules"]

    def end_outage(self):
        """Takes back what spoils every call."""
        for rule in self.waiting_faults():
            if rule["method"] == "*":
                delete(self.emulator, f"/emulator/faults?id={rule['id']}")

    def no_more_faults(self):
        delete(self.emulator, "/emulator/faults")

    def updates(self):
        """Which of them the bot has confirmed, and how many wait."""
        return get(self.emulator, f"/emulator/updates?bot_id={BOT}")

    # What the bot uploads.

    def uploaded_bytes(self):
        """Of the calls that have sent documents so far."""
        calls = get(self.emulator, "/emulator/stats")["calls"]
        return sum(calls.get(name, {"bytes": 0})["bytes"] for name in ("sendDocument", "editMessageMedia"))

    def refused_by_flood_control(self):
        return get(self.emulator, "/emulator/stats")["calls"].get("sendMessage", {"failed": 0})["failed"]

    def newest_backup(self):
        """The bytes of the newest document in the operator's chat; None when there is none."""
        chat = get(self.emulator, f"/emulator/chats/{OPERATOR}/messages?bot_id={BOT}&limit=1000")
        documents = [each["message_id"] for each in chat["messages"] if "document" in each]
        return get_bytes(self.emulator, f"/emulator/chats/{OPERATOR}/messages/{documents[-1]}/document?bot_id={BOT}"
                         ) if documents else None
