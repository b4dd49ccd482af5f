// A bot written with node-telegram-bot-api, a client library by others, runs unchanged on the
// emulator. It waits out 429, 5xx and cut connections by itself.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { Bot, InlineKeyboardBuilder, InputFile, ReplyKeyboardBuilder } from 'node-telegram-bot-api';
import { createWebhookServer } from 'node-telegram-bot-api/node';
import {
  botId,
  burst,
  callsOf,
  expectOneRefusal,
  keepingFailure,
  moreThanABurst,
  person,
  playScore,
  secret,
  serving,
  token,
  whilePolling,
  withEmulator,
} from './client.mjs';
import { download } from './harness.mjs';

const makeBot = (emulator, options) =>
  keepingFailure(new Bot(token, { apiRoot: emulator.root, ...options }));

const polling = (bot, body) =>
  whilePolling(bot, () => bot.startPolling(undefined, { timeout: 5 }), body);

function addScore(bot) {
  bot.command('start', (context) =>
    context.reply(`Hello, ${context.match}`, {
      reply_markup: new ReplyKeyboardBuilder().text('Score').row().text('Top').build(),
    }),
  );
  bot.hears('Score', (context) =>
    context.reply('Score: 0', {
      reply_markup: new InlineKeyboardBuilder().text('+1', 'add:1').build(),
    }),
  );
  bot.on('callback_query', async (context) => {
    const { message, data } = context.callbackQuery;
    await context.answerCallbackQuery({ text: 'Counted' });
    await context.api.editMessageText({
      chat_id: message.chat.id,
      message_id: message.message_id,
      text: `Score: ${data.split(':')[1]}`,
    });
  });
}

describe('node-telegram-bot-api', { concurrency: true }, () => {
  it(
    'polls messages and taps',
    withEmulator(async (emulator) => {
      const bot = makeBot(emulator);
      addScore(bot);
      await polling(bot, () => playScore(emulator));
    }),
  );

  it(
    'is served by a webhook that knows its secret',
    withEmulator(async (emulator) => {
      const bot = makeBot(emulator);
      addScore(bot);
      const server = createWebhookServer(bot, { path: '/hook', secretToken: secret });
      await serving(server, async (url) => {
        await bot.api.setWebhook({ url, secret_token: secret });
        await playScore(emulator);
        const info = await bot.api.getWebhookInfo();
        assert.equal(info.url, url);
        assert.equal(info.last_error_message, undefined);
      });
      if (bot.failure) throw bot.failure;
    }),
  );

  it(
    'uploads a document, replaces it by an edit and finds it pinned, byte for byte',
    withEmulator(async (emulator) => {
      const { api } = makeBot(emulator);
      const [first, second] = [randomBytes(300_000), randomBytes(300_001)];
      const bytesOf = async ({ document }) =>
        Buffer.from(await download(emulator, token, document.file_id));
      const sent = await api.sendDocument({
        chat_id: person.id,
        document: new InputFile(first, { filename: 'first.bin' }),
        caption: 'one',
      });
      assert.equal(sent.document.file_name, 'first.bin');
      assert.equal(sent.caption, 'one');
      assert.deepEqual(await bytesOf(sent), first);

      const place = { chat_id: person.id, message_id: sent.message_id };
      await api.pinChatMessage(place);
      const media = new InputFile(second, { filename: 'second.bin' });
      const edited = await api.editMessageMedia({
        ...place,
        media: { type: 'document', media, caption: 'two' },
      });
      assert.equal(edited.message_id, sent.message_id);
      const { pinned_message: pinned } = await api.getChat({ chat_id: person.id });
      assert.equal(pinned.document.file_name, 'second.bin');
      assert.equal(pinned.caption, 'two');
      assert.deepEqual(await bytesOf(pinned), second);
    }),
  );

  it(
    'waits as long as a refusal says',
    withEmulator(
      async (emulator) => {
        const { api } = makeBot(emulator);
        for (let index = 0; index < moreThanABurst; index += 1)
          await api.sendMessage({ chat_id: person.id, text: `${index}` });
        await expectOneRefusal(emulator);
      },
      { flood: 'real' },
    ),
  );

  it(
    'keeps within the limits by its own limiter',
    withEmulator(
      async (emulator) => {
        const hello = { chat_id: person.id, text: 'hi' };
        const hasty = makeBot(emulator);
        for (let index = 0; index < burst - 3; index += 1) await hasty.api.sendMessage(hello);
        const limited = makeBot(emulator, { maxRetries: 0, rateLimit: { perChat: 1 } });
        await Promise.all(Array.from({ length: 4 }, () => limited.api.sendMessage(hello)));
        assert.deepEqual(await callsOf(emulator, 'sendMessage'), { ok: burst + 1, failed: 0 });
      },
      { flood: 'real' },
    ),
  );

  it(
    'tries an upload again after a broken gateway and a cut connection',
    withEmulator(async (emulator) => {
      const { api } = makeBot(emulator, { retryBackoffMs: 10 });
      await emulator.call('faults', { method: 'sendDocument', kind: '502' });
      await emulator.call('faults', { method: 'sendDocument', kind: 'drop_before' });
      const bytes = randomBytes(100_000);
      const document = new InputFile(bytes, { filename: 'again.bin' });
      const sent = await api.sendDocument({ chat_id: person.id, document });
      const stored = await download(emulator, token, sent.document.file_id);
      assert.deepEqual(Buffer.from(stored), bytes);
      assert.equal((await emulator.chat(botId, person.id)).messages.length, 1);
    }),
  );

  it(
    'gets the codes and texts of the Bot API',
    withEmulator(async (emulator) => {
      const { api } = makeBot(emulator);
      assert.equal((await api.getMe()).id, botId);
      await assert.rejects(api.sendMessage({ chat_id: 404, text: 'hi' }), {
        errorCode: 400,
        description: 'Bad Request: chat not found',
      });
    }),
  );
});
