// The programs that the clicker is measured beside do what it does: restore, register, count, rate,
// back up. No time is checked here.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { botId, token } from './client.mjs';
import { download, Emulator, inPlace, until } from './harness.mjs';

const folder = fileURLToPath(new URL('../../bench/million/peers', import.meta.url));
const script = (interpreter, file) => ({ name: file, command: [interpreter, join(folder, file)] });
const peers = [
  script('/usr/bin/python3', 'article.py'),
  script(process.execPath, 'grammy_runner.mjs'),
  script(process.execPath, 'telegraf.mjs'),
  { name: 'bench_cpp_std', command: ['bench_cpp_std'] },
];

const operator = { id: 2 ** 33 + 1, first_name: 'Operator' };
const newcomer = { id: 2 ** 40 + 3, first_name: "О'Нил 🚀" };
const climber = { id: 2 ** 40 + 5, first_name: 'Догоняет' };

// Thirteen leaders, two who share the last place of the top, and three below.
const leaders = Array.from({ length: 13 }, (_, index) => [
  index + 1,
  `Лидер ${index}`,
  1000 - 10 * index,
  0,
]);
const users = [
  ...leaders,
  [101, 'Поровну', 50, 0],
  [102, 'Поровну', 50, 1],
  [climber.id, climber.first_name, 49, 0],
  [201, 'Ниже', 2, 0],
  [202, 'Ниже', 2, 0],
];
const leading = leaders.map(([, name, clicks], index) => `${index + 1}: ${name} - ${clicks}`);

class Peer {
  constructor(place, emulator, { command: [program, ...args] }) {
    this.usersFile = join(place.folder, 'users.json');
    this.program = place.start(program, args, {
      env: {
        BOT_TOKEN: token,
        API_ROOT: emulator.root,
        ADMIN_ID: String(operator.id),
        USERS_FILE: this.usersFile,
        DUMP_SECONDS: '1',
      },
    });
  }

  ready(count) {
    return this.program.line(new RegExp(`^ready: ${count} users, restored in [\\d.]+ s$`, 'm'));
  }

  lines(stream) {
    return this.program[stream].split('\n').filter(Boolean);
  }
}

/// The backup sent last.
async function lastDump(emulator) {
  const { messages } = await emulator.chat(botId, operator.id);
  const sent = messages.findLast(({ document }) => document);
  return sent && Buffer.from(await download(emulator, token, sent.document.file_id));
}

const inOrder = (rows) => JSON.stringify([...rows].sort(([one], [other]) => one - other));

const dumpWith = (emulator, rows) =>
  until('a dump of the newest counts', async () => {
    const bytes = await lastDump(emulator);
    return bytes && inOrder(JSON.parse(bytes)) === inOrder(rows) && bytes;
  });

async function play(emulator) {
  const ask = async ({ id }, text) => (await emulator.ask(botId, id, text)).text;
  const rating = (total, ...lines) => [`Всего: ${total}`, ...leading, ...lines].join('\n');

  for (const text of ['Клик', 'Рейтинг', 'что?'])
    assert.equal(await ask(newcomer, text), 'Вы не зарегистрированы, нажмите /start');
  assert.equal(await ask(newcomer, '/start'), `Приветствую ${newcomer.first_name}`);
  const { reply_keyboard: keyboard } = await emulator.chat(botId, newcomer.id);
  assert.deepEqual(keyboard.keyboard, [[{ text: 'Клик' }], [{ text: 'Рейтинг' }]]);
  assert.equal(await ask(newcomer, 'что?'), 'Нажмите «Клик» или «Рейтинг»');
  assert.equal(await ask(newcomer, 'Клик'), 'Кликов: 1');
  assert.equal(await ask(newcomer, 'Клик'), 'Кликов: 2');
  assert.equal(await ask(newcomer, '/start'), `Приветствую ${newcomer.first_name}`);

  const shared = ['14: Поровну - 50', '15: Поровну - 50'];
  assert.equal(await ask(newcomer, 'Рейтинг'), rating(19, ...shared, 'Вы: место 17, кликов: 2'));
  assert.equal(await ask(climber, 'Рейтинг'), rating(19, ...shared, 'Вы: место 16, кликов: 49'));
  assert.equal(await ask(climber, 'Клик'), 'Кликов: 50');
  assert.equal(await ask(climber, 'Клик'), 'Кликов: 51');
  const climbed = rating(19, '14: Догоняет - 51', '15: Поровну - 50');
  assert.equal(await ask(climber, 'Рейтинг'), climbed);
}

describe('the programs that the clicker is measured beside', { concurrency: true }, () => {
  for (const peer of peers) {
    it(
      `${peer.name} plays, backs up, survives a failed reply and is restored from its backup`,
      inPlace(async (place) => {
        const emulator = await Emulator.start(place);
        await emulator.person({ ...operator, bot_id: botId });
        await emulator.person(newcomer);
        await emulator.person(climber);
        await writeFile(join(place.folder, 'users.json'), JSON.stringify(users));

        const first = new Peer(place, emulator, peer);
        await first.ready(users.length);
        await play(emulator);

        await emulator.call('faults', { method: 'sendMessage', kind: '502' });
        await emulator.send(botId, newcomer.id, 'Клик');
        const complaints = () =>
          first.lines('error').filter((line) => /sendMessage|502/.test(line));
        await until('the failure on standard error', () => complaints().length > 0);
        await emulator.ask(botId, newcomer.id, 'Клик', /^Кликов: 4$/);
        assert.equal(complaints().length, 1);

        const rows = [
          ...users.map((row) => (row[0] === climber.id ? [...row.slice(0, 2), 51, 0] : row)),
          [newcomer.id, newcomer.first_name, 4, 0],
        ];
        const dump = await dumpWith(emulator, rows);
        const said = /^dump: \d+ bytes, encoded in [\d.]+ s, uploaded in [\d.]+ s$/;
        await until('the line of that dump', () =>
          first.lines('output').at(-1).startsWith(`dump: ${dump.length} bytes`),
        );
        for (const line of first.lines('output').slice(1)) assert.match(line, said);
        await first.program.kill();

        await writeFile(first.usersFile, dump);
        const second = new Peer(place, emulator, peer);
        await second.ready(rows.length);
        await emulator.ask(botId, newcomer.id, 'Клик', /^Кликов: 5$/);
        assert.deepEqual(await second.program.terminate(), { code: 0, signal: null });
      }),
    );
  }
});
