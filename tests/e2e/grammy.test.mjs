// A bot written with grammY, a client library by others, runs unchanged on the emulator; so do its
// plugins that wait out flood limits and keep within them.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { autoRetry } from '@grammyjs/auto-retry';
import { apiThrottler } from '@grammyjs/transformer-throttler';
import {
  Bot,
  InlineKeyboard,
  InputFile,
  InputMediaBuilder,
  Keyboard,
  webhookCallback,
} from 'grammy';
import {
  botId,
  burst,
  callsOf,
  expectOneRefusal,
  moreThanABurst,
  person,
  secret,
  servingRequests,
  token,
  withEmulator,
} from './client.mjs';
import { download } from './harness.mjs';

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

const withBot = (body, options) =>
  withEmulator(
    (emulator) => body(emulator, new Bot(token, { client: { apiRoot: emulator.root } })),
    options,
  );

describe('grammY', { concurrency: true }, () => {
  it(
    'getMe names the bot that the token belongs to',
    withBot(async (emulator, bot) => {
      const me = await bot.api.getMe();
      assert.equal(me.id, botId);
      assert.equal(me.is_bot, true);
      assert.match(me.username, /bot$/i);
    }),
  );

  it(
    'A polled message reaches its handler and the reply shows its keyboard',
    withBot(async (emulator, bot) => {
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
  );

  it(
    'A tap on an inline button is a callback query that the bot answers and edits its message by',
    withBot(async (emulator, bot) => {
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
  );

  it(
    'An uploaded document is pinned, replaced by an edit and downloaded back byte for byte',
    withBot(async (emulator, bot) => {
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
  );

  it(
    'A refused call is an error with the code and text of the Bot API',
    withBot(async (emulator, bot) => {
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
  );

  it(
    'A webhook that knows its secret serves the same bot',
    withBot(async (emulator, bot) => {
      bot.hears('Tap', (context) => context.reply('Tapped'));
      const hook = webhookCallback(bot, 'http', { secretToken: secret });
      await servingRequests(hook, async (url) => {
        await bot.api.setWebhook(url, { secret_token: secret });
        await emulator.ask(botId, person.id, 'Tap', /^Tapped$/);
        const { last_error_message: failure } = await bot.api.getWebhookInfo();
        assert.equal(failure, undefined);
      });
    }),
  );

  it(
    'Its plugin for retries waits as long as a refusal says',
    withBot(
      async (emulator, bot) => {
        bot.api.config.use(autoRetry());
        for (let index = 0; index < moreThanABurst; index += 1)
          await bot.api.sendMessage(person.id, `${index}`);
        await expectOneRefusal(emulator);
      },
      { flood: 'real' },
    ),
  );

  it(
    'Its plugin for throttling keeps within the limits',
    withBot(
      async (emulator, bot) => {
        for (let index = 0; index < burst - 3; index += 1)
          await bot.api.sendMessage(person.id, 'hasty');
        bot.api.config.use(apiThrottler());
        await Promise.all(
          Array.from({ length: 4 }, () => bot.api.sendMessage(person.id, 'throttled')),
        );
        assert.deepEqual(await callsOf(emulator, 'sendMessage'), { ok: burst + 1, failed: 0 });
      },
      { flood: 'real' },
    ),
  );
});
