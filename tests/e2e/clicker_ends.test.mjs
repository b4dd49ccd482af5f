// How the built clicker ends, and what it does about a Telegram that limits, fails or vanishes: a
// code of its own for every end, and no click lost that it said was saved.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  Clicker,
  allConfirmed,
  botId,
  countsByClicking,
  crowd,
  exitCode,
  goodToken,
  plain,
  registerAndClick,
  texts,
} from './clicker.mjs';
import { Emulator, botApi, forEachOf, inPlace, until } from './harness.mjs';

const operator = { id: 2 ** 40 + 1, first_name: 'Operator', language_code: 'ru' };
const stopped = { code: exitCode.ok, signal: null };
// Nothing but a registration, the operator's wish or the end saves.
const seldom = { BACKUP_INTERVAL: '3600' };

const withMore = (people, more) =>
  people.map((person) => ({ ...person, clicks: person.clicks + more }));
const backUp = (emulator) => emulator.ask(botId, operator.id, '/snapshot', texts.report);
const clickOnce = (emulator, people) =>
  forEachOf(people, 8, (person) => emulator.ask(botId, person.id, 'Клик', texts.clicks));

async function played(place, size, { state } = {}) {
  const emulator = await Emulator.start(place, { state });
  const clicker = await Clicker.start(place, emulator, { operator, environment: seldom });
  const people = crowd(size, (index) => 1 + (index % 3));
  await registerAndClick(emulator, people);
  return { emulator, clicker, people };
}

/// The same bot started once more elsewhere, with the same settings.
function secondCopy(clicker, place) {
  const copy = Object.assign(new Clicker(), { place, environment: clicker.environment });
  copy.launch();
  return copy;
}

async function endsSuperseded(clicker) {
  const end = await clicker.program.exit();
  assert.deepEqual(end, { code: exitCode.superseded, signal: null }, clicker.program.story());
  const lines = clicker.errorLines();
  assert.equal(lines.length, 1, clicker.program.story());
  assert.match(lines[0], /another process has taken the vault over/);
}

test(
  'A second copy takes over: the first ends with 8, the second counts on from what was saved',
  inPlace(async (place) => {
    const { emulator, clicker: first, people } = await played(place, 30);
    await backUp(emulator);
    const second = secondCopy(first, place);
    await endsSuperseded(first);
    assert.deepEqual(await countsByClicking(emulator, people), withMore(people, 1));
    assert.deepEqual(await second.terminate(), stopped);
  }),
);

test(
  'A take-over under load loses at most what was never saved, and counts nothing twice',
  inPlace(async (place) => {
    const { emulator, clicker: first, people } = await played(place, 20);
    await backUp(emulator);
    const rounds = 15;
    let second;
    for (let round = 0; round < rounds; round += 1) {
      await forEachOf(people, 8, ({ id }) => emulator.send(botId, id, 'Клик'));
      second ??= secondCopy(first, place);
    }
    await endsSuperseded(first);
    await allConfirmed(emulator);
    const counted = await countsByClicking(emulator, people);
    counted.forEach(({ id, clicks }, index) => {
      assert.equal(id, people[index].id);
      const saved = people[index].clicks;
      assert.ok(clicks > saved, `${id}: ${clicks} after ${saved} were saved`);
      assert.ok(clicks <= saved + rounds + 1, `${id}: ${clicks}, of ${saved + rounds + 1} sent`);
    });
    // From here on nothing is lost any more.
    assert.deepEqual(await second.terminate(), stopped);
    second.launch();
    assert.deepEqual(await countsByClicking(emulator, people), withMore(counted, 1));
  }),
);

test(
  "Behind somebody else's pin a new store needs the operator's word",
  inPlace(async (place) => {
    const emulator = await Emulator.start(place);
    await emulator.person({ ...operator, bot_id: botId });
    const { message_id: foreign } = await botApi(emulator, goodToken, 'sendMessage', {
      chat_id: operator.id,
      text: 'Rules of this chat',
    });
    await botApi(emulator, goodToken, 'pinChatMessage', {
      chat_id: operator.id,
      message_id: foreign,
    });
    const { messages: before } = await emulator.chat(botId, operator.id);

    const clicker = await Clicker.start(place, emulator, { operator });
    const end = await clicker.program.exit();
    assert.deepEqual(end, { code: exitCode.needsDecision, signal: null }, clicker.program.story());
    const lines = clicker.errorLines();
    assert.equal(lines.length, 1, clicker.program.story());
    assert.match(lines[0], /ROOT_ID.*--init/);
    assert.deepEqual((await emulator.chat(botId, operator.id)).messages, before);

    clicker.launch({}, ['--init']);
    const people = crowd(5, (index) => index);
    await registerAndClick(emulator, people);
    assert.deepEqual(await clicker.terminate(), stopped);
    // Once the store exists, no flag is needed to find it.
    clicker.launch();
    assert.deepEqual(await countsByClicking(emulator, people), withMore(people, 1));
  }),
);

