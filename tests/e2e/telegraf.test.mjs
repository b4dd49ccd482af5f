// A bot written with telegraf, a client library by others, runs unchanged on the emulator.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Input, Markup, Telegraf } from 'telegraf';
import {
  botId,
  expectOneRefusal,
  keepingFailure,
  moreThanABurst,
  person,
  playScore,
  secret,
  servingRequests,
  token,
  whilePolling,
  withEmulator,
} from './client.mjs';
import { until } from './harness.mjs';

const makeBot = (emulator) =>
  keepingFailure(new Telegraf(token, { telegram: { apiRoot: emulator.root } }));

const polling = (bot, body) => whilePolling(bot, () => bot.launch(), body);

function addScore(bot) {
  bot.start((context) =>
    context.reply(`Hello, ${context.payload}`, Markup.keyboard([['Score'], ['Top']]).resize()),
  );
  bot.hears('Score', (context) =>
    context.reply('Score: 0', Markup.inlineKeyboard([Markup.button.callback('+1', 'add:1')])),
  );
  bot.action(/^add:(\d+)$/, async (context) => {
    await context.answerCbQuery('Counted');
    await context.editMessageText(`Score: ${context.match[1]}`);
  });
}

async function playWith(emulator) {
  const score = await playScore(emulator);
  // Telegraf's own field of a button, `hide`, is not Telegram's.
  assert.deepEqual(score.reply_markup.inline_keyboard, [[{ text: '+1', callback_data: 'add:1' }]]);
}

describe('telegraf', { concurrency: true }, () => {
  it(
    'polls messages and taps, and confirms them',
    withEmulator(async (emulator) => {
      const bot = makeBot(emulator);
      addScore(bot);
      await polling(bot, () => playWith(emulator));
      const { pending, highest_confirmed: confirmed } = await emulator.updates(botId);
      assert.equal(pending, 0);
      assert.ok(confirmed > 0);
    }),
  );

  it(
    'is served by a webhook, and answers a tap in the answer to its delivery',
    withEmulator(async (emulator) => {
      const bot = makeBot(emulator);
      addScore(bot);
      const hook = bot.webhookCallback('/hook', { secretToken: secret });
      const replies = [];
      const noting = (request, response) => {
        const end = response.end.bind(response);
        response.end = (...args) => {
          if (args.length > 0) replies.push(JSON.parse(args[0]).method);
          return end(...args);
        };
        return hook(request, response);
      };
      await servingRequests(noting, async (url) => {
        await bot.telegram.setWebhook(url, { secret_token: secret });
        await playWith(emulator);
        await bot.telegram.deleteWebhook();
      });
      if (bot.failure) throw bot.failure;
      assert.deepEqual(replies, ['answerCallbackQuery']);
    }),
  );

  it(
    'refuses a delivery without the secret, which stays in the queue',
    withEmulator(async (emulator) => {
      const bot = makeBot(emulator);
      const hook = bot.webhookCallback('/hook', { secretToken: secret });
      await servingRequests(hook, async (url) => {
        await bot.telegram.setWebhook(url, { secret_token: `not_${secret}` });
        await emulator.send(botId, person.id, 'hi');
        const info = await until('a failed delivery', async () => {
          const current = await bot.telegram.getWebhookInfo();
          return current.last_error_message && current;
        });
        assert.match(info.last_error_message, /403 Forbidden/);
        assert.equal(info.pending_update_count, 1);
      });
    }),
  );

  it(
    'uploads a document, replaces it by an edit and finds it pinned, byte for byte',
    withEmulator(async (emulator) => {
      const { telegram } = makeBot(emulator);
      const [first, second] = [randomBytes(300_000), randomBytes(300_001)];
      const bytesOf = async ({ document }) => {
        const link = await telegram.getFileLink(document.file_id);
        return Buffer.from(await (await fetch(link)).arrayBuffer());
      };
      const sent = await telegram.sendDocument(person.id, Input.fromBuffer(first, 'first.bin'), {
        caption: 'one',
      });
      assert.equal(sent.document.file_name, 'first.bin');
      assert.equal(sent.caption, 'one');
      assert.deepEqual(await bytesOf(sent), first);

      await telegram.pinChatMessage(person.id, sent.message_id);
      const edited = await telegram.editMessageMedia(person.id, sent.message_id, undefined, {
        type: 'document',
        media: Input.fromBuffer(second, 'second.bin'),
        caption: 'two',
      });
      assert.equal(edited.message_id, sent.message_id);
      const { pinned_message: pinned } = await telegram.getChat(person.id);
      assert.equal(pinned.document.file_name, 'second.bin');
      assert.equal(pinned.caption, 'two');
      assert.deepEqual(await bytesOf(pinned), second);
      assert.deepEqual(await bytesOf(sent), first);
    }),
  );

  it(
    'is told by an error how long it has to wait, and then goes on',
    withEmulator(
      async (emulator) => {
        const { telegram } = makeBot(emulator);
        for (let index = 0; index < moreThanABurst; index += 1) {
          const send = () => telegram.sendMessage(person.id, `${index}`);
          await send().catch(async (error) => {
            assert.equal(error.code, 429);
            await sleep(error.parameters.retry_after * 1000);
            await send();
          });
        }
        await expectOneRefusal(emulator);
      },
      { flood: 'real' },
    ),
  );

  it(
    'polls again by itself when a refusal says that it may',
    withEmulator(async (emulator) => {
      const bot = makeBot(emulator);
      bot.on('message', (context) => context.reply('heard'));
      const fault = { method: 'getUpdates', kind: '429', retry_after: 1 };
      await emulator.call('faults', { ...fault, count: 2 });
      await polling(bot, () => emulator.ask(botId, person.id, 'hi', /^heard$/));
      assert.equal((await emulator.call('faults')).faults, 0);
    }),
  );

  it(
    'gets the codes and texts of the Bot API',
    withEmulator(async (emulator) => {
      const { telegram } = makeBot(emulator);
      const me = await telegram.getMe();
      assert.equal(me.id, botId);
      await assert.rejects(telegram.sendMessage(404, 'hi'), {
        code: 400,
        description: 'Bad Request: chat not found',
      });
      await emulator.call('block', { bot_id: botId, from: person.id, blocked: true });
      await assert.rejects(telegram.sendMessage(person.id, 'hi'), {
        code: 403,
        description: 'Forbidden: bot was blocked by the user',
      });
    }),
  );
});
