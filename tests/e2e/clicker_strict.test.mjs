// Strict durability with the built programs: whatever kills the clicker and whenever, each click
// counts exactly once. Nothing of it is on a disk.
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { describe, test } from 'node:test';
import {
  Clicker,
  allConfirmed,
  botId,
  countsByClicking,
  crowd,
  exitCode,
  registerAndClick,
  texts,
  webhookSettings,
} from './clicker.mjs';
import { Emulator, forEachOf, inPlace, until } from './harness.mjs';

const operator = { id: 2 ** 40 + 1, first_name: 'Operator', language_code: 'ru' };
const stopped = { code: exitCode.ok, signal: null };
const strict = { DURABILITY: 'strict' };

const deliveries = {
  polling: async () => strict,
  // Nothing else runs here, so there is nobody to wait for.
  'a webhook': async () => ({ ...strict, ...(await webhookSettings()), WEBHOOK_SETTLE: '0' }),
};

async function played(place, environment, size) {
  const emulator = await Emulator.start(place);
  const clicker = await Clicker.start(place, emulator, { operator, environment });
  const people = crowd(size, () => 0);
  await registerAndClick(emulator, people);
  return { emulator, clicker, people };
}

/// Everybody clicks, at random, until `total` clicks are sent; `meanwhile` is told after each.
async function clickAround(emulator, people, total, meanwhile) {
  let sent = 0;
  await forEachOf(
    Array.from({ length: total }, () => people[randomInt(people.length)]),
    6,
    async (person) => {
      await emulator.send(botId, person.id, 'Клик');
      person.clicks += 1;
      sent += 1;
      await meanwhile(sent);
    },
  );
}

async function countedExactlyOnce(emulator, people) {
  await allConfirmed(emulator);
  const counted = await countsByClicking(emulator, people);
  for (const person of people) person.clicks += 1;
  assert.deepEqual(counted, people);
}

// Mostly they wait: for a penalty to end, for Telegram to try again.
describe('Strict durability', { concurrency: true }, () => {
  for (const [name, environmentFor] of Object.entries(deliveries)) {
    test(
      `Over ${name}, kill -9 at random moments loses nothing and counts nothing twice`,
      inPlace(async (place, t) => {
        const { emulator, clicker, people } = await played(place, await environmentFor(), 12);
        for (let round = 0; round < 3; round += 1) {
          const total = 60;
          const moments = new Set([randomInt(1, total), randomInt(1, total)]);
          t.diagnostic(`round ${round}: kill -9 after ${[...moments]} clicks`);
          await clickAround(emulator, people, total, async (sent) => {
            if (!moments.delete(sent)) return;
            await clicker.kill();
            clicker.launch();
          });
          await countedExactlyOnce(emulator, people);
        }
      }),
    );

    test(
      `Over ${name}, SIGTERM under load ends with 0 and leaves nothing unsaved`,
      inPlace(async (place) => {
        const { emulator, clicker, people } = await played(place, await environmentFor(), 8);
        let ended;
        await clickAround(emulator, people, 120, async (sent) => {
          if (sent === 50) ended = clicker.terminate();
        });
        assert.deepEqual(await ended, stopped, clicker.program.story());
        assert.deepEqual(clicker.errorLines(), []);
        clicker.launch();
        await countedExactlyOnce(emulator, people);
      }),
    );
  }

  test(
    'Nothing is confirmed while nothing can be saved; afterwards everything is',
    inPlace(async (place) => {
      const { emulator, people } = await played(place, strict, 3);
      await allConfirmed(emulator);
      await emulator.call('faults', { method: 'editMessageMedia', kind: '429', retry_after: 4 });
      const [anna] = people;
      await emulator.ask(botId, anna.id, 'Клик', texts.clicks);
      anna.clicks += 1;
      // The reply is there at once; the click is confirmed only when the penalty is over.
      await until('the penalty', async () => (await emulator.call('faults')).faults === 0);
      assert.equal((await emulator.updates(botId)).pending, 1);
      await countedExactlyOnce(emulator, people);
    }),
  );

  test(
    'SIGTERM inside a penalty that ends in time: it is waited out, and everything is saved',
    inPlace(async (place) => {
      const { emulator, clicker, people } = await played(place, strict, 4);
      await allConfirmed(emulator);
      const penalty = { method: 'editMessageMedia', kind: '429', retry_after: 6 };
      await emulator.call('faults', penalty);
      for (const person of people) {
        await emulator.send(botId, person.id, 'Клик');
        person.clicks += 1;
      }
      await until('the penalty', async () => (await emulator.call('faults')).faults === 0);
      assert.deepEqual(await clicker.terminate(), stopped, clicker.program.story());
      assert.deepEqual(clicker.errorLines(), []);
      clicker.launch();
      await countedExactlyOnce(emulator, people);
    }),
  );

  test(
    'SIGTERM inside a long penalty: code 10 within 20 s, what is unsaved is told and comes again',
    inPlace(async (place) => {
      const { emulator, clicker, people } = await played(place, strict, 4);
      await allConfirmed(emulator);
      await emulator.call('faults', { method: 'editMessageMedia', kind: '429', retry_after: 40 });
      for (const person of people) {
        await emulator.send(botId, person.id, 'Клик');
        person.clicks += 1;
      }
      await until('the penalty', async () => (await emulator.call('faults')).faults === 0);
      const end = await clicker.terminate();
      assert.deepEqual(end, { code: exitCode.finalSaveFailed, signal: null });
      const lines = clicker.errorLines();
      assert.equal(lines.length, 1, clicker.program.story());
      assert.match(lines[0], /; unsaved changes: [1-4]; Telegram will deliver/);
      assert.ok((await emulator.updates(botId)).pending > 0);
      clicker.launch();
      await countedExactlyOnce(emulator, people);
    }),
  );

  test(
    'Polling and a webhook take turns: one setting, and each click counts once',
    inPlace(async (place) => {
      const { emulator, clicker, people } = await played(place, strict, 6);
      const webhook = { ...(await webhookSettings()), WEBHOOK_SETTLE: '0' };
      for (const changes of [webhook, {}, webhook]) {
        await clickAround(emulator, people, 30, async () => {});
        await clicker.kill();
        await clickAround(emulator, people, 10, async () => {});
        clicker.launch(changes);
        await countedExactlyOnce(emulator, people);
      }
    }),
  );
});
