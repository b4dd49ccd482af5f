// /forget: asked, confirmed by the one who was asked, saved before it is said, and never undone by a
// restore.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Clicker, botId, exitCode, goodSettings, plain, texts } from './clicker.mjs';
import { Emulator, inPlace, until } from './harness.mjs';
import { Telekv } from './telekv.mjs';

const operator = { id: 2 ** 40 + 1, first_name: 'Operator', language_code: 'ru' };
const anna = { id: 2 ** 52 - 1, first_name: 'Аня', language_code: 'ru' };
const mary = { id: 2 ** 33, first_name: 'Mary', language_code: 'en' };

const buttonsOf = (message) => message.reply_markup.inline_keyboard.flat();

async function scene(place, environment = {}) {
  const emulator = await Emulator.start(place);
  const clicker = await Clicker.start(place, emulator, { operator, environment });
  for (const person of [anna, mary]) {
    await emulator.person(person);
    await emulator.ask(botId, person.id, '/start', /^(Приветствую|Hello)/);
  }
  return { emulator, clicker };
}

/// Taps whose buttons show no spinner any more.
const answeredTaps = async (emulator) =>
  (await emulator.call('stats')).calls.answerCallbackQuery?.ok ?? 0;

for (const durability of ['interval', 'strict']) {
  test(
    `Who confirms is gone when the bot says so, also after kill -9 (${durability})`,
    inPlace(async (place) => {
      const { emulator, clicker } = await scene(place, {
        DURABILITY: durability,
        BACKUP_INTERVAL: '3600',
      });
      const question = await emulator.ask(botId, anna.id, '/forget');
      assert.match(plain(question.text), /^Аня, удалить имя и 0 кликов\?/);
      const [yes, no] = buttonsOf(question);
      assert.deepEqual([yes.text, no.text], ['Удалить', 'Оставить']);

      const { message_id: id } = question;
      const asked = (text) => (message) => message.message_id === id && text.test(message.text);
      await emulator.tap(botId, anna.id, id, yes.callback_data);
      const done = await emulator.answer(botId, anna.id, asked(/^Удалено/));
      assert.equal(done.reply_markup, undefined, 'the buttons are gone');
      await clicker.kill();
      clicker.launch();
      await emulator.ask(botId, anna.id, 'Клик', texts.unregistered);
      assert.match((await emulator.ask(botId, mary.id, 'Rating')).text, /^Total: 1\n/);
    }),
  );
}

const lastSave = [
  ['succeeds', exitCode.ok],
  ['fails', exitCode.finalSaveFailed],
];
for (const [outcome, code] of lastSave) {
  test(
    `Who confirms as the bot is stopped is told if the last save ${outcome}`,
    inPlace(async (place) => {
      const { emulator, clicker } = await scene(place, { BACKUP_INTERVAL: '3600' });
      const question = await emulator.ask(botId, anna.id, '/forget');
      if (code !== exitCode.ok) {
        await emulator.call('faults', { method: 'editMessageMedia', kind: '502', count: 1000 });
      }
      const { message_id: id } = question;
      await emulator.tap(botId, anna.id, id, buttonsOf(question)[0].callback_data);
      await until('an answer to the tap', async () => (await answeredTaps(emulator)) === 1);
      assert.deepEqual(await clicker.terminate(), { code, signal: null }, clicker.program.story());
      const { messages } = await emulator.chat(botId, anna.id);
      const { text } = messages.find((message) => message.message_id === id);
      assert.equal(/^Удалено/.test(text), code === exitCode.ok, text);
    }),
  );
}

test(
  'Nobody is forgotten by somebody else, by half or by rubbish; every tap is answered',
  inPlace(async (place) => {
    const { emulator } = await scene(place);
    const group = await emulator.call('groups', {
      bot_id: botId,
      type: 'supergroup',
      title: 'Game',
      people: [anna.id, mary.id],
      bot: 'administrator',
    });
    const ask = async () => {
      const sent = await emulator.call('send', {
        ...{ bot_id: botId, from: anna.id, chat_id: group.id, text: '/forget' },
      });
      return emulator.answer(botId, group.id, /удалить/, { after: sent.message_id });
    };
    const question = await ask();
    const [yes, no] = buttonsOf(question);
    const tap = async (person, data, on = question) => {
      const before = await answeredTaps(emulator);
      await emulator.call('tap', {
        ...{ bot_id: botId, from: person.id, chat_id: group.id },
        ...{ message_id: on.message_id, data },
      });
      await until('an answer to the tap', async () => (await answeredTaps(emulator)) === before + 1);
    };
    const rubbish = ['forget', 'forget:x', `forget:${anna.id}0`, 'a:1', `export-plain:${mary.id}`];
    for (const data of [yes.callback_data, no.callback_data, ...rubbish]) await tap(mary, data);
    for (const data of rubbish) await tap(anna, data);
    await emulator.ask(botId, anna.id, 'Клик', /^Кликов: 1$/);
    await emulator.ask(botId, mary.id, 'Click', /^Clicks: 1$/);
    await tap(anna, no.callback_data);
    await emulator.answer(botId, group.id, /^Ничего не удалено/);
    await tap(anna, yes.callback_data);
    await emulator.ask(botId, anna.id, 'Клик', /^Кликов: 2$/);
    const again = await ask();
    await tap(anna, yes.callback_data, again);
    await emulator.answer(botId, group.id, /^Удалено/);
    await emulator.ask(botId, anna.id, 'Клик', texts.unregistered);
  }),
);

test(
  'No restore brings back who was forgotten, nor what they had when they come again',
  inPlace(async (place) => {
    const emulator = await Emulator.start(place);
    await emulator.person({ ...operator, bot_id: botId });
    const environment = goodSettings(emulator, operator);
    const telekv = new Telekv(place, environment);
    const file = join(place.folder, 'dump.json');
    await writeFile(file, JSON.stringify([[anna.id, 'Anna', 57, 0], [mary.id, 'Mary', 3, 0]]));
    await telekv.report(['import', file]);
    const { points } = await telekv.report(['snapshots', '--chat']);
    const old = points.at(-1).point;

    await Clicker.start(place, emulator, { operator, environment });
    for (const person of [anna, mary]) await emulator.person(person);
    const forget = async (person, question, done) => {
      const asked = await emulator.ask(botId, person.id, '/forget', question);
      await emulator.tap(botId, person.id, asked.message_id, buttonsOf(asked)[0].callback_data);
      await emulator.answer(botId, person.id, done);
    };
    await forget(anna, /57 кликов/, /^Удалено/);
    await forget(mary, /3 clicks/, /^Deleted/);
    await emulator.ask(botId, mary.id, '/start', /^Hello/);
    await emulator.ask(botId, operator.id, `/restore ${old} да`, /^Возвращена/);
    await emulator.ask(botId, anna.id, 'Клик', texts.unregistered);
    await emulator.ask(botId, mary.id, 'Click', /^You are not registered$/);
    assert.deepEqual(await telekv.users(), []);
  }),
);
