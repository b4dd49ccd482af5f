// telekv import and export: today's users move in from the old bot's dump, and out again, by the built
// programs on a live chat.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Clicker, botId, exitCode, goodSettings, goodToken, rating, saysClicks, texts } from './clicker.mjs';
import { Emulator, inPlace } from './harness.mjs';
import { Telekv } from './telekv.mjs';

const operator = { id: 2 ** 40 + 1, first_name: 'Operator', language_code: 'ru' };
const key = '5e'.repeat(32);

/// A chat between the bot and its operator, and the command with what it needs to reach it.
async function emptyChat(place) {
  const emulator = await Emulator.start(place);
  await emulator.person({ ...operator, bot_id: botId });
  const environment = goodSettings(emulator, operator, key);
  return { emulator, environment, telekv: new Telekv(place, environment) };
}

const startClicker = (place, emulator) =>
  Clicker.start(place, emulator, { operator, environment: { TELEKV_KEY: key } });

/// What json.dumps of the old bot wrote, escapes included.
const oldDump = (rows) =>
  JSON.stringify(rows).replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

const people = [
  [1000000, 'Аня 🔥', 57, 0],
  [2 ** 40 + 7, 'Bob "B", Jr.', 3, 5],
  [2 ** 52, 'Zoë', 0, 0],
];

test(
  'An old dump moves in, the bot goes on from it, and what it counts moves out again',
  inPlace(async (place) => {
    const { emulator, telekv } = await emptyChat(place);
    const file = join(place.folder, 'dump.json');
    await writeFile(file, oldDump([people[0], people[1], [1000000, 'old', 1, 1], ...people]));
    const report = await telekv.report(['import', file]);
    assert.equal(report.rows, 6);
    assert.equal(report.users, 3);
    assert.equal(report.duplicates, 3);
    assert.deepEqual(await telekv.users(), people);

    const clicker = await startClicker(place, emulator);
    const ann = { id: people[0][0], first_name: 'Ann', language_code: 'ru' };
    await emulator.person(ann);
    await emulator.ask(botId, ann.id, 'Клик', saysClicks(58));
    assert.deepEqual(await rating(emulator, ann), [
      'Всего: 3',
      '1: Аня 🔥 - 58',
      '2: Bob "B", Jr. - 3',
      '3: Zoë - 0',
    ]);
    await emulator.ask(botId, operator.id, '/snapshot', texts.report);

    // While it runs: an export claims nothing.
    const [first] = await telekv.users();
    assert.deepEqual(first, [1000000, 'Аня 🔥', 58, 0]);
    await emulator.ask(botId, ann.id, 'Клик', saysClicks(59));
    assert.deepEqual(await clicker.terminate(), { code: exitCode.ok, signal: null });
  }),
);

test(
  'The operator brings a restore point back while people play, and undoes it',
  inPlace(async (place) => {
    const { emulator, telekv } = await emptyChat(place);
    await telekv.report(['import', '-'], { input: oldDump(people) });
    await telekv.report(['import', '-', '--replace'], { input: '[[1000000, "Аня", 7, 0]]' });
    const { points } = await telekv.report(['snapshots', '--chat']);
    const { point: old } = points.find(({ users }) => users === 3);

    await startClicker(place, emulator);
    const ann = { id: people[0][0], first_name: 'Ann', language_code: 'ru' };
    await emulator.person(ann);
    await emulator.ask(botId, ann.id, 'Клик', saysClicks(8));
    await emulator.ask(botId, operator.id, '/snapshot', texts.report);

    const asked = await emulator.ask(botId, operator.id, `/restore ${old}`, /да$/);
    await emulator.ask(botId, ann.id, 'Клик', saysClicks(9));
    assert.ok(asked.text.includes(`/restore ${old} да`), asked.text);
    const done = await emulator.ask(botId, operator.id, `/restore ${old} да`, /^Возвращена/);
    // The others were forgotten by the second import, and stay so.
    assert.match(done.text, /Сейчас пользователей: 1/);
    await emulator.ask(botId, ann.id, 'Клик', saysClicks(58));

    const sequence = Number(/Последовательность: (\d+)/.exec(done.text)[1]);
    const { points: now } = await telekv.report(['snapshots', '--chat']);
    const { point: before } = now.filter((point) => point.sequence < sequence).at(-1);
    assert.ok(before > old);
    await emulator.ask(botId, operator.id, `/restore ${before} да`, /^Возвращена/);
    await emulator.ask(botId, ann.id, 'Клик', saysClicks(10));
    await emulator.ask(botId, operator.id, '/snapshot', texts.report);
    assert.equal((await telekv.report(['verify', '--chat'])).users, 1);
  }),
);

