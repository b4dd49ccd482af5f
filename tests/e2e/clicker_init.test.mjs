// clicker init: the settings of a new clicker, made by questions, piped and typed. What it prints
// starts a clicker; what is secret is shown nowhere else, and nothing is left behind.
import assert from 'node:assert/strict';
import { readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Clicker, botId, exitCode, freePort, goodKey, goodToken, texts } from './clicker.mjs';
import { Emulator, botApi, inPlace, until } from './harness.mjs';

const operator = { id: 2 ** 40 + 1, first_name: 'Operator', language_code: 'en' };
const secret = goodToken.split(':')[1];

/// A local Telegram where the operator has pressed Start.
async function newBot(place) {
  const emulator = await Emulator.start(place);
  await emulator.call('bots', { token: goodToken, first_name: 'Clicker' });
  await emulator.person({ ...operator, bot_id: botId });
  return emulator;
}

/// Runs to the end: {code, output, error}.
async function init(place, environment, input, args = []) {
  const program = place.start('clicker', ['init', ...args], { env: environment, input });
  const { code } = await program.exit();
  return { code, output: program.output, error: program.error };
}

/// What a shell's environment holds behind the lines.
async function variables(place, lines) {
  const shell = place.start('/bin/sh', ['-euc', `${lines}\nenv`], {});
  assert.equal((await shell.exit()).code, 0, shell.story());
  return Object.fromEntries(shell.output.split('\n').map((line) => line.split(/=(.*)/s)));
}

/// A clicker with these settings and nothing else serves its operator.
async function serves(place, emulator, env) {
  const program = place.start('clicker', [], { env });
  assert.match(
    await emulator.ask(botId, operator.id, '/start').then(({ text }) => text),
    texts.greeting,
  );
  program.signal('SIGTERM');
  assert.equal((await program.exit()).code, exitCode.ok, program.story());
}

test(
  'Piped answers make lines that a shell takes; the chat and the disk stay as they are',
  inPlace(async (place) => {
    const emulator = await newBot(place);
    const { messages: before } = await emulator.chat(botId, operator.id);
    const made = await init(place, { API_ROOT: emulator.root }, `${goodToken}\n${operator.id}\n`);
    assert.equal(made.code, exitCode.ok, made.error);
    const env = await variables(place, made.output);
    assert.equal(env.BOT_TOKEN, goodToken);
    assert.equal(env.ADMIN_ID, String(operator.id));
    assert.equal(env.API_ROOT, emulator.root);
    assert.match(env.TELEKV_KEY, /^[0-9a-f]{64}$/);
    assert.match(made.error, /shows them, secrets too/);
    for (const way of ['docker run', 'heroku config:set', 'systemctl enable']) {
      assert.ok(made.output.includes(way), way);
    }
    for (const hidden of [secret, env.TELEKV_KEY]) {
      assert.equal(made.output.split(hidden).length, 2, 'a secret is shown once');
      assert.ok(!made.error.includes(hidden), 'a secret among the questions');
    }
    assert.deepEqual((await emulator.chat(botId, operator.id)).messages, before);
    assert.deepEqual(await readdir(place.folder), []);
    const { BOT_TOKEN, ADMIN_ID, TELEKV_KEY, API_ROOT } = env;
    await serves(place, emulator, { BOT_TOKEN, ADMIN_ID, TELEKV_KEY, API_ROOT });
  }),
);

