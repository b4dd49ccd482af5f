// What the clicker serves on PORT: health, metrics and the webhook.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { certificateFor } from './certificate.mjs';
import {
  Clicker,
  botId,
  crowd,
  exitCode,
  freePort,
  goodToken,
  registerAndClick,
  texts,
  webhookSettings,
} from './clicker.mjs';
import { Emulator, botApi, inPlace, until } from './harness.mjs';
import { Telekv } from './telekv.mjs';

const operator = { id: 2 ** 40 + 1, first_name: 'Operator', language_code: 'en' };

async function metricsOf(port) {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  assert.equal(response.status, 200);
  const lines = (await response.text()).split('\n').filter((line) => line && line[0] !== '#');
  return Object.fromEntries(lines.map((line) => line.split(' ')));
}

const health = async (port) => {
  try {
    return (await fetch(`http://127.0.0.1:${port}/healthz`)).status;
  } catch {
    return undefined;
  }
};

test(
  'Health is bad until the store is loaded; metrics tell what there is',
  inPlace(async (place) => {
    const emulator = await Emulator.start(place);
    const port = await freePort();
    // The start hangs in its first look at the vault's chat.
    await emulator.call('faults', { method: 'getChat', kind: '429', retry_after: 2 });
    const clicker = await Clicker.start(place, emulator, {
      operator,
      environment: { PORT: String(port) },
    });
    await until('the port', async () => (await health(port)) === 503);
    const telekv = new Telekv(place, { PORT: String(port) });
    const unready = await telekv.run(['health']);
    assert.equal(unready.code, exitCode.unreachable);
    assert.match(unready.error, /not ready: loading/);
    assert.equal((await metricsOf(port)).telekv_ready, '0');
    await until('ready', async () => (await health(port)) === 200);
    assert.deepEqual(await telekv.report(['health']), { ready: true });
    await registerAndClick(emulator, crowd(7, () => 2));
    await emulator.ask(botId, operator.id, '/snapshot', texts.report);
    const metrics = await metricsOf(port);
    assert.equal(metrics.telekv_ready, '1');
    assert.equal(metrics.telekv_users, '7');
    assert.equal(metrics.telekv_unsaved_records, '0');
    assert.ok(Number(metrics.telekv_sequence) >= 1);
    assert.ok(Number(metrics.telekv_chat_penalty_seconds_total) >= 2);
    assert.ok(Number(metrics.telekv_chat_uploaded_bytes_total) > 0);
    const elsewhere = await fetch(`http://127.0.0.1:${port}/`);
    assert.equal(elsewhere.status, 404);
    assert.deepEqual(await clicker.terminate(), { code: exitCode.ok, signal: null });
  }),
);

test(
  'A port that is taken stops the start with one line',
  inPlace(async (place) => {
    const emulator = await Emulator.start(place);
    const clicker = await Clicker.start(place, emulator, {
      operator,
      environment: { PORT: String(emulator.port) },
    });
    const end = await clicker.program.exit();
    assert.deepEqual(end, { code: exitCode.configuration, signal: null }, clicker.program.story());
    assert.match(clicker.errorLines().join('\n'), /PORT/);
  }),
);

test(
  'Over a webhook the bot plays, a guess of the secret gets nothing, and polling ends it',
  inPlace(async (place) => {
    const emulator = await Emulator.start(place);
    const webhook = await webhookSettings();
    const clicker = await Clicker.start(place, emulator, { operator, environment: webhook });
    await registerAndClick(emulator, crowd(9, (index) => index));
    const forged = await fetch(webhook.WEBHOOK_URL, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        'X-Telegram-Bot-Api-Secret-Token': 'guess',
      },
      body: '{"update_id":1}',
    });
    assert.equal(forged.status, 401);
    assert.equal((await botApi(emulator, goodToken, 'getWebhookInfo')).url, webhook.WEBHOOK_URL);
    assert.ok(!clicker.program.error.includes(webhook.WEBHOOK_SECRET), 'a secret in the log');
    await clicker.terminate();
    const withoutWebhook = Object.fromEntries(Object.keys(webhook).map((key) => [key, undefined]));
    clicker.launch(withoutWebhook);
    await emulator.ask(botId, operator.id, '/start', texts.greeting);
    assert.equal((await botApi(emulator, goodToken, 'getWebhookInfo')).url, '');
  }),
);

