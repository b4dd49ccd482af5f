// What the operator asks the built clicker for, and what the clicker tells them unasked.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  Clicker,
  botId,
  crowd,
  exitCode,
  goodKey,
  goodToken,
  registerAndClick,
  texts,
} from './clicker.mjs';
import { Emulator, download, inPlace } from './harness.mjs';
import { Telekv } from './telekv.mjs';

const operator = { id: 2 ** 40 + 1, first_name: 'Operator', language_code: 'en' };
const anna = { id: 2 ** 52 - 1, first_name: 'Аня', language_code: 'ru' };

test(
  '/status tells what there is, in the language of whoever asks',
  inPlace(async (place) => {
    const emulator = await Emulator.start(place);
    await Clicker.start(place, emulator, { operator });
    await registerAndClick(emulator, crowd(7, () => 2));
    await emulator.ask(botId, operator.id, '/snapshot', texts.report);
    const { text } = await emulator.ask(botId, operator.id, '/status');
    const shape = [
      /^Users: 7$/,
      /^Clicks in a minute: \d+$/,
      /^Memory: \d+\.\d MB \(the table \d+\.\d kB\)$/,
      /^Last save: \d+ s ago \(\d+ ms, \d+(\.\d kB| B)\)$/,
      /^Backup: \d+(\.\d kB| B), the old JSON: \d+(\.\d kB| B) \(× \d+\.\d\)$/,
      /^Sequence: \d+, epoch: \d+$/,
      /^Everything is saved$/,
      /^Refused for flooding: 0, 0 s waited$/,
    ];
    const lines = text.split('\n');
    assert.equal(lines.length, shape.length, text);
    for (const [index, line] of lines.entries()) assert.match(line, shape[index]);
    await emulator.person({ ...operator, language_code: 'ru', bot_id: botId });
    await emulator.ask(botId, operator.id, '/status', /^Пользователей: 7\n/);
  }),
);

test(
  '/export sends a sealed file that the key opens, and a readable one only when that is confirmed',
  inPlace(async (place) => {
    const emulator = await Emulator.start(place);
    const TELEKV_KEY = goodKey();
    await Clicker.start(place, emulator, { operator, environment: { TELEKV_KEY } });
    const people = crowd(30, (index) => index % 4);
    await registerAndClick(emulator, people);
    const expected = people.map(({ id, first_name: name, clicks }) => [id, name, clicks, 0]);

    const offer = await emulator.ask(botId, operator.id, '/export', /telekv export --format csv FILE/);
    const fileOf = async (pattern) => {
      const { messages } = await emulator.chat(botId, operator.id);
      const { document } = messages.filter((m) => pattern.test(m.document?.file_name)).at(-1);
      return download(emulator, goodToken, document.file_id);
    };
    const sealed = join(place.folder, 'export.tkv');
    const bytes = await fileOf(/^clicker-\d{8}-\d{6}\.tkv$/);
    assert.ok(!Buffer.from(bytes).includes('Человек'), 'readable without the key');
    await writeFile(sealed, bytes);
    const telekv = new Telekv(place, { TELEKV_KEY });
    const opened = await telekv.run(['export', sealed, '--format', 'json']);
    assert.equal(opened.code, 0, opened.error);
    assert.deepEqual(JSON.parse(opened.output), expected);
    await telekv.report(['verify', sealed]);
    const wrong = await telekv.run(['export', sealed, '--format', 'csv'], { changes: { TELEKV_KEY: goodKey() } });
    assert.equal(wrong.code, exitCode.wrongKey, wrong.error);

    const [[button]] = offer.reply_markup.inline_keyboard;
    await emulator.tap(botId, operator.id, offer.message_id, button.callback_data);
    await emulator.answer(botId, operator.id, /^All data as a readable file/);
    const readable = Buffer.from(await fileOf(/\.jsonl$/)).toString();
    const rows = readable.trim().split('\n').map((line) => Object.values(JSON.parse(line)));
    assert.deepEqual(rows, expected);
  }),
);

test(
  'A backup that takes long shows progress in the message that becomes the report',
  inPlace(async (place) => {
    const emulator = await Emulator.start(place);
    await Clicker.start(place, emulator, { operator, environment: { BACKUP_INTERVAL: '3600' } });
    await registerAndClick(emulator, crowd(3, () => 1));
    await emulator.call('upload_time', { ms: 6000 });
    const { message_id: after } = await emulator.send(botId, operator.id, '/snapshot');
    const shown = await emulator.answer(botId, operator.id, /^Saving… /, { after });
    const report = await emulator.answer(botId, operator.id, texts.report, { after });
    assert.equal(report.message_id, shown.message_id);
  }),
);

test(
  'The operator is told when another copy takes over',
  inPlace(async (place) => {
    const emulator = await Emulator.start(place);
    const first = await Clicker.start(place, emulator, { operator });
    await emulator.person(anna);
    await emulator.ask(botId, anna.id, '/start', texts.greeting);
    await emulator.ask(botId, operator.id, '/snapshot', texts.report);
    const second = new Clicker();
    Object.assign(second, { place, environment: first.environment });
    second.launch();
    await second.program.line(/restored 1 users/);
    assert.equal((await first.program.exit()).code, exitCode.superseded);
    await emulator.answer(botId, operator.id, /другая копия|Another copy/);
  }),
);
