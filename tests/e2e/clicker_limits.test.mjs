// The clicker below Telegram's flood limits, on an emulator that has them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Clicker, botId, crowd, registerAndClick } from './clicker.mjs';
import { Emulator, inPlace } from './harness.mjs';

const operator = { id: 2 ** 40 + 1, first_name: 'Operator', language_code: 'en' };
const charged = ['sendMessage', 'sendDocument', 'editMessageMedia', 'pinChatMessage'];

test(
  'Many quick taps: nothing is refused, and everybody hears their newest count',
  inPlace(async (place) => {
    const emulator = await Emulator.start(place, { flood: 'real' });
    const clicker = await Clicker.start(place, emulator, { operator });
    const people = crowd(40, () => 10);
    await registerAndClick(emulator, people);
    const { calls } = await emulator.call('stats');
    for (const method of charged) assert.equal(calls[method]?.failed ?? 0, 0, method);
    const replies = people.length * 11;
    assert.ok(calls.sendMessage.ok < replies / 2, `${calls.sendMessage.ok} of ${replies} were sent`);
    assert.equal((await clicker.terminate()).code, 0);
  }),
);

test(
  'Without a budget the same taps are refused, and still nobody misses their newest count',
  inPlace(async (place) => {
    const emulator = await Emulator.start(place, { flood: 'real' });
    await Clicker.start(place, emulator, { operator, environment: { FLOOD_BUDGET: 'off' } });
    const people = crowd(40, () => 3);
    await registerAndClick(emulator, people);
    const { calls } = await emulator.call('stats');
    assert.ok(calls.sendMessage.failed > 0);
  }),
);
