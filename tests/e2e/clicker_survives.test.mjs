// Whatever ends the clicker, every user is back from the chat: the built clicker and the built
// emulator, over HTTP.
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  Clicker,
  allConfirmed,
  botId,
  countsByClicking,
  crowd,
  exitCode,
  expectedRating,
  rating,
  registerAndClick,
  saysClicks,
  texts,
} from './clicker.mjs';
import { Emulator, forEachOf, inPlace, until } from './harness.mjs';

const operator = { id: 2 ** 40 + 1, first_name: 'Operator', language_code: 'ru' };
const withOneMore = (people) => people.map((person) => ({ ...person, clicks: person.clicks + 1 }));

async function backUp(emulator) {
  return emulator.ask(botId, operator.id, '/snapshot', texts.report);
}

test(
  '1,000 people are back after kill -9 behind a reported backup, also when the emulator died too',
  inPlace(async (place) => {
    const emulator = await Emulator.start(place, { state: join(place.folder, 'telegram') });
    // Nothing but the report's own backup may save the clicks.
    const clicker = await Clicker.start(place, emulator, {
      operator,
      environment: { BACKUP_INTERVAL: '3600' },
    });
    let people = crowd(1000, (index) => (index * 7) % 13);
    await registerAndClick(emulator, people);
    const report = await backUp(emulator);
    await clicker.kill();
    assert.match(report.text, /1[\s.,\u00a0\u202f]?000/, 'the report names the number of users');

    clicker.launch();
    assert.deepEqual(await rating(emulator, people[0]), expectedRating(people));
    const counted = await countsByClicking(emulator, people);
    people = withOneMore(people);
    assert.deepEqual(counted, people);

    await backUp(emulator);
    await clicker.kill();
    await emulator.restart();
    clicker.launch();
    assert.deepEqual(await rating(emulator, people[999]), expectedRating(people));
    assert.deepEqual(await countsByClicking(emulator, people), withOneMore(people));
  }),
);

test(
  'Without a forced backup, the interval saves: what it saved is there after kill -9',
  inPlace(async (place) => {
    const emulator = await Emulator.start(place);
    const clicker = await Clicker.start(place, emulator, {
      operator,
      environment: { BACKUP_INTERVAL: '1' },
    });
    const people = crowd(20, (index) => index % 5);
    await registerAndClick(emulator, people);
    // Two more versions of the root: the first may have begun before the last click was answered.
    for (let backups = 0; backups < 2; backups += 1) {
      const { pinned_message: root } = await emulator.chat(botId, operator.id);
      await emulator.send(botId, people[0].id, 'Клик');
      people[0].clicks += 1;
      await emulator.answer(botId, people[0].id, saysClicks(people[0].clicks));
      await until(
        'another version of the root',
        async () =>
          (await emulator.chat(botId, operator.id)).pinned_message.document.file_id !==
          root.document.file_id,
      );
    }
    await clicker.kill();
    clicker.launch();
    // The last click may be too young to have been saved; it is the only one.
    const counted = await countsByClicking(emulator, people);
    assert.deepEqual(counted.slice(1), withOneMore(people).slice(1));
    assert.ok([people[0].clicks, people[0].clicks + 1].includes(counted[0].clicks));
  }),
);

test(
  'SIGTERM under load loses nothing that was answered and counts everything sent exactly once',
  inPlace(async (place, t) => {
    const emulator = await Emulator.start(place);
    const clicker = await Clicker.start(place, emulator, {
      operator,
      environment: { BACKUP_INTERVAL: '3600' },
    });
    const people = crowd(40, () => 0);
    await registerAndClick(emulator, people);
    for (let round = 0; round < 3; round += 1) {
      const before = randomInt(20, 400);
      t.diagnostic(`round ${round}: SIGTERM after ${before} clicks`);
      let sent = 0;
      let ended;
      await forEachOf(
        Array.from({ length: 600 }, (_, index) => people[index % people.length]),
        8,
        async (person) => {
          await emulator.send(botId, person.id, 'Клик');
          person.clicks += 1;
          sent += 1;
          if (sent === before) ended = clicker.terminate();
        },
      );
      assert.deepEqual(await ended, { code: exitCode.ok, signal: null });
      clicker.launch();
      await allConfirmed(emulator);
      const counted = await countsByClicking(emulator, people);
      for (const person of people) person.clicks += 1;
      assert.deepEqual(counted, people);
    }
    assert.deepEqual(await rating(emulator, people[0]), expectedRating(people));
    // Every start has pinned a root.
    await until('no notice of a pin in the chat', async () => {
      const { messages } = await emulator.chat(botId, operator.id);
      return messages.every((message) => message.pinned_message === undefined);
    });
  }),
);
