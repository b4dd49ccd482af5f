// telekv rekey: another key for a live chat, by the built programs; killed, refused and left without
// answers on the way, and run again with the same two keys.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { botId, exitCode, goodSettings } from './clicker.mjs';
import { Emulator, inPlace, until } from './harness.mjs';
import { Telekv, downloadChat } from './telekv.mjs';

const operator = { id: 2 ** 40 + 1, first_name: 'Operator', language_code: 'ru' };
const oldKey = '5e'.repeat(32);
const newKey = 'c4'.repeat(32);
const users = [[7, 'Анна', 100, 0], [8, 'Борис', 200, 0]];

/// A chat with a restore point, and the command with both keys.
async function usedChat(place) {
  const emulator = await Emulator.start(place);
  await emulator.person({ ...operator, bot_id: botId });
  const settings = goodSettings(emulator, operator, oldKey);
  const telekv = new Telekv(place, { ...settings, TELEKV_NEW_KEY: newKey });
  const renewed = new Telekv(place, { ...settings, TELEKV_KEY: newKey });
  await telekv.report(['import', '-'], { input: JSON.stringify(users.slice(1)) });
  await telekv.report(['import', '-', '--replace'], { input: JSON.stringify(users) });
  return { emulator, telekv, renewed };
}

/// What the program's calls of that method meet: the first `after` nothing, then `fault`.
async function spoil(emulator, method, after, fault) {
  await emulator.call('faults', { method, kind: 'delay', delay_ms: 0, count: after });
  await emulator.call('faults', { method, ...fault });
}

const allMet = (emulator) =>
  until('all faults met', async () => (await emulator.call('faults')).faults === 0);

const codeOf = async (telekv) => (await telekv.run(['verify', '--chat'])).code;

/// The command has come to its end: the old key opens nothing in the chat.
async function expectRekeyed(place, { emulator, telekv, renewed }, report) {
  assert.equal(report.users, users.length);
  assert.deepEqual(report.still_under_the_old_key, []);
  assert.equal(await codeOf(telekv), exitCode.wrongKey);
  assert.deepEqual(await renewed.users(), users);
  const folder = join(place.folder, 'chat');
  await mkdir(folder);
  const files = await downloadChat(emulator, operator, folder);
  const { files: inspected } = await new Telekv(place, {}).report(['inspect', ...files]);
  assert.deepEqual([...new Set(inspected.map(({ key_id }) => key_id))], [report.key_id]);
  await renewed.report(['verify', ...files]);
}

// What the command does before the new key is in force.
const earlierEdits = 1;
const earlierPins = 2;
const earlierRegistrations = 1;

test(
  'Another key seals everything; the old one opens nothing any more',
  inPlace(async (place) => {
    const chat = await usedChat(place);
    const same = await chat.telekv.run(['rekey'], { changes: { TELEKV_NEW_KEY: oldKey } });
    assert.equal(same.code, exitCode.configuration, same.error);
    const other = await chat.telekv.run(['rekey'], { changes: { TELEKV_KEY: 'ab'.repeat(32) } });
    assert.equal(other.code, exitCode.wrongKey, other.error);
    assert.match(other.error, /neither key/);
    await expectRekeyed(place, chat, await chat.telekv.report(['rekey']));
  }),
);

for (const [moment, pinMeets, keyInForce] of [
  ['before its pin lands', { kind: 'drop_before', count: 3 }, 'old'],
  ['after its pin has landed', { kind: 'timeout' }, 'new'],
]) {
  test(
    `No answer to an edit, and kill -9 ${moment}: the ${keyInForce} key opens, a second run finishes`,
    inPlace(async (place) => {
      const chat = await usedChat(place);
      const { emulator, telekv, renewed } = chat;
      await spoil(emulator, 'editMessageMedia', earlierEdits, { kind: 'drop_before' });
      await spoil(emulator, 'pinChatMessage', earlierPins, pinMeets);
      const program = place.start('telekv', ['rekey'], { env: telekv.environment });
      await program.line(/the new key may be in force: keep both/);
      if (keyInForce === 'new') await allMet(emulator);
      await program.kill();
      assert.equal(await codeOf(telekv), keyInForce === 'old' ? exitCode.ok : exitCode.wrongKey);
      assert.equal(await codeOf(renewed), keyInForce === 'new' ? exitCode.ok : exitCode.wrongKey);
      await expectRekeyed(place, chat, await telekv.report(['rekey']));
    }),
  );
}

test(
  'What fails once the new key is in force says so, and a second run finishes',
  inPlace(async (place) => {
    const chat = await usedChat(place);
    const { emulator, telekv, renewed } = chat;
    await spoil(emulator, 'setMyCommands', earlierRegistrations, { kind: 'delay', delay_ms: 2000 });
    const running = telekv.run(['rekey', '--json']);
    await allMet(emulator);
    await emulator.call('faults', { method: 'getChat', kind: '429', retry_after: 3600 });
    const { code, error } = await running;
    assert.equal(code, exitCode.unreachable);
    const failure = JSON.parse(error.trim().split('\n').at(-1)).error;
    assert.equal(failure.code, 'rate_limited');
    assert.match(failure.message, /^the new key is in force/);
    assert.match(failure.hint, /keep both keys, and run this again/);

    assert.equal(await codeOf(telekv), exitCode.wrongKey);
    assert.equal(await codeOf(renewed), exitCode.ok);
    const again = await telekv.run(['rekey', '--json']);
    assert.equal(again.code, exitCode.ok, again.error);
    assert.match(again.error, /the new key is in force already/);
    await expectRekeyed(place, chat, JSON.parse(again.output));
  }),
);