test(
  'Stopped while Telegram is away: code 10, the number of unsaved changes, and the rest is kept',
  inPlace(async (place) => {
    const { emulator, clicker, people } = await played(place, 8, {
      state: join(place.folder, 'telegram'),
    });
    await backUp(emulator);
    await clickOnce(emulator, people.slice(0, 3));
    await emulator.program.kill();

    const end = await clicker.terminate();
    assert.deepEqual(end, { code: exitCode.finalSaveFailed, signal: null });
    const lines = clicker.errorLines();
    assert.equal(lines.length, 1, clicker.program.story());
    assert.match(lines[0], /; unsaved changes: 3\b/);

    await emulator.restart();
    clicker.launch();
    assert.deepEqual(await countsByClicking(emulator, people), withMore(people, 1));
  }),
);

test(
  'SIGINT stops like SIGTERM: everything answered is saved',
  inPlace(async (place) => {
    const { emulator, clicker, people } = await played(place, 12);
    await clickOnce(emulator, people);
    clicker.program.signal('SIGINT');
    assert.deepEqual(await clicker.program.exit(), stopped);
    assert.deepEqual(clicker.errorLines(), []);
    clicker.launch();
    assert.deepEqual(await countsByClicking(emulator, people), withMore(people, 2));
  }),
);

test(
  'SIGTERM while the API root is silent ends the start at once, with 0',
  inPlace(async (place) => {
    const silent = createServer();
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const connections = [];
    silent.on('connection', (socket) => connections.push(socket.on('error', () => {}).resume()));
    try {
      const root = `http://127.0.0.1:${silent.address().port}`;
      const clicker = await Clicker.start(place, { root }, { environment: { ADMIN_ID: '1' } });
      await until('a connection', () => connections.length > 0);
      clicker.program.signal('SIGTERM');
      // Far below the 10 s after which an unreachable root ends the start by itself.
      assert.deepEqual(await clicker.program.exit(5), stopped);
      assert.deepEqual(clicker.errorLines(), []);
    } finally {
      for (const socket of connections) socket.destroy();
      silent.close();
    }
  }),
);

/// A proxy before the emulator that answers some methods itself, as refused tokens are answered.
async function refusingProxy(emulator) {
  const proxy = createHttpServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    if (proxy.refused?.test(request.url)) {
      const refusal = { ok: false, error_code: 401, description: 'Unauthorized' };
      response.writeHead(401, { 'Content-Type': 'application/json' }).end(JSON.stringify(refusal));
      return;
    }
    const { method, headers } = request;
    try {
      const answer = await fetch(emulator.root + request.url, {
        method,
        headers: headers['content-type'] ? { 'Content-Type': headers['content-type'] } : {},
        body: method === 'GET' ? undefined : Buffer.concat(chunks),
      });
      response.writeHead(answer.status).end(Buffer.from(await answer.arrayBuffer()));
    } catch {
      response.destroy(); // The emulator ends with the test, and the waiting poll with it.
    }
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  proxy.root = `http://127.0.0.1:${proxy.address().port}`;
  return proxy;
}

test(
  'Refused while polling: code 3, and what was answered is saved all the same',
  inPlace(async (place) => {
    const emulator = await Emulator.start(place);
    const proxy = await refusingProxy(emulator);
    try {
      const environment = { ...seldom, API_ROOT: proxy.root };
      const clicker = await Clicker.start(place, emulator, { operator, environment });
      const people = crowd(5, (index) => 1 + index);
      await registerAndClick(emulator, people);
      await backUp(emulator);
      await clickOnce(emulator, people);
      proxy.refused = /getUpdates$/;
      // Ends the poll that is waiting; its answer is still good.
      await emulator.send(botId, people[0].id, 'Рейтинг');
      const end = await clicker.program.exit();
      assert.deepEqual(end, { code: exitCode.tokenRefused, signal: null }, clicker.program.story());
      assert.match(clicker.errorLines().join('\n'), /getUpdates: Unauthorized/);
      proxy.refused = undefined;
      clicker.launch();
      assert.deepEqual(await countsByClicking(emulator, people), withMore(people, 2));
      await clicker.kill();
    } finally {
      proxy.closeAllConnections();
      proxy.close();
    }
  }),
);

