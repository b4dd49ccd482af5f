"""A bot written with python-telegram-bot 13, for python_telegram_bot.test.mjs.

Usage: python_telegram_bot.py TASK ROOT TOKEN CHAT_ID [NUMBER...]; exit code 0: all was as asserted.
"""
import os
import sys
import time
import warnings

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, InputMediaDocument
from telegram import ReplyKeyboardMarkup
from telegram.error import BadRequest, RetryAfter, Unauthorized
from telegram.ext import CallbackQueryHandler, CommandHandler, Filters, MessageHandler, Updater
from telegram.ext import messagequeue

task, root, token, *numbers = sys.argv[1:]
chat_id, *numbers = map(int, numbers)
addresses = {"base_url": f"{root}/bot", "base_file_url": f"{root}/file/bot"}
failures = []


def start(update, context):
    keyboard = ReplyKeyboardMarkup([["Score"], ["Top"]], resize_keyboard=True)
    update.message.reply_text(f"Hello, {context.args[0]}", reply_markup=keyboard)


def score(update, _):
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("+1", callback_data="add:1")]])
    update.message.reply_text("Score: 0", reply_markup=keyboard)


def add(update, _):
    query = update.callback_query
    query.answer("Counted")
    query.edit_message_text(f"Score: {query.data.split(':')[1]}")


def play_score(begin):
    updater = Updater(token, workers=2, **addresses)
    for handler in (
        CommandHandler("start", start),
        MessageHandler(Filters.text(["Score"]), score),
        CallbackQueryHandler(add),
    ):
        updater.dispatcher.add_handler(handler)
    updater.dispatcher.add_error_handler(lambda _, context: failures.append(context.error))
    begin(updater)
    updater.idle()  # Until SIGTERM.
    assert not failures, failures


def poll():
    play_score(lambda updater: updater.start_polling(timeout=3))


def webhook(port):
    play_score(
        lambda updater: updater.start_webhook(
            port=port, url_path="hook", webhook_url=f"http://127.0.0.1:{port}/hook"
        )
    )


def documents(bot):
    first, second = os.urandom(300_000), os.urandom(300_001)

    def bytes_of(message):
        return bytes(message.document.get_file().download_as_bytearray())

    sent = bot.send_document(chat_id, first, filename="first.bin", caption="one")
    assert (sent.document.file_name, sent.caption) == ("first.bin", "one"), sent
    assert bytes_of(sent) == first
    assert sent.pin()
    edited = sent.edit_media(InputMediaDocument(second, filename="second.bin", caption="two"))
    assert edited.message_id == sent.message_id and edited.edit_date, edited
    pinned = bot.get_chat(chat_id).pinned_message
    assert (pinned.document.file_name, pinned.caption) == ("second.bin", "two"), pinned
    assert bytes_of(pinned) == second
    assert bytes_of(sent) == first
    forwarded = pinned.forward(chat_id)
    assert forwarded.forward_from.id == bot.id and forwarded.forward_date == pinned.date, forwarded
    assert bytes_of(forwarded) == second


def retry_after(count):
    bot = Bot(token, **addresses)
    for index in range(count):
        try:
            bot.send_message(chat_id, str(index))
        except RetryAfter as refusal:
            time.sleep(refusal.retry_after)
            bot.send_message(chat_id, str(index))


class QueuedBot(Bot):
    """Sends a message a second."""

    def __init__(self):
        super().__init__(token, **addresses)
        self._is_messages_queued_default = True
        self._msg_queue = messagequeue.MessageQueue(
            all_burst_limit=2, all_time_limit_ms=1000, exc_route=failures.append
        )

    @messagequeue.queuedmessage
    def send_message(self, *args, **kwargs):
        return super().send_message(*args, **kwargs)

    def close_queue(self):
        self._msg_queue.stop()


def queue(hasty_count, queued_count):
    bot = Bot(token, **addresses)
    for _ in range(hasty_count):
        bot.send_message(chat_id, "hasty")
    queued = QueuedBot()
    promises = [queued.send_message(chat_id, "queued") for _ in range(queued_count)]
    for promise in promises:
        assert promise.result().text == "queued"
    queued.close_queue()
    assert not failures, failures


def refusal_of(call):
    try:
        return call()
    except (BadRequest, Unauthorized) as refusal:
        return type(refusal), refusal.message


def refusals(bot, blocked_id):
    refusal = refusal_of(lambda: bot.send_message(404, "hi"))
    assert refusal == (BadRequest, "Chat not found"), refusal
    refusal = refusal_of(lambda: bot.send_message(blocked_id, "hi"))
    assert refusal == (Unauthorized, "Forbidden: bot was blocked by the user"), refusal


def calls(blocked_id):
    bot = Bot(token, **addresses)
    documents(bot)
    refusals(bot, blocked_id)


warnings.simplefilter("ignore")  # Of the message queue being deprecated, for one.
{
    "poll": poll,
    "webhook": webhook,
    "calls": calls,
    "retry_after": retry_after,
    "queue": queue,
}[task](*numbers)
