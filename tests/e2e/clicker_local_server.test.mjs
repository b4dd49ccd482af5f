// The clicker with a Bot API server of one's own that was started with `--local`: it tells where its
// disk holds a file, and serves no downloads.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Clicker, botId, countsByClicking, crowd, registerAndClick, texts } from './clicker.mjs';
import { Emulator, inPlace } from './harness.mjs';

const operator = { id: 2 ** 40 + 1, first_name: 'Operator', language_code: 'en' };

test(
  'What was saved comes back from the disk of the server',
  inPlace(async (place) => {
    const emulator = await Emulator.start(place, { state: 'telegram', local: true });
    const clicker = await Clicker.start(place, emulator, { operator });
    const people = crowd(30, (index) => index % 4);
    await registerAndClick(emulator, people);
    await emulator.ask(botId, operator.id, '/snapshot', texts.report);
    assert.equal((await clicker.terminate()).code, 0);
    clicker.launch();
    const counted = await countsByClicking(emulator, people);
    assert.deepEqual(
      counted.map((person) => person.clicks),
      people.map((person) => person.clicks + 1),
    );
    const { calls } = await emulator.call('stats');
    assert.ok(calls.getFile.ok > 0);
    assert.equal(calls.file, undefined, 'a download from a server that serves none');
  }),
);
