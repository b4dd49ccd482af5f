// What the tests of client libraries have in common: one bot, one person who pressed Start before, a
// server for webhooks, and what a client must come to under Telegram's flood limits.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Emulator, inPlace, until } from './harness.mjs';

export const botId = 2 ** 33 + 7;
export const token = `${botId}:AAtelekv_client_test_secret_0000000`;
export const person = { id: 2 ** 52 - 1, first_name: 'Аня 🚀', language_code: 'ru' };
export const secret = 'a_secret-of_the-webhook';

/// A test with its own emulator.
export const withEmulator = (body, options) =>
  inPlace(async (place) => {
    const emulator = await Emulator.start(place, options);
    await emulator.person({ ...person, bot_id: botId });
    await body(emulator, place);
  });

/// Runs `body` with the URL of a server, ended after it.
export async function serving(server, body) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await body(`http://127.0.0.1:${server.address().port}/hook`);
  } finally {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }
}

export const servingRequests = (listener, body) => serving(createServer(listener), body);

/// {ok, failed} of the bot's calls of that method.
export async function callsOf(emulator, method) {
  const { calls } = await emulator.call('stats');
  const { ok, failed } = calls[method] ?? { ok: 0, failed: 0 };
  return { ok, failed };
}

/// Under --flood real a person gets 20 messages at once and one a second; the next is refused for
/// 5 s, and each call that comes too early doubles what is left. So a client that sends some more,
/// one after the other, and waits as it is told, meets one refusal.
export const burst = 20;
export const moreThanABurst = burst + 4;
export async function expectOneRefusal(emulator) {
  const { messages } = await emulator.chat(botId, person.id);
  assert.deepEqual(
    messages.map(({ text }) => text),
    Array.from({ length: moreThanABurst }, (_, index) => `${index}`),
  );
  assert.deepEqual(await callsOf(emulator, 'sendMessage'), { ok: moreThanABurst, failed: 1 });
}

/// Keeps what a bot's handlers throw, for polling() to fail by.
export function keepingFailure(bot) {
  bot.catch((error) => {
    bot.failure ??= error;
  });
  return bot;
}

/// Runs `body` while the bot polls; `start` answers a promise of the polling's end.
export async function whilePolling(bot, start, body) {
  const stopped = start();
  try {
    await Promise.race([body(), stopped.then(() => assert.fail('the polling ended'))]);
  } finally {
    bot.stop();
    await stopped;
  }
  if (bot.failure) throw bot.failure;
}

/// Plays the game that every client's bot offers: a keyboard, a button under a score, its tap. Answers
/// the message with the button.
export async function playScore(emulator) {
  await emulator.ask(botId, person.id, '/start ref42', /^Hello, ref42$/);
  const { reply_keyboard: keyboard } = await emulator.chat(botId, person.id);
  assert.deepEqual(
    keyboard.keyboard.map(([{ text }]) => text),
    ['Score', 'Top'],
  );
  const score = await emulator.ask(botId, person.id, keyboard.keyboard[0][0].text, /^Score: 0$/);
  await emulator.tap(botId, person.id, score.message_id, 'add:1');
  const edited = await emulator.answer(botId, person.id, /^Score: 1$/);
  assert.equal(edited.message_id, score.message_id);
  const answer = await until('the answer to the tap', async () => {
    const chat = await emulator.chat(botId, person.id);
    return chat.callback_answer;
  });
  assert.equal(answer.text, 'Counted');
  return score;
}
