// The library's whole bot in one object (telegram/polling_bot.h), by a program that misuses it.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { build } from './built.mjs';
import { botId, goodSettings } from './clicker.mjs';
import { Emulator, inPlace, until } from './harness.mjs';

const program = join(build, 'bin', 'throwing-bot');
const operator = { id: 2 ** 33 + 1, first_name: 'Operator' };
const person = { id: 2 ** 40 + 3, first_name: 'Аня' };

async function scene(place) {
  const emulator = await Emulator.start(place);
  await emulator.person({ ...operator, bot_id: botId });
  await emulator.person(person);
  const env = goodSettings(emulator, operator);
  return { emulator, start: () => place.start(program, [], { env }) };
}

test(
  'A message whose handler throws counts once, and nobody else hears of it',
  inPlace(async (place) => {
    const { emulator, start } = await scene(place);
    const first = start();
    await emulator.ask(botId, person.id, 'hello', /^1$/);
    await emulator.send(botId, person.id, 'throw');
    await first.line(/a message was not answered: its handler threw: cannot take it/);
    await emulator.ask(botId, person.id, 'hello again', /^3$/);
    await emulator.ask(botId, operator.id, 'me too', /^1$/);
    assert.equal((await first.terminate()).code, 0);

    const second = start();
    await emulator.ask(botId, person.id, 'still here', /^4$/);
    assert.equal((await second.terminate()).code, 0);
    assert.doesNotMatch(second.error, /threw/);
  }),
);

test(
  "Telegram's notices of the bot's own pins do not stay in the chat",
  inPlace(async (place) => {
    const { emulator, start } = await scene(place);
    const bot = start();
    await emulator.ask(botId, person.id, 'hello', /^1$/);
    await until('no notice of a pin in the chat', async () => {
      const { messages, pinned_message: root } = await emulator.chat(botId, operator.id);
      return root && messages.every((message) => message.pinned_message === undefined);
    });
    assert.equal((await bot.terminate()).code, 0);
  }),
);
