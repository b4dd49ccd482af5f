// A bot written with grammY, a client library by others, runs unchanged on the emulator.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { Bot, InlineKeyboard, InputFile, InputMediaBuilder, Keyboard } from 'grammy';
import { Emulator, download, inPlace } from './harness.mjs';

const botId = 2 ** 33 + 7;
const token = `${botId}:${'grammY_test_secret-'.repeat(2).slice(0, 35)}`;
const person = { id: 2 ** 52 - 1, first_name: 'Аня 🚀', language_code: 'ru' };

/// Runs `body` while the bot polls; a failed handler fails the test.
async function polling(bot, body) {
  let failure;
  bot.catch((error) => {
    failure ??= error;
  });
  let stopped;
  await new Promise((onStart, reject) => {
    stopped = bot.start({ onStart, timeout: 5 }).catch(reject);
  });
  try {
    await body();
  } finally {
    await bot.stop();
    await stopped;
  }
  if (failure) throw failure;
}

async function withBot(place, body) {
  const emulator = await Emulator.start(place);
  await emulator.person({ ...person, bot_id: botId });
  await body(emulator, new Bot(token, { client: { apiRoot: emulator.root } }));
}

test(
  'getMe names the bot that the token belongs to',
  inPlace((place) =>
    withBot(place, async (emulator, bot) => {
      const me = await bot.api.getMe();
      assert.equal(me.id, botId);
      assert.equal(me.is_bot, true);
      assert.match(me.username, /bot$/i);
    }),
  ),
);

test(
  'A polled message reaches its handler and the reply shows its keyboard',
  inPlace((place) =>
    withBot(place, async (emulator, bot) => {
      const seen = [];
      bot.command('start', async (context) => {
        seen.push(context.from);
        await context.reply(`Hello, ${context.match}`, {
          reply_markup: new Keyboard().text('Tap').row().text('Top').resized(),
        });
      });
      await polling(bot, async () => {
        const reply = await emulator.ask(botId, person.id, '/start ref42');
        assert.equal(reply.text, 'Hello, ref42');
      });
      assert.deepEqual(seen, [{ ...person, is_bot: false }]);
      const { reply_keyboard: keyboard } = await emulator.chat(botId, person.id);
      assert.deepEqual(
        keyboard.keyboard.map((row) => row.map(({ text }) => text)),
        [['Tap'], ['Top']],
      );
      const { pending, highest_confirmed: confirmed } = await emulator.updates(botId);
      assert.equal(pending, 0);
      assert.ok(confirmed > 0);
    }),
  ),
);

test(
  'A tap on an inline button is a callback query that the bot answers and edits its message by',
  inPlace((place) =>
    withBot(place, async (emulator, bot) => {
      bot.on('message', (context) =>
        context.reply('Score: 0', { reply_markup: new InlineKeyboard().text('+1', 'add:1') }),
      );
      bot.callbackQuery('add:1', async (context) => {
        await context.answerCallbackQuery({ text: 'Counted' });
        await context.editMessageText('Score: 1');
      });
      await polling(bot, async () => {
        const score = await emulator.ask(botId, person.id, 'hi', /Score: 0/);
        assert.equal(score.reply_markup.inline_keyboard[0][0].callback_data, 'add:1');
        await emulator.tap(botId, person.id, score.message_id, 'add:1');
        const edited = await emulator.answer(botId, person.id, /Score: 1/);
        assert.equal(edited.message_id, score.message_id);
        assert.ok(edited.edit_date);
      });
      const { callback_answer: answer } = await emulator.chat(botId, person.id);
      assert.equal(answer.text, 'Counted');
    }),
  ),
);

test(
  'An uploaded document is pinned, replaced by an edit and downloaded back byte for byte',
  inPlace((place) =>
    withBot(place, async (emulator, bot) => {
      const first = randomBytes(300_000);
      const second = randomBytes(300_001);
      const sent = await bot.api.sendDocument(person.id, new InputFile(first, 'first.bin'), {
        caption: 'one',
      });
      assert.equal(sent.document.file_size, first.length);
      assert.equal(sent.document.file_name, 'first.bin');
      assert.equal(sent.caption, 'one');
      assert.deepEqual(Buffer.from(await download(emulator, token, sent.document.file_id)), first);

      await bot.api.pinChatMessage(person.id, sent.message_id);
      const edited = await bot.api.editMessageMedia(
        person.id,
        sent.message_id,
        InputMediaBuilder.document(new InputFile(second, 'second.bin'), { caption: 'two' }),
      );
      assert.equal(edited.message_id, sent.message_id);
      assert.notEqual(edited.document.file_id, sent.document.file_id);

      // The edit keeps the pin, and the chat leads to the new bytes.
      const { pinned_message: pinned } = await bot.api.getChat(person.id);
      assert.equal(pinned.message_id, sent.message_id);
      assert.equal(pinned.caption, 'two');
      assert.equal(pinned.document.file_name, 'second.bin');
      assert.deepEqual(
        Buffer.from(await download(emulator, token, pinned.document.file_id)),
        second,
      );
    }),
  ),
);

test(
  'A refused call is an error with the code and text of the Bot API',
  inPlace((place) =>
    withBot(place, async (emulator, bot) => {
      await assert.rejects(bot.api.sendMessage(404, 'hi'), {
        error_code: 400,
        description: 'Bad Request: chat not found',
      });
      await assert.rejects(
        bot.api.editMessageMedia(
          person.id,
          12345,
          InputMediaBuilder.document(new InputFile(Buffer.from('x'), 'x.bin')),
        ),
        { error_code: 400, description: 'Bad Request: message to edit not found' },
      );
      await emulator.call('faults', { method: 'sendMessage', kind: '429', retry_after: 3 });
      await assert.rejects(bot.api.sendMessage(person.id, 'hi'), {
        error_code: 429,
        parameters: { retry_after: 3 },
      });
    }),
  ),
);
