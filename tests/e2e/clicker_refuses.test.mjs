// What the clicker cannot work with ends it with one clear line, an exit code of its own and nothing
// written to the chat.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blake2b } from '@noble/hashes/blake2b';
import {
  Clicker,
  botId,
  countsByClicking,
  crowd,
  exitCode,
  freePort,
  goodKey,
  goodToken,
  registerAndClick,
} from './clicker.mjs';
import { Emulator, Upload, botApi, download, inPlace } from './harness.mjs';

const operator = { id: 2 ** 40 + 1, first_name: 'Operator', language_code: 'ru' };

/// A stored object's first bytes (docs/format.md): alike in every version, with a checksum.
const header = { bytes: 64, versionAt: 3, checksumAt: 60 };

/// The program must end by itself with this code, and with one line of level error that matches.
async function refuses(clicker, emulator, changes, code, advice) {
  const { messages: before } = await emulator.chat(botId, operator.id);
  const program = clicker.launch(changes);
  assert.deepEqual(await program.exit(), { code, signal: null }, program.story());
  const lines = clicker.errorLines();
  assert.equal(lines.length, 1, program.story());
  assert.match(lines[0], advice);
  for (const secret of [changes.BOT_TOKEN, changes.TELEKV_KEY].filter((text) => text?.length > 8)) {
    assert.ok(!program.error.includes(secret), 'a secret in the log');
  }
  const { messages: after } = await emulator.chat(botId, operator.id);
  assert.deepEqual(after, before);
}

/// A clicker that has run, has users, and has been ended properly.
async function usedClicker(place) {
  const emulator = await Emulator.start(place);
  const clicker = await Clicker.start(place, emulator, { operator });
  const people = crowd(30, (index) => index % 4);
  await registerAndClick(emulator, people);
  assert.deepEqual(await clicker.terminate(), { code: exitCode.ok, signal: null });
  return { emulator, clicker, people };
}

test(
  'Settings that cannot work name the variable to mend',
  inPlace(async (place) => {
    const { emulator, clicker } = await usedClicker(place);
    const wrong = [
      [{ BOT_TOKEN: undefined }, /token/i],
      [{ BOT_TOKEN: 'not a token' }, /token/i],
      [{ BOT_TOKEN: `${botId}:short` }, /token/i],
      [{ TELEKV_KEY: undefined }, /key/i],
      [{ TELEKV_KEY: '' }, /key/i],
      [{ TELEKV_KEY: 'abcd1234' }, /key/i],
      [{ TELEKV_KEY: `${goodKey().slice(1)}z` }, /key/i],
      [{ ADMIN_ID: 'me' }, /admin.id/i],
      [{ BACKUP_INTERVAL: '-1' }, /backup.interval/i],
      [{ BACKUP_INTERVAL: 'soon' }, /backup.interval/i],
      [{ API_ROOT: 'ftp://127.0.0.1' }, /api.root/i],
      [{ DURABILITY: 'always' }, /durability/i],
      [{ PORT: 'http' }, /port/i],
      [{ WEBHOOK_URL: 'http://127.0.0.1:8080/hook' }, /PORT/],
      [{ WEBHOOK_SECRET: 'x' }, /WEBHOOK_URL/],
      // Plain HTTP carries the token in the clear: loopback only.
      [{ API_ROOT: 'http://telegram.example:8081' }, /api.root/i],
    ];
    for (const [changes, advice] of wrong)
      await refuses(clicker, emulator, changes, exitCode.configuration, advice);
  }),
);

test(
  'A token that Telegram refuses',
  inPlace(async (place) => {
    const { emulator, clicker } = await usedClicker(place);
    await refuses(
      clicker,
      emulator,
      { BOT_TOKEN: `${goodToken.slice(0, -1)}9` },
      exitCode.tokenRefused,
      /token/i,
    );
  }),
);

test(
  'An API root where nobody listens',
  inPlace(async (place) => {
    const { emulator, clicker } = await usedClicker(place);
    const port = await freePort();
    await refuses(
      clicker,
      emulator,
      { API_ROOT: `http://127.0.0.1:${port}` },
      exitCode.unreachable,
      new RegExp(`${port}`),
    );
  }),
);

test(
  'A key other than the one that sealed the root',
  inPlace(async (place) => {
    const { emulator, clicker } = await usedClicker(place);
    await refuses(clicker, emulator, { TELEKV_KEY: goodKey() }, exitCode.wrongKey, /TELEKV_KEY/);
  }),
);

/// Puts another content in the place of the root, as a second program with the same token could.
async function replaceRoot(emulator, root, bytes) {
  await botApi(emulator, goodToken, 'editMessageMedia', {
    chat_id: operator.id,
    message_id: root.message_id,
    media: { type: 'document', media: 'attach://content', caption: root.caption },
    content: new Upload(bytes, root.document.file_name),
  });
}

async function rootOf(emulator) {
  const { pinned_message: root } = await botApi(emulator, goodToken, 'getChat', {
    chat_id: operator.id,
  });
  return { root, bytes: await download(emulator, goodToken, root.document.file_id) };
}

test(
  'A root damaged in any byte; the undamaged one put back is read again',
  inPlace(async (place) => {
    const { emulator, clicker, people } = await usedClicker(place);
    const { root, bytes } = await rootOf(emulator);
    const places = [0, header.bytes, Math.floor(bytes.length / 2), bytes.length - 1];
    for (const position of places) {
      const damaged = Uint8Array.from(bytes);
      damaged[position] ^= 0x10;
      await replaceRoot(emulator, root, damaged);
      await refuses(clicker, emulator, {}, exitCode.damaged, /damaged/);
    }
    await replaceRoot(emulator, root, bytes.subarray(0, bytes.length - 1));
    await refuses(clicker, emulator, {}, exitCode.damaged, /damaged/);

    await replaceRoot(emulator, root, bytes);
    clicker.launch();
    assert.deepEqual(
      await countsByClicking(emulator, people),
      people.map((person) => ({ ...person, clicks: person.clicks + 1 })),
    );
  }),
);

test(
  'A root written by a newer version',
  inPlace(async (place) => {
    const { emulator, clicker } = await usedClicker(place);
    const { root, bytes } = await rootOf(emulator);
    bytes[header.versionAt] += 1;
    const checksum = blake2b(bytes.subarray(0, header.checksumAt), { dkLen: 32 });
    bytes.set(checksum.subarray(0, header.bytes - header.checksumAt), header.checksumAt);
    await replaceRoot(emulator, root, bytes);
    await refuses(clicker, emulator, {}, exitCode.newerFormat, /start the newer version/);
  }),
);
