// telekv on documents downloaded from the chat, with no chat within reach; and restore points.
import assert from 'node:assert/strict';
import { mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { botId, exitCode, goodToken } from './clicker.mjs';
import { Emulator, inPlace } from './harness.mjs';
import { Telekv, downloadChat } from './telekv.mjs';

const operator = { id: 2 ** 40 + 1, first_name: 'Operator', language_code: 'ru' };
const key = '5e'.repeat(32);
const first = [[7, 'Анна', 1, 0], [8, 'Борис', 2, 0], [9, 'Вера', 3, 0]];
const second = [[7, 'Анна', 100, 0], [8, 'Борис', 200, 0]];

/// A chat with two imports: the first one is a restore point.
async function usedChat(place) {
  const emulator = await Emulator.start(place);
  await emulator.person({ ...operator, bot_id: botId });
  const telekv = new Telekv(place, {
    BOT_TOKEN: goodToken,
    TELEKV_KEY: key,
    ADMIN_ID: String(operator.id),
    API_ROOT: emulator.root,
  });
  await telekv.report(['import', '-'], { input: JSON.stringify(first) });
  await telekv.report(['import', '-', '--replace'], { input: JSON.stringify(second) });
  return { emulator, telekv };
}

test(
  'A downloaded chat is inspected, verified and exported offline',
  inPlace(async (place) => {
    const { emulator, telekv } = await usedChat(place);
    const folder = join(place.folder, 'chat');
    await mkdir(folder);
    const files = await downloadChat(emulator, operator, folder);
    await emulator.program.kill();
    const offline = new Telekv(place, { TELEKV_KEY: key });

    const verified = await offline.report(['verify', ...files]);
    assert.equal(verified.users, 2);
    assert.ok(verified.restore_points.every(({ restored }) => restored === 'yes'));
    const { output } = await offline.run(['export', '--format', 'json', ...files]);
    assert.deepEqual(JSON.parse(output), second);
    const { points } = await offline.report(['snapshots', ...files]);
    assert.ok(points.length > 0);
    const inspected = await offline.report(['inspect', ...files]);
    assert.deepEqual(
      [...new Set(inspected.files.map(({ kind }) => kind))].sort(),
      ['chunk', 'history', 'root'],
    );
    const headers = await new Telekv(place, {}).report(['inspect', ...files]);
    assert.ok(headers.files.every((file) => file.sealed && file.content === undefined));

    const wrong = await offline.run(['verify', ...files], {
      changes: { TELEKV_KEY: 'ab'.repeat(32) },
    });
    assert.equal(wrong.code, exitCode.wrongKey);
    assert.ok(!wrong.error.includes('abab'));
  }),
);

test(
  'Every truncated or damaged file is found and named',
  inPlace(async (place) => {
    const { emulator } = await usedChat(place);
    const folder = join(place.folder, 'chat');
    await mkdir(folder);
    const files = await downloadChat(emulator, operator, folder);
    const offline = new Telekv(place, { TELEKV_KEY: key });
    for (const file of files) {
      const bytes = await readFile(file);
      await truncate(file, bytes.length - 1);
      const cut = await offline.run(['verify', ...files]);
      assert.equal(cut.code, exitCode.damaged, cut.error);
      assert.ok(cut.error.includes(`${file}: `), cut.error);
      const flipped = Uint8Array.from(bytes);
      flipped[Math.floor(bytes.length / 2)] ^= 1;
      await writeFile(file, flipped);
      assert.equal((await offline.run(['verify', ...files])).code, exitCode.damaged);
      await writeFile(file, bytes);
    }
    assert.equal((await offline.run(['verify', ...files])).code, exitCode.ok);
    assert.equal((await offline.run(['verify', '/dev/zero'])).code, exitCode.internal);
  }),
);

test(
  'A restore point is listed, tried and brought back; who was forgotten stays forgotten',
  inPlace(async (place) => {
    const { emulator, telekv } = await usedChat(place);
    const { points } = await telekv.report(['snapshots', '--chat']);
    const { root, content, history } = await telekv.report(['inspect', '--chat']);
    const { pinned_message: pinned } = await emulator.chat(botId, operator.id);
    assert.equal(root, pinned.message_id);
    assert.equal(content.users, 2);
    assert.ok(content.objects.some(({ role }) => role === 'history'));
    assert.deepEqual(history.points, points);
    const old = points.find(({ users }) => users === 3);
    const { messages: before } = await emulator.chat(botId, operator.id);
    const tried = await telekv.report(['restore', '--at', String(old.point), '--dry-run']);
    assert.equal(tried.done, false);
    assert.equal(tried.restore.users, 3);
    assert.equal(tried.users, 2);
    assert.equal(tried.still_forgotten, 1);
    assert.equal(tried.instead_of.users, 2);
    assert.deepEqual((await emulator.chat(botId, operator.id)).messages, before);

    const restored = await telekv.report(['restore', '--at', String(old.point)]);
    assert.equal(restored.done, true);
    assert.equal(restored.still_forgotten, 1);
    assert.deepEqual(await telekv.users(), first.slice(0, 2));
    assert.equal((await telekv.report(['verify', '--chat'])).users, 2);

    const started = await telekv.report(['restore', '--at', String(old.point), '--newest-is-lost']);
    assert.equal(started.users, 2);
    assert.equal(started.still_forgotten, 1);
    assert.deepEqual(await telekv.users(), first.slice(0, 2));
    assert.equal((await telekv.report(['verify', '--chat'])).users, 2);

    for (const at of ['4711', '1999-01-01', 'yesterday']) {
      const refused = await telekv.run(['restore', '--at', at]);
      assert.equal(refused.code, exitCode.configuration, refused.error);
      assert.match(refused.error, /--at/);
    }
  }),
);
