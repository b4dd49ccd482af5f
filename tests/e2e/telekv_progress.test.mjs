// telekv on a slow line: how far it is shows on a terminal, and nowhere else.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { test } from 'node:test';
import { botId, exitCode, goodKey, goodSettings } from './clicker.mjs';
import { Emulator, inPlace } from './harness.mjs';

const operator = { id: 2 ** 40 + 1, first_name: 'Operator' };
const users = 6000;
const pieceBytes = 2048;
const piecesASecond = 20;

/// A way to the local Telegram that lets answers through slowly: its address, and how to close it.
async function slowLine(emulator) {
  const sockets = new Set();
  const server = createServer((near) => {
    const far = connect(emulator.port, '127.0.0.1');
    for (const socket of [near, far]) sockets.add(socket.on('error', () => near.destroy()));
    near.pipe(far);
    const waiting = [];
    far.on('data', (bytes) => {
      for (let from = 0; from < bytes.length; from += pieceBytes) {
        waiting.push(bytes.subarray(from, from + pieceBytes));
      }
    });
    const timer = setInterval(() => {
      if (waiting.length > 0) near.write(waiting.shift());
    }, 1000 / piecesASecond);
    near.on('close', () => {
      clearInterval(timer);
      far.destroy();
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const close = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { root: `http://127.0.0.1:${server.address().port}`, close };
}

test(
  'A transfer that takes longer than a second shows on a terminal how far it is, and leaves nothing',
  inPlace(async (place) => {
    const emulator = await Emulator.start(place);
    await emulator.person({ ...operator, bot_id: botId });
    const env = goodSettings(emulator, operator);
    const dump = Array.from({ length: users }, (_, index) => [index + 1, `${goodKey()}`, index, 0]);
    const importing = place.start('telekv', ['import', '-'], { env, input: JSON.stringify(dump) });
    assert.equal((await importing.exit()).code, exitCode.ok, importing.story());

    const line = await slowLine(emulator);
    try {
      const slow = { ...env, API_ROOT: line.root };
      const exporting = ['export', '--chat', '--format', 'csv', '--output', 'users.csv'];
      const command = `${process.env.TELEKV_BIN}/telekv ${exporting.join(' ')}`;
      const terminal = place.start('/usr/bin/script', ['-qec', command, '/dev/null'], {
        env: slow,
        typed: true,
      });
      const [, percent] = await terminal.line(
        /\r\x1b\[K\[#+-+\] +(\d+)% {2}[\d.]+ kB of [\d.]+ kB {2}0:0\d/,
      );
      assert.ok(Number(percent) > 0 && Number(percent) < 100, percent);
      assert.equal((await terminal.exit()).code, exitCode.ok, terminal.story());
      assert.match(terminal.output, /\r\x1b\[Ktelekv: writing 6000 users/);

      const piped = place.start('telekv', exporting, { env: slow });
      assert.equal((await piped.exit()).code, exitCode.ok, piped.story());
      assert.equal(piped.error, '');
    } finally {
      line.close();
    }
  }),
);