const spoil = (emulator, method, fault) => emulator.call('faults', { method, ...fault });
const faultsMet = (emulator) =>
  until('all faults met', async () => (await emulator.call('faults')).faults === 0);

async function failedCalls(emulator, method) {
  return (await emulator.call('stats')).calls[method]?.failed ?? 0;
}

/// The emulator's own record of when a message arrived, in whole seconds.
async function dateOf(emulator, person, message) {
  const { messages } = await emulator.chat(botId, person);
  return messages.find(({ message_id: id }) => id === message).date;
}

test(
  'A 429 on a reply: no call to that chat before retry_after, then the newest count',
  inPlace(async (place) => {
    const { emulator, people } = await played(place, 3);
    const [anna] = people;
    const failed = await failedCalls(emulator, 'sendMessage');
    await spoil(emulator, 'sendMessage', { kind: '429', retry_after: 2 });
    const { message_id: click } = await emulator.send(botId, anna.id, 'Клик');
    await emulator.send(botId, anna.id, 'Клик');
    const last = new RegExp(`^Кликов: ${anna.clicks + 2}$`);
    await emulator.answer(botId, anna.id, last, { after: click });

    const { messages } = await emulator.chat(botId, anna.id);
    const replies = messages.filter(({ message_id: id, from }) => id > click && from.id === botId);
    assert.deepEqual(
      replies.map(({ text }) => plain(text)),
      [`Кликов: ${anna.clicks + 2}`],
    );
    assert.ok(replies[0].date - (await dateOf(emulator, anna.id, click)) >= 2, 'waited');
    assert.equal(await failedCalls(emulator, 'sendMessage'), failed + 1);
  }),
);

test(
  'A 429 on the root: the save waits retry_after, then is complete',
  inPlace(async (place) => {
    const { emulator, clicker, people } = await played(place, 10);
    await backUp(emulator);
    await clickOnce(emulator, people);
    const failed = await failedCalls(emulator, 'editMessageMedia');
    await spoil(emulator, 'editMessageMedia', { kind: '429', retry_after: 2 });
    const { message_id: wish } = await emulator.send(botId, operator.id, '/snapshot');
    const report = await emulator.answer(botId, operator.id, texts.report, { after: wish });
    assert.ok(report.date - (await dateOf(emulator, operator.id, wish)) >= 2, 'waited');
    assert.equal(await failedCalls(emulator, 'editMessageMedia'), failed + 1);
    await clicker.kill();
    clicker.launch();
    assert.deepEqual(await countsByClicking(emulator, people), withMore(people, 2));
  }),
);

const atStart = ['getUpdates', 'getChat', 'sendDocument', 'pinChatMessage', 'editMessageMedia'];
const whileRunning = ['getUpdates', 'getChat', 'editMessageMedia'];
const disturbances = {
  502: 'A proxy that answers 502 with a page of HTML',
  drop_before: 'A connection cut before the call had effect',
  drop_after: 'A connection cut after the call had effect',
};

for (const [kind, what] of Object.entries(disturbances)) {
  test(
    `${what}: nothing is lost by kill -9 behind a reported backup`,
    inPlace(async (place) => {
      let { emulator, clicker, people } = await played(place, 10);
      await backUp(emulator);
      for (const method of atStart) {
        await clicker.kill();
        await spoil(emulator, method, { kind });
        clicker.launch();
        const counted = await countsByClicking(emulator, people);
        people = withMore(people, 1);
        assert.deepEqual(counted, people, `${method} at the start`);
        await faultsMet(emulator);
        await backUp(emulator);
      }
      for (const method of whileRunning) {
        await spoil(emulator, method, { kind });
        await clickOnce(emulator, people);
        await backUp(emulator);
        await faultsMet(emulator);
        await clicker.kill();
        clicker.launch();
        const counted = await countsByClicking(emulator, people);
        people = withMore(people, 2);
        assert.deepEqual(counted, people, `${method} while running`);
        await backUp(emulator);
      }
    }),
  );
}