test(
  'A reply comes with the confirmation of its update',
  inPlace(async (place) => {
    const emulator = await Emulator.start(place);
    const webhook = await webhookSettings();
    await Clicker.start(place, emulator, { operator, environment: webhook });
    await until('the webhook is set', async () => {
      return (await botApi(emulator, goodToken, 'getWebhookInfo')).url === webhook.WEBHOOK_URL;
    });
    const chat = { id: 2 ** 33, type: 'private', first_name: 'Anna' };
    const delivered = await fetch(webhook.WEBHOOK_URL, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        'X-Telegram-Bot-Api-Secret-Token': webhook.WEBHOOK_SECRET,
      },
      body: JSON.stringify({
        update_id: 5,
        message: { message_id: 1, date: 1, chat, from: { ...chat, is_bot: false }, text: '/start' },
      }),
    });
    assert.equal(delivered.status, 200);
    const call = await delivered.json();
    assert.equal(call.method, 'sendMessage');
    assert.equal(call.chat_id, chat.id);
    assert.ok(call.reply_markup.keyboard.length > 0);
  }),
);

const webhookCertificate = (host, folder, days) => {
  const { certificate, key } = certificateFor(`DNS:${host}`, folder, days);
  return { WEBHOOK_CERT: certificate, WEBHOOK_KEY: key };
};

test(
  'Updates are delivered over TLS with a certificate of its own',
  inPlace(async (place) => {
    const emulator = await Emulator.start(place);
    const plain = await webhookSettings();
    const secure = {
      ...plain,
      WEBHOOK_URL: `https://localhost:${plain.PORT}/hook`,
      ...webhookCertificate('localhost', place.folder),
    };
    const clicker = await Clicker.start(place, emulator, { operator, environment: secure });
    const people = crowd(9, (index) => index);
    await registerAndClick(emulator, people);
    const info = await botApi(emulator, goodToken, 'getWebhookInfo');
    assert.equal(info.has_custom_certificate, true);
    assert.equal(info.last_error_message, undefined);
    await assert.rejects(fetch(`http://127.0.0.1:${plain.PORT}/healthz`));
    assert.deepEqual(await clicker.terminate(), { code: exitCode.ok, signal: null });

    for (const [changes, advice] of [
      [webhookCertificate('example.org', place.folder), /WEBHOOK_CERT: the certificate is not for localhost/],
      [webhookCertificate('localhost', place.folder, -1), /WEBHOOK_CERT: the certificate has expired/],
      [{ WEBHOOK_CERT: join(place.folder, 'none.pem') }, /WEBHOOK_CERT: .*none\.pem: no certificate/],
      [{ WEBHOOK_KEY: secure.WEBHOOK_CERT }, /WEBHOOK_CERT: .*: no private key/],
      [{ WEBHOOK_URL: plain.WEBHOOK_URL }, /WEBHOOK_CERT needs a WEBHOOK_URL with https/],
    ]) {
      const refused = clicker.launch(changes);
      assert.deepEqual(await refused.exit(), { code: exitCode.configuration, signal: null });
      assert.match(refused.error, advice);
    }
  }),
);

test(
  "Restore points are the operator's, and nothing is brought back unasked",
  inPlace(async (place) => {
    const emulator = await Emulator.start(place);
    await Clicker.start(place, emulator, { operator });
    const [anna] = crowd(1, () => 1);
    await registerAndClick(emulator, [anna]);
    const unknown = await emulator.ask(botId, anna.id, 'what?');
    for (const text of ['/snapshots', '/restore 1', '/restore 1 yes']) {
      assert.equal((await emulator.ask(botId, anna.id, text)).text, unknown.text);
    }
    await emulator.ask(botId, operator.id, '/snapshots', /restore points/i);
    await emulator.ask(botId, operator.id, '/restore', /\/restore NUMBER/);
    await emulator.ask(botId, operator.id, '/restore 999', /There is no point 999/);
    await emulator.ask(botId, operator.id, '/restore 999 yes', /There is no point 999/);
    await emulator.ask(botId, anna.id, 'Клик', /^Кликов: 2$/);
  }),
);
