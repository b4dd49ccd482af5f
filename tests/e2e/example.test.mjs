// The library as a stranger uses it: installed into an empty folder, found there by the example's own
// CMake project, and its bot run against a local Telegram.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { build, compilerSettings, source } from './built.mjs';
import { botId, goodSettings } from './clicker.mjs';
import { Emulator, inPlace } from './harness.mjs';
import { Telekv } from './telekv.mjs';

const run = promisify(execFile);
const example = join(source, 'examples/counter');
const operator = { id: 2 ** 33 + 1, first_name: 'Operator' };
const person = { id: 2 ** 40 + 3, first_name: 'Аня' };

/// Answers the built program.
async function buildAgainstInstalled(folder) {
  const [prefix, tree] = [join(folder, 'prefix'), join(folder, 'build')];
  await run('cmake', ['--install', build, '--prefix', prefix, '--component', 'library']);
  await run('cmake', ['-S', example, '-B', tree, `-DCMAKE_PREFIX_PATH=${prefix}`], {
    env: { ...process.env, ...compilerSettings },
  });
  await run('cmake', ['--build', tree]);
  return join(tree, 'counter');
}

test('it is as small as the documents say', async () => {
  const text = await readFile(join(example, 'main.cc'), 'utf8');
  assert.ok(text.split('\n').length <= 60);
});

test(
  'the smallest bot builds against the installed library, and finds its counts again',
  inPlace(async (place) => {
    const counter = await buildAgainstInstalled(place.folder);
    const emulator = await Emulator.start(place);
    await emulator.person({ ...operator, bot_id: botId });
    await emulator.person(person);
    const env = goodSettings(emulator, operator);

    const first = place.start(counter, [], { env });
    await first.line(/^counter: a new store$/m);
    await emulator.ask(botId, person.id, 'hello', /^Message 1, place 1 of 1$/);
    assert.equal((await first.terminate()).code, 0);
    const stored = await new Telekv(place, env).report(['verify', '--chat']);
    assert.equal(stored.users, 1);

    const second = place.start(counter, [], { env });
    await second.line(/^counter: restored 1 records/m);
    await emulator.ask(botId, person.id, 'hello again', /^Message 2, place 1 of 1$/);
    await emulator.ask(botId, operator.id, 'me too', /^Message 1, place 2 of 2$/);
    assert.equal((await second.terminate()).code, 0);

    const refused = place.start(counter, [], { env: { ...env, BOT_TOKEN: 'nonsense' } });
    assert.equal((await refused.exit()).code, 1);
    assert.match(refused.error, /^counter: .*token/);
  }),
);
