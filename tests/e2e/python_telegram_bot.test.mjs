// A bot written with python-telegram-bot 13, a client library by others, runs unchanged on the
// emulator.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  botId,
  burst,
  callsOf,
  expectOneRefusal,
  moreThanABurst,
  person,
  playScore,
  token,
  withEmulator,
} from './client.mjs';
import { freePort } from './clicker.mjs';
import { until } from './harness.mjs';

const interpreter = '/usr/bin/python3'; // Debian's own, which Debian's packages are for.
const script = fileURLToPath(new URL('python_telegram_bot.py', import.meta.url));

const start = (emulator, place, task, ...numbers) =>
  place.start(interpreter, [
    script,
    task,
    emulator.root,
    token,
    ...[person.id, ...numbers].map(String),
  ]);

async function run(...args) {
  assert.deepEqual(await start(...args).exit(), { code: 0, signal: null });
}

async function playToTheEnd(emulator) {
  await playScore(emulator);
  await until('the last confirmation', async () => (await emulator.updates(botId)).pending === 0);
}

describe('python-telegram-bot', { concurrency: true }, () => {
  it(
    'polls messages and taps, also after it was told to wait',
    withEmulator(async (emulator, place) => {
      await emulator.call('faults', { method: 'getUpdates', kind: '429', retry_after: 1 });
      const bot = start(emulator, place, 'poll');
      await playToTheEnd(emulator);
      assert.equal((await emulator.call('faults')).faults, 0);
      assert.deepEqual(await bot.terminate(), { code: 0, signal: null });
    }),
  );

  it(
    'is served by a webhook',
    withEmulator(async (emulator, place) => {
      const bot = start(emulator, place, 'webhook', await freePort());
      await playToTheEnd(emulator);
      assert.deepEqual(await bot.terminate(), { code: 0, signal: null });
      assert.deepEqual(await callsOf(emulator, 'getUpdates'), { ok: 0, failed: 0 });
    }),
  );

  it(
    'uploads a document, edits and pins it byte for byte, and gets the texts of refusals',
    withEmulator(async (emulator, place) => {
      const blocking = 2 ** 40;
      await emulator.person({ id: blocking, first_name: 'Bob', bot_id: botId });
      await emulator.call('block', { bot_id: botId, from: blocking, blocked: true });
      await run(emulator, place, 'calls', blocking);
    }),
  );

  it(
    'is told by an error how long it has to wait, and then goes on',
    withEmulator(
      async (emulator, place) => {
        await run(emulator, place, 'retry_after', moreThanABurst);
        await expectOneRefusal(emulator);
      },
      { flood: 'real' },
    ),
  );

  it(
    'keeps within the limits by its own message queue',
    withEmulator(
      async (emulator, place) => {
        const [hasty, queued] = [burst - 3, 4];
        await run(emulator, place, 'queue', hasty, queued);
        assert.deepEqual(await callsOf(emulator, 'sendMessage'), { ok: hasty + queued, failed: 0 });
      },
      { flood: 'real' },
    ),
  );
});