test(
  'Every text format comes back through standard input as it went out',
  inPlace(async (place) => {
    const { telekv } = await emptyChat(place);
    await telekv.report(['import', '-'], { input: oldDump(people) });
    for (const format of ['json', 'jsonl', 'csv']) {
      const { output } = await telekv.run(['export', '--chat', '--format', format]);
      await telekv.report(['import', '-', '--replace'], { input: output });
      assert.deepEqual(await telekv.users(), people, format);
    }
    const database = join(place.folder, 'users.db');
    await telekv.report(['export', '--chat', '--format', 'sqlite', '--output', database]);
    assert.equal((await readFile(database)).toString('latin1', 0, 15), 'SQLite format 3');
  }),
);

test(
  'A store with users is replaced only on request; a bot that runs then knows that it is over',
  inPlace(async (place) => {
    const { emulator, telekv } = await emptyChat(place);
    await telekv.report(['import', '-'], { input: oldDump(people) });
    const { messages: before } = await emulator.chat(botId, operator.id);
    const refused = await telekv.run(['import', '-'], { input: '[[5, "new", 5, 0]]' });
    assert.equal(refused.code, exitCode.needsDecision);
    assert.match(refused.error, /^telekv: the store holds 3 users already \(.*--replace.*\)\n$/);
    assert.deepEqual((await emulator.chat(botId, operator.id)).messages, before);

    const clicker = await startClicker(place, emulator);
    await clicker.program.line(/restored 3 users/);
    const report = await telekv.report(['import', '-', '--replace'], {
      input: `[[5, "new", 5, 0], ${JSON.stringify(people[0])}]`,
    });
    assert.equal(report.users_before, 3);
    assert.equal(report.users_forgotten, 2);
    assert.deepEqual(await telekv.users(), [[5, 'new', 5, 0], people[0]]);
    await emulator.send(botId, operator.id, '/snapshot');
    assert.deepEqual(await clicker.program.exit(), { code: exitCode.superseded, signal: null });
    assert.deepEqual(await telekv.users(), [[5, 'new', 5, 0], people[0]]);
  }),
);

test(
  'A hostile or broken file changes nothing in the chat',
  inPlace(async (place) => {
    const { emulator, telekv } = await emptyChat(place);
    const { messages: before } = await emulator.chat(botId, operator.id);
    const inputs = [
      ['', /is empty/],
      ['[[1, "a", 1, 0], [2, "b", -1, 0]]', /row 2: the clicks are not a count/],
      ['[[1, "a", 1, 0], [2, "b", 1', /no JSON dump/],
      ['['.repeat(1_000_000), /no JSON dump/],
      ['{"chat_id": 1}', /line 1/],
      ['chat_id,name,clicks,state\r\n1,"a', /line 2/],
      ['\u001b[2Jhello', /in no format that can be imported/],
    ];
    for (const [input, says] of inputs) {
      const { code, error, output } = await telekv.run(['import', '-'], { input });
      assert.equal(code, exitCode.configuration, error);
      assert.match(error, says);
      assert.equal(error.split('\n').length, 2, 'one line');
      assert.ok(!error.includes('\u001b'));
      assert.equal(output, '');
    }
    assert.equal((await telekv.run(['import', '/no/such/file'])).code, exitCode.configuration);
    assert.deepEqual((await emulator.chat(botId, operator.id)).messages, before);
  }),
);

test(
  'What cannot be reached, opened or written ends with its own code and one line without secrets',
  inPlace(async (place) => {
    const { telekv } = await emptyChat(place);
    const reading = ['export', '--chat', '--format', 'csv'];
    assert.equal((await telekv.run(reading)).code, exitCode.configuration, 'nothing is stored yet');
    await telekv.report(['import', '-'], { input: oldDump(people) });
    const cases = [
      [{ changes: { TELEKV_KEY: 'ab'.repeat(32) } }, exitCode.wrongKey, /TELEKV_KEY/],
      [{ changes: { TELEKV_KEY: undefined } }, exitCode.configuration, /TELEKV_KEY is missing/],
      [{ changes: { BOT_TOKEN: `${goodToken.slice(0, -1)}9` } }, exitCode.tokenRefused, /token/i],
      [{ changes: { ADMIN_ID: undefined } }, exitCode.configuration, /ADMIN_ID/],
      [{ changes: { ADMIN_ID: '4242' } }, exitCode.configuration, /./],
      [{ args: [...reading, '--output', '/dev/full'] }, exitCode.internal, /No space left/],
      [{ args: [...reading, '--output', '/no/such/place'] }, exitCode.internal, /No such file/],
      [{ args: ['export', '--chat', '--format', 'sqlite'] }, exitCode.configuration, /--output/],
      [{ args: [...reading, goodToken] }, exitCode.configuration, /either --chat or files/],
    ];
    for (const [{ args = reading, changes }, code, says] of cases) {
      const ran = await telekv.run(args, { changes });
      assert.equal(ran.code, code, ran.error);
      assert.match(ran.error, says);
      assert.equal(ran.error.split('\n').length, 2, ran.error);
      for (const secret of [goodToken, key]) assert.ok(!ran.error.includes(secret));
    }
  }),
);
