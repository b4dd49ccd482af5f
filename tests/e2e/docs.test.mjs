// Every command that a document shows is carried out: each document in an empty folder, from its first to
// its last, by bash, with the built programs and a local Telegram. What cannot run here is listed, with
// the reason. A block in a document says what it is: ```sh is commands.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { build, compilerSettings, source } from './built.mjs';
import { botId, goodKey, goodToken } from './clicker.mjs';
import { Emulator, inPlace } from './harness.mjs';

const elsewhere = [
  [/^sudo /, 'changes the machine; scripts/try-packages does the same in a folder'],
  [/^journalctl /, 'no systemd runs where tests run'],
  [/^docker /, 'no daemon runs where tests run'],
  [/^(heroku|fly) |^git push heroku /, 'needs an account'],
  [/^psql /, 'no PostgreSQL runs where tests run'],
];
const kinds = ['sh', 'text', 'json', 'ini', 'mermaid'];
const operator = { id: 2 ** 35 + 5, first_name: 'Operator', language_code: 'en' };
const dump = [
  [2 ** 33 + 1, 'Аня', 7, 0],
  [2 ** 33 + 2, 'Борис', 4, 0],
];

/// The fenced blocks: {kind, lines}.
function blocksOf(text) {
  const blocks = [];
  let open;
  for (const line of text.split('\n')) {
    const [fence, kind] = line.match(/^```(\S*)/) ?? [];
    if (fence && open) open = undefined;
    else if (fence) blocks.push((open = { kind, lines: [] }));
    else open?.lines.push(line);
  }
  assert.equal(open, undefined, 'a block is not closed');
  return blocks;
}

function commandsOf(text) {
  const lines = blocksOf(text).flatMap(({ kind, lines }) => (kind === 'sh' ? lines : []));
  return lines.map((line) => line.replace(/(^|\s)# .*$/, '').trim()).filter((line) => line);
}

const reasonFor = (command) => elsewhere.find(([pattern]) => pattern.test(command))?.[1];

/// A document's own example values are no settings: what ends in dots, or is a plain number.
function withSettings(command, settings) {
  return command.replace(/\b([A-Z_]+)=(?:\S*\.\.\.|\d+)(?=\s|$)/g, (shown, name) =>
    name in settings ? `${name}=${settings[name]}` : shown,
  );
}

async function furnish(folder) {
  await writeFile(join(folder, 'dump.json'), JSON.stringify(dump));
  await mkdir(join(folder, 'build'));
  await symlink(build, join(folder, 'build/release'));
  await symlink(join(source, 'examples'), join(folder, 'examples'));
}

async function carryOut(place, commands) {
  const emulator = await Emulator.start(place);
  await emulator.person({ ...operator, bot_id: botId });
  await furnish(place.folder);
  const settings = { BOT_TOKEN: goodToken, TELEKV_KEY: goodKey(), ADMIN_ID: String(operator.id) };
  const script = [
    readFileSync(join(source, 'tests/e2e/docs.sh'), 'utf8'),
    'set -x',
    ...commands.map((command) => withSettings(command, settings)),
  ].join('\n');
  const shell = place.start('/bin/bash', ['-euo', 'pipefail', '-c', script], {
    env: {
      ...compilerSettings,
      ...settings,
      PATH: `${process.env.TELEKV_BIN}:${process.env.PATH}`,
      TELEKV_BIN: process.env.TELEKV_BIN,
      TELEKV_SOURCE: source,
      API_ROOT: emulator.root,
    },
  });
  try {
    assert.equal((await shell.exit(120)).code, 0, shell.story());
  } finally {
    // By itself it ends what it has started, however it ends.
    if (!shell.end) await shell.terminate();
  }
}

const documents = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(source, 'docs')).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`),
].map((name) => ({ name, text: readFileSync(join(source, name), 'utf8') }));

test('Every block says what it is', () => {
  for (const { name, text } of documents) {
    for (const { kind, lines } of blocksOf(text)) {
      assert.ok(kinds.includes(kind), `${name}: a block of kind '${kind}': ${lines[0]}`);
    }
  }
});

test('Nothing is excused that no document shows', () => {
  const all = documents.flatMap(({ text }) => commandsOf(text));
  for (const [pattern] of elsewhere) assert.ok(all.some((command) => pattern.test(command)), `${pattern}`);
});

for (const { name, text } of documents) {
  const commands = commandsOf(text).filter((command) => !reasonFor(command));
  if (commands.length === 0) continue;
  test(`The commands of ${name} work`, inPlace((place) => carryOut(place, commands)));
}
