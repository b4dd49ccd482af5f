// clicker --check and telekv check: what a start would meet, told without changing anything.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Clicker, botId, exitCode, goodKey, goodSettings, goodToken, texts } from './clicker.mjs';
import { Emulator, Upload, botApi, download, inPlace } from './harness.mjs';
import { Telekv } from './telekv.mjs';

const operator = { id: 2 ** 40 + 1, first_name: 'Operator', language_code: 'ru' };

/// All that a check could change: messages, pins, menus, who holds the vault.
async function traces(emulator, chat = operator.id) {
  const { messages } = await emulator.chat(botId, chat);
  const scope = { type: 'chat', chat_id: chat };
  const menu = await botApi(emulator, goodToken, 'getMyCommands', { scope });
  const { pinned_message: pin } = await botApi(emulator, goodToken, 'getChat', { chat_id: chat });
  return { messages, menu, pin };
}

/// {code, output, error} of a check that leaves no trace.
async function check(clicker, emulator, changes = {}, args = []) {
  const before = await traces(emulator);
  const program = clicker.launch(changes, ['--check', ...args]);
  const { code } = await program.exit();
  assert.deepEqual(await traces(emulator), before);
  return { code, output: program.output, error: program.error };
}

async function refuses(clicker, emulator, changes, code, advice) {
  const { code: ended, output, error } = await check(clicker, emulator, changes);
  assert.equal(ended, code, error);
  assert.match(error, advice);
  assert.equal(error.trim().split('\n').length, 1, error);
  for (const secret of [goodToken, clicker.environment.TELEKV_KEY, changes.TELEKV_KEY].filter(
    (text) => text,
  )) {
    assert.ok(!(output + error).includes(secret), 'a secret is shown');
  }
}

test(
  'A new chat, and a store in use beside the clicker that runs',
  inPlace(async (place) => {
    const emulator = await Emulator.start(place);
    const clicker = await Clicker.start(place, emulator, { operator });
    await clicker.kill();
    // Killed before it has begun, or after: a new emulator is certainly new.
    const empty = await Emulator.start(place);
    await empty.person({ ...operator, bot_id: botId });
    const fresh = await check(clicker, empty, { API_ROOT: empty.root });
    assert.equal(fresh.code, exitCode.ok, fresh.error);
    assert.match(fresh.output, /^settings +usable\ntoken +@\S+ \(\d+\)/);
    assert.match(fresh.output, /^operator +\d+, a private chat: the bot may write and pin$/m);
    assert.match(fresh.output, /^store +no data yet/m);

    const running = clicker.launch();
    await emulator.ask(botId, operator.id, '/start', texts.greeting);
    await emulator.ask(botId, operator.id, '/snapshot', texts.report);
    const used = await check(clicker, emulator);
    assert.equal(used.code, exitCode.ok, used.error);
    assert.match(used.output, /^store +1 users, sequence \d+; root in message \d+$/m);
    assert.equal(used.error, '');
    await emulator.ask(botId, operator.id, 'Клик', texts.clicks);
    running.signal('SIGTERM');
    assert.equal((await running.exit()).code, exitCode.ok, running.story());
  }),
);

test(
  'What is wrong is told with the code that the start would end with',
  inPlace(async (place) => {
    const emulator = await Emulator.start(place);
    const clicker = await Clicker.start(place, emulator, { operator });
    await emulator.ask(botId, operator.id, '/start', texts.greeting);
    await clicker.terminate();
    const away = await emulator.person({ first_name: 'Away' });
    const group = (bot) =>
      emulator.call('groups', {
        bot_id: botId,
        type: 'supergroup',
        title: 'G',
        people: [operator.id],
        bot,
      });
    const vaultChat = async (...status) => ({ VAULT_CHAT: String((await group(...status)).id) });
    const port = { PORT: '8443', WEBHOOK_URL: 'https://127.0.0.1/hook' };
    const certificate = { WEBHOOK_CERT: '/nowhere.pem', WEBHOOK_KEY: '/nowhere.key' };
    const cases = [
      [{ BOT_TOKEN: undefined }, exitCode.configuration, /'clicker init' asks for it/],
      [{ BOT_TOKEN: `${goodToken.slice(0, -1)}9` }, exitCode.tokenRefused, /^clicker: token: /],
      [{ ADMIN_ID: String(away.id) }, exitCode.configuration, /operator: .*press Start/],
      [{ TELEKV_KEY: goodKey() }, exitCode.wrongKey, /store: .*TELEKV_KEY/],
      [await vaultChat('member'), exitCode.configuration, /chat: .*may pin messages/],
      [{ ...port, ...certificate }, exitCode.configuration, /WEBHOOK_CERT/],
    ];
    for (const each of cases) await refuses(clicker, emulator, ...each);

    const mayPin = await check(clicker, emulator, await vaultChat('administrator'));
    assert.equal(mayPin.code, exitCode.ok, mayPin.error);
    assert.match(mayPin.output, /^chat +-\d+, a group: the bot may write and pin$/m);
    const unclaimed = await check(clicker, emulator, { ADMIN_ID: undefined });
    assert.equal(unclaimed.code, exitCode.ok, unclaimed.error);
    assert.match(unclaimed.output, /^operator +none: /m);
  }),
);

test(
  'A damaged root, and one that only a copy in the chat would show',
  inPlace(async (place) => {
    const emulator = await Emulator.start(place);
    const clicker = await Clicker.start(place, emulator, { operator });
    await emulator.ask(botId, operator.id, '/start', texts.greeting);
    await clicker.terminate();
    const { pin } = await traces(emulator);
    await botApi(emulator, goodToken, 'unpinChatMessage', { chat_id: operator.id });
    await refuses(clicker, emulator, {}, exitCode.needsDecision, /telekv inspect --chat/);
    await botApi(emulator, goodToken, 'pinChatMessage', {
      chat_id: operator.id,
      message_id: pin.message_id,
    });

    const bytes = await download(emulator, goodToken, pin.document.file_id);
    bytes[bytes.length - 1] ^= 1;
    await botApi(emulator, goodToken, 'editMessageMedia', {
      chat_id: operator.id,
      message_id: pin.message_id,
      media: { type: 'document', media: 'attach://content', caption: pin.caption },
      content: new Upload(bytes, pin.document.file_name),
    });
    await refuses(clicker, emulator, {}, exitCode.damaged, /store: .*damaged/);
  }),
);

test(
  'telekv check tells the same, as lines and as JSON',
  inPlace(async (place) => {
    const emulator = await Emulator.start(place);
    await emulator.person({ ...operator, bot_id: botId });
    const telekv = new Telekv(place, goodSettings(emulator, operator));
    const { checked } = await telekv.report(['check']);
    assert.deepEqual(
      checked.map(({ what }) => what),
      ['settings', 'token', 'operator', 'store'],
    );
    const lines = await telekv.run(['check']);
    assert.equal(lines.code, exitCode.ok, lines.error);
    assert.match(lines.output, /^ {2}store +no data yet/m);

    const changes = { BOT_TOKEN: `${goodToken.slice(0, -1)}9` };
    const refused = await telekv.run(['check', '--json'], { changes });
    assert.equal(refused.code, exitCode.tokenRefused);
    assert.deepEqual(
      JSON.parse(refused.output).checked.map(({ what }) => what),
      ['settings'],
    );
    assert.equal(JSON.parse(refused.error).error.code, 'unauthorized');
  }),
);