test(
  'On a terminal the token is not shown, a wrong one is asked for again, and a file takes the settings',
  inPlace(async (place) => {
    const emulator = await newBot(place);
    const program = place.start(
      '/usr/bin/script',
      ['-qec', `${process.env.TELEKV_BIN}/clicker init --output clicker.env`, '/dev/null'],
      {
        env: { API_ROOT: emulator.root },
        typed: true,
      },
    );
    await program.line(/Token \(not shown as you type\)/);
    program.type(`${goodToken.slice(0, -1)}9\r`);
    await until('the second question', () => program.output.split('Token (').length === 3);
    program.type(`${goodToken}\r`);
    await program.line(/user id \(/);
    program.type('nobody\r');
    await until('the second question', () => program.output.split('user id (').length === 3);
    program.type(`${operator.id}\r`);
    assert.equal((await program.exit()).code, exitCode.ok, program.story());

    const file = join(place.folder, 'clicker.env');
    const content = await readFile(file, 'utf8');
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    const env = await variables(place, `set -a; . ./clicker.env; set +a`);
    assert.equal(env.BOT_TOKEN, goodToken);
    assert.ok(content.includes(`TELEKV_KEY=${env.TELEKV_KEY}\n`));
    for (const hidden of [secret.slice(0, -1), env.TELEKV_KEY]) {
      assert.ok(!program.output.includes(hidden), 'a secret on the terminal');
    }
    assert.match(program.output, /Unauthorized|token/);
    assert.match(program.output, /--env-file clicker\.env/);
    const { BOT_TOKEN, ADMIN_ID, TELEKV_KEY, API_ROOT } = env;
    await serves(place, emulator, { BOT_TOKEN, ADMIN_ID, TELEKV_KEY, API_ROOT });
  }),
);

test(
  'Ctrl-C at the hidden question ends the program, and leaves a terminal that shows what is typed',
  inPlace(async (place) => {
    const emulator = await newBot(place);
    const inside = `trap : INT; ${process.env.TELEKV_BIN}/clicker init; echo "code $?"; stty -a`;
    const program = place.start(
      '/usr/bin/script',
      ['-qec', `/bin/sh -c '${inside}'`, '/dev/null'],
      {
        env: { API_ROOT: emulator.root },
        typed: true,
      },
    );
    await program.line(/Token \(/);
    program.type('12345\x03');
    await program.line(/code 130/);
    await program.line(/[ ;]echo /);
    await program.exit();
    assert.doesNotMatch(program.output, /12345|-echo /);
  }),
);

test(
  'Who does not know their id sends the bot a code and learns it',
  inPlace(async (place) => {
    const emulator = await newBot(place);
    const stranger = await emulator.person({ first_name: 'Stranger', bot_id: botId });
    await emulator.send(botId, stranger.id, 'hello');
    const program = place.start('clicker', ['init'], {
      env: { API_ROOT: emulator.root },
      input: `${goodToken}\n\n`,
    });
    const [, code] = await program.line(/waiting: (\w{16})/);
    await emulator.send(botId, stranger.id, code.slice(1));
    assert.match((await emulator.ask(botId, operator.id, code)).text, new RegExp(operator.id));
    assert.equal((await program.exit()).code, exitCode.ok, program.story());
    assert.equal((await variables(place, program.output)).ADMIN_ID, String(operator.id));
    // What it has heard is confirmed: the clicker does not hear it again.
    assert.equal((await emulator.updates(botId)).pending, 0);
  }),
);

test(
  'Nothing is listened to where others use the bot: what they have sent stays',
  inPlace(async (place) => {
    const emulator = await newBot(place);
    const there = { API_ROOT: emulator.root };
    for (let sent = 0; sent < 6; ++sent) await emulator.send(botId, operator.id, 'Клик');
    const waiting = await init(place, there, `${goodToken}\n\n`);
    assert.equal(waiting.code, exitCode.configuration, waiting.error);
    assert.match(waiting.error, /6 updates wait .*\(set ADMIN_ID\)/);
    assert.equal((await botApi(emulator, goodToken, 'getUpdates')).length, 6);

    const url = `http://127.0.0.1:${await freePort()}/hook`;
    await botApi(emulator, goodToken, 'setWebhook', { url });
    const hooked = await init(place, there, `${goodToken}\n\n`);
    assert.equal(hooked.code, exitCode.configuration, hooked.error);
    assert.match(hooked.error, /has a webhook.*\(set ADMIN_ID\)/);
  }),
);

test(
  'Listening beside another program that uses the token ends soon, and says so',
  inPlace(async (place) => {
    const emulator = await newBot(place);
    const there = { env: { API_ROOT: emulator.root }, input: `${goodToken}\n\n` };
    const conflicts = (count) =>
      emulator.call('faults', { method: 'getUpdates', kind: 'second_poller', count });
    await conflicts(2);
    const beside = place.start('clicker', ['init'], there);
    const [, code] = await beside.line(/waiting: (\w{16})/);
    await emulator.ask(botId, operator.id, code);
    assert.equal((await beside.exit()).code, exitCode.ok, 'beside one that has just ended');

    await conflicts(100);
    const { code: ended, error } = await init(place, there.env, there.input);
    assert.equal(ended, exitCode.configuration, error);
    assert.match(error, /^clicker: another program uses the token.*ADMIN_ID\)$/m);
    assert.equal(error.match(/Conflict/g).length, 2, error);
  }),
);

test(
  'What is set already is not asked for, and goes along',
  inPlace(async (place) => {
    const emulator = await newBot(place);
    const given = {
      BOT_TOKEN: goodToken,
      ADMIN_ID: String(operator.id),
      TELEKV_KEY: "passphrase:it's a very long one",
      API_ROOT: emulator.root,
    };
    const made = await init(place, given, undefined);
    assert.equal(made.code, exitCode.ok, made.error);
    const env = await variables(place, made.output);
    for (const [name, value] of Object.entries(given)) assert.equal(env[name], value);
    const refused = await init(place, given, undefined, ['--output', 'x.env']);
    assert.equal(refused.code, exitCode.configuration);
    assert.match(refused.error, /^clicker: TELEKV_KEY holds characters/m);
  }),
);

test(
  'What cannot work ends with one line, a code of its own, and no settings',
  inPlace(async (place) => {
    const emulator = await newBot(place);
    const there = { API_ROOT: emulator.root };
    const away = await emulator.person({ first_name: 'Away' });
    const port = await freePort();
    await writeFile(join(place.folder, 'taken.env'), 'mine');
    const used = await Clicker.start(place, emulator, { operator });
    await emulator.ask(botId, operator.id, '/start', texts.greeting);
    await used.terminate();

    const answers = `${goodToken}\n${operator.id}\n`;
    const cases = [
      [there, `${goodToken.slice(0, -1)}9\n`, [], exitCode.tokenRefused, /token/],
      [there, 'no token\n', [], exitCode.configuration, /BOT_TOKEN/],
      [there, '', [], exitCode.configuration, /the input ended/],
      [there, goodToken, [], exitCode.configuration, /the input ended/],
      [there, `${goodToken}\n0\n`, [], exitCode.configuration, /positive number/],
      [there, `${goodToken}\n${away.id}\n`, [], exitCode.configuration, /press Start/],
      [there, answers, [], exitCode.wrongKey, /set TELEKV_KEY to that key/],
      [
        there,
        answers,
        ['--output', 'taken.env'],
        exitCode.configuration,
        /taken\.env is there already/,
      ],
      // Nobody has been asked anything before.
      [there, '', ['--output', 'no/x.env'], exitCode.internal, /cannot write no\/x\.env: No such/],
      [there, '', ['--output', 'x.env'], exitCode.configuration, /the input ended/],
      [{ ...there, TELEKV_KEY: 'abc' }, answers, [], exitCode.configuration, /TELEKV_KEY/],
      [{ ...there, TELEKV_KEY: goodKey() }, answers, [], exitCode.wrongKey, /TELEKV_KEY/],
      [
        { API_ROOT: `http://127.0.0.1:${port}` },
        answers,
        [],
        exitCode.unreachable,
        new RegExp(port),
      ],
    ];
    for (const [environment, input, args, code, advice] of cases) {
      const { code: ended, output, error } = await init(place, environment, input, args);
      assert.equal(ended, code, error);
      const lines = error.split('\n').filter((line) => line.startsWith('clicker: '));
      assert.equal(lines.length, 1, error);
      assert.match(lines[0], advice);
      assert.equal(output, '');
      assert.ok(!error.includes(secret), 'a secret in an error');
    }
    assert.deepEqual(await readdir(place.folder), ['taken.env']);
    assert.equal(await readFile(join(place.folder, 'taken.env'), 'utf8'), 'mine');
  }),
);

test(
  'Settings that cannot be written are no success',
  inPlace(async (place) => {
    const emulator = await newBot(place);
    const shell = place.start(
      '/bin/sh',
      ['-c', `"${process.env.TELEKV_BIN}/clicker" init >/dev/full`],
      {
        env: { API_ROOT: emulator.root },
        input: `${goodToken}\n${operator.id}\n`,
      },
    );
    assert.equal((await shell.exit()).code, exitCode.internal, shell.story());
    assert.match(shell.error, /cannot write standard output/);
  }),
);

/// The lines that a recording shows; its places and times are for the eye. Where the settings of the
/// service lie was chosen when the programs were built.
function linesOf(recording) {
  const lines = new Map();
  for (const [, y, text] of recording.matchAll(/<text [^>]*\by="(\d+)"[^>]*>([^<]*)</g)) {
    lines.set(y, (lines.get(y) ?? '') + text);
  }
  return [...lines.values()].map((line) => line.replace(/ \/\S*(?=\/telekv\/clicker\.env)/, ' '));
}

test(
  'The picture in the tutorial shows what the programs say now',
  inPlace(async (place) => {
    const source = fileURLToPath(new URL('../..', import.meta.url));
    const args = [join(source, 'scripts/record-init'), process.env.TELEKV_BIN, 'recorded.svg'];
    const recorder = place.start('/usr/bin/python3', args);
    assert.equal((await recorder.exit()).code, 0, recorder.story());
    const [made, shown] = await Promise.all(
      [join(place.folder, 'recorded.svg'), join(source, 'docs/clicker-init.svg')].map(
        async (file) => linesOf(await readFile(file, 'utf8')),
      ),
    );
    assert.ok(made.length > 20, made.join('\n'));
    assert.deepEqual(made, shown, 'run scripts/record-init, and look at docs/clicker-init.svg');
  }),
);
