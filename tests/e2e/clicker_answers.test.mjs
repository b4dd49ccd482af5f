// What the built clicker answers to whom, and that no update, however hostile, stops it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Clicker, allConfirmed, botId, plain, texts } from './clicker.mjs';
import { Emulator, inPlace } from './harness.mjs';

const operator = { id: 2 ** 40 + 1, first_name: 'Operator', language_code: 'ru' };
const anna = { id: 2 ** 52 - 1, first_name: 'Аня', language_code: 'ru' };
const stranger = { id: 2 ** 32, first_name: 'Stranger', language_code: 'ru' };

async function scene(place, options = { operator }) {
  const emulator = await Emulator.start(place);
  const clicker = await Clicker.start(place, emulator, options);
  await emulator.person(anna);
  await emulator.person(stranger);
  return { emulator, clicker };
}

const keyTexts = (chat) => chat.reply_keyboard.keyboard.flat().map((key) => key.text ?? key);

test(
  '/start registers, greets and shows both keys; clicks count; the rating has total and places',
  inPlace(async (place) => {
    const { emulator } = await scene(place);
    const greeting = await emulator.ask(botId, anna.id, '/start');
    assert.equal(plain(greeting.text), 'Приветствую Аня');
    assert.deepEqual(keyTexts(await emulator.chat(botId, anna.id)), ['Клик', 'Рейтинг']);
    assert.equal((await emulator.ask(botId, anna.id, 'Клик')).text, 'Кликов: 1');
    assert.equal((await emulator.ask(botId, anna.id, 'Клик')).text, 'Кликов: 2');
    const rating = plain((await emulator.ask(botId, anna.id, 'Рейтинг')).text).split('\n');
    assert.deepEqual(rating.slice(0, 2), ['Всего: 1', '1: Аня - 2']);
  }),
);

test(
  'Whoever has not pressed Start is told so, and is not counted',
  inPlace(async (place) => {
    const { emulator } = await scene(place);
    await emulator.ask(botId, anna.id, '/start', texts.greeting);
    assert.match((await emulator.ask(botId, stranger.id, 'Клик')).text, texts.unregistered);
    assert.match((await emulator.ask(botId, anna.id, 'Рейтинг', texts.total)).text, /^Всего: 1\n/);
  }),
);

test(
  'A stranger who types "admin" is answered like any other unknown input',
  inPlace(async (place) => {
    const { emulator } = await scene(place);
    for (const person of [anna, stranger]) {
      if (person === anna) await emulator.ask(botId, anna.id, '/start', texts.greeting);
      const toAnything = await emulator.ask(botId, person.id, 'gibberish');
      for (const word of ['admin', '/snapshot', 'Admin']) {
        assert.equal((await emulator.ask(botId, person.id, word)).text, toAnything.text);
      }
    }
    assert.match((await emulator.ask(botId, operator.id, 'admin')).text, texts.report);
  }),
);

test(
  'Without ADMIN_ID the one-time code from the log claims the role, once',
  inPlace(async (place) => {
    const { emulator, clicker } = await scene(place, {});
    await emulator.person({ ...operator, bot_id: botId });
    const code = await clicker.oneTimeCode();
    const wrong = await emulator.ask(botId, stranger.id, 'AAAAAAAA');
    assert.doesNotMatch(wrong.text, texts.report);
    // In a group everybody reads it, and the next start would not look there for the data.
    await emulator.call('raw_update', {
      bot_id: botId,
      json:
        `"message":{"message_id":1,"from":{"id":${stranger.id},"is_bot":false,"first_name":"x"},` +
        `"chat":{"id":-100123,"type":"supergroup","title":"x"},"date":1790000000,"text":"${code}"}}`,
    });
    await emulator.ask(botId, operator.id, code);
    await emulator.ask(botId, operator.id, '/snapshot', texts.report);
    await emulator.ask(botId, stranger.id, code);
    assert.doesNotMatch((await emulator.ask(botId, stranger.id, '/snapshot')).text, texts.report);
  }),
);

test(
  'Hostile updates are skipped, confirmed, and do not stop the bot',
  inPlace(async (place) => {
    const { emulator, clicker } = await scene(place);
    await emulator.ask(botId, anna.id, '/start', texts.greeting);

    const message = (from, text, more = '') =>
      `"message":{"message_id":1,"from":{"id":${from},"is_bot":false,"first_name":"x"},` +
      `"chat":{"id":${from},"type":"private","first_name":"x"},"date":1790000000,"text":${text}${more}}}`;
    const named = (name) =>
      message(anna.id, '"Клик"').replaceAll('"first_name":"x"', `"first_name":${name}`);
    const nested = (depth) => `"unheard_of":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    const texted = [
      message('9223372036854775807', '"/start"'),
      message('9223372036854775808', '"/start"'),
      message('123456789012345678901234567890', '"/start"'),
      message('-5', '"/start"'),
      message('-9223372036854775808', '"/start"'),
      message('0', '"/start"'),
      message('1.5', '"/start"'),
      message('"5"', '"/start"'),
      message('null', '"/start"'),
      message(stranger.id, '7'),
      message(stranger.id, 'null'),
      message(stranger.id, '{"a":[]}'),
      message(stranger.id, `"${'ы'.repeat(4096)}"`),
      message(stranger.id, '"\\ud800"'),
      message(stranger.id, '"\\u0000\\u202e\\u0007"'),
      named('""'),
      named('null'),
      named(`"${'я'.repeat(2048)}"`),
      '"message":{}}',
      '"message":null}',
      '"message":[]}',
      '"message":"text"}',
      '"message":{"chat":{}}}',
      '"callback_query":{}}',
      '"callback_query":{"id":5}}',
      '"my_chat_member":{"chat":null}}',
      '"unheard_of":{"deep":[[[[]]]]}}',
      nested(500),
      nested(5000),
    ];
    for (const json of texted) await emulator.call('raw_update', { bot_id: botId, json });
    const bytes = [
      Buffer.concat([
        Buffer.from('"message":{"text":"'),
        Buffer.from([0xff, 0xfe, 0xc0, 0x80]),
        Buffer.from('"}}'),
      ]),
      Buffer.from(named('"NAME"').replace('NAME', '\u0000')),
      Buffer.concat([
        Buffer.from(message(anna.id, '"').slice(0, -2)),
        Buffer.from([0xed, 0xa0, 0x80]),
        Buffer.from('"}}'),
      ]),
    ];
    for (const raw of bytes) {
      await emulator.call('raw_update', { bot_id: botId, base64: raw.toString('base64') });
    }

    await allConfirmed(emulator);
    assert.equal(clicker.program.end, undefined, clicker.program.story());
    // The named ones were clicks of hers, or skipped: her own next click is counted either way.
    assert.match((await emulator.ask(botId, anna.id, 'Клик', texts.clicks)).text, texts.clicks);
    await clicker.terminate();
    clicker.launch();
    assert.match((await emulator.ask(botId, anna.id, 'Клик', texts.clicks)).text, texts.clicks);
  }),
);
