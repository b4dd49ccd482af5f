// The emulator over TLS: the clicker uses it as it uses Telegram, and a certificate that cannot be
// used is told at the start.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { certificateFor } from './certificate.mjs';
import {
  Clicker,
  allConfirmed,
  countsByClicking,
  crowd,
  exitCode,
  registerAndClick,
} from './clicker.mjs';
import { Emulator, inPlace } from './harness.mjs';

const operator = { id: 2 ** 40 + 1, first_name: 'Operator', language_code: 'en' };

test(
  'The clicker counts over https and finds everything again after a restart',
  inPlace(async (place) => {
    const tls = certificateFor('IP:127.0.0.1', place.folder);
    const emulator = await Emulator.start(place, { tls });
    const clicker = await Clicker.start(place, emulator, {
      operator,
      environment: { API_ROOT: emulator.secureRoot, SSL_CERT_FILE: tls.certificate },
    });
    const people = crowd(5, (index) => index);
    await registerAndClick(emulator, people);
    await allConfirmed(emulator);
    assert.deepEqual(await clicker.terminate(), { code: exitCode.ok, signal: null });
    clicker.launch();
    const counted = await countsByClicking(emulator, people);
    assert.deepEqual(
      counted.map((person) => person.clicks),
      people.map((person) => person.clicks + 1),
    );
    assert.equal((await clicker.terminate()).code, exitCode.ok);

    const distrustful = clicker.launch({ SSL_CERT_FILE: undefined });
    await distrustful.line(/certificate/);
    await clicker.kill();
  }),
);

test(
  'The only line that tells of both ports is the one when it is ready',
  inPlace(async (place) => {
    const emulator = await Emulator.start(place, {
      tls: certificateFor('IP:127.0.0.1', place.folder),
    });
    assert.match(
      emulator.program.output,
      /^telegram-emulator ready: http:\/\/127\.0\.0\.1:\d+\/ and https:\/\/127\.0\.0\.1:\d+\/\n$/,
    );
    const port = new URL(emulator.secureRoot).port;
    const { certificate, key } = emulator.tls;
    for (const [args, line] of [
      [['--tls-port', port, '--tls-cert', certificate, '--tls-key', key], /:\d+: .*another --tls-port/],
      [['--tls-port', '0', '--tls-cert', join(place.folder, 'none'), '--tls-key', key], /none: no certificate/],
      [['--tls-port', '0', '--tls-cert', certificate, '--tls-key', certificate], /no private key of/],
    ]) {
      const refused = place.start('telegram-emulator', ['--port', '0', ...args]);
      assert.deepEqual(await refused.exit(), { code: 2, signal: null });
      assert.match(refused.error, line);
      assert.match(refused.error, /^telegram-emulator: .*\n$/);
      assert.equal(refused.output, '');
    }
    for (const args of [
      ['--tls-port', '0'],
      ['--tls-cert', certificate],
      ['--tls-key', key],
      ['--tls-port', '0', '--tls-cert', certificate],
      ['--tls-cert', certificate, '--tls-key', key],
    ]) {
      const refused = place.start('telegram-emulator', ['--port', '0', ...args]);
      assert.deepEqual(await refused.exit(), { code: 2, signal: null });
      assert.match(refused.error, /--tls-\w+ requires --tls-\w+/);
    }
  }),
);
