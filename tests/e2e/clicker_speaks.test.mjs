// Every command of the players, in both languages and in groups, as a conversation with the built
// clicker.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Clicker, botId, goodToken, plain, texts } from './clicker.mjs';
import { Emulator, botApi, inPlace, until } from './harness.mjs';

const operator = { id: 2 ** 40 + 1, first_name: 'Operator', language_code: 'ru' };
const anna = { id: 2 ** 52 - 1, first_name: 'Аня', language_code: 'ru' };
const mary = { id: 2 ** 33, first_name: 'Mary', language_code: 'en-GB' };
const nobody = { id: 2 ** 34, first_name: 'Nobody' };
const hans = { id: 2 ** 35, first_name: 'Hans', language_code: 'de' };

async function scene(place, environment = {}) {
  const emulator = await Emulator.start(place);
  const clicker = await Clicker.start(place, emulator, { operator, environment });
  for (const person of [anna, mary, nobody, hans]) await emulator.person(person);
  const say = async (person, text) =>
    plain((await emulator.ask(botId, person.id, text)).text).replaceAll('\u00a0', ' ');
  return { emulator, clicker, say };
}

const keysOf = async (emulator, person) => {
  const { reply_keyboard: shown } = await emulator.chat(botId, person.id);
  return shown.keyboard.flat().map((key) => key.text ?? key);
};

test(
  'Everybody is spoken to in their own language, else in English, and in Russian where none is told',
  inPlace(async (place) => {
    const { emulator, say } = await scene(place);
    assert.equal(await say(mary, 'Click'), 'You are not registered');
    assert.equal(await say(mary, '/start'), 'Hello Mary');
    assert.deepEqual(await keysOf(emulator, mary), ['Click', 'Rating']);
    assert.equal(await say(mary, 'Click'), 'Clicks: 1');
    assert.equal(await say(mary, '/click'), 'Clicks: 2');
    assert.equal(await say(mary, 'Rating'), 'Total: 1\n1: Mary - 2\n\n🥇 Mary');
    assert.equal(await say(anna, '/start'), 'Приветствую Аня');
    assert.deepEqual(await keysOf(emulator, anna), ['Клик', 'Рейтинг']);
    assert.equal(await say(anna, 'Click'), 'Кликов: 1');
    assert.equal(await say(anna, '/top'), 'Всего: 2\n1: Mary - 2\n2: Аня - 1\n\n🥇 Mary\n🥈 Аня');
    assert.equal(await say(nobody, '/start'), 'Приветствую Nobody');
    assert.equal(await say(mary, '/me'), 'You: 2 clicks, place 1 of 3\nNobody is above.');
    assert.equal(await say(hans, '/start'), 'Hello Hans');
    assert.equal(await say(anna, '/me'), 'Вы: 1 клик, место 2 из 4\nДо места 1: ещё 1 клик');
    assert.match(await say(mary, '/help'), /\/forget — delete your data/);
    assert.match(await say(anna, '/help'), /\/forget — удалить ваши данные/);
    assert.match(await say(mary, '/privacy'), /encrypted/);
    assert.match(await say(anna, '/privacy'), /зашифрованные/);
    assert.match(await say(mary, 'gibberish'), /^Press “Click” or “Rating”/);
    assert.match(await say(anna, 'gibberish'), /^Нажмите «Клик» или «Рейтинг»/);
  }),
);

test(
  'Who goes on sending gibberish is helped once, and still counted',
  inPlace(async (place) => {
    const { emulator, say } = await scene(place, { FLOOD_BUDGET: 'on' });
    await say(anna, '/start');
    const { message_id: first } = await emulator.send(botId, anna.id, 'what?');
    for (const text of ['admin', '/status', '/nonsense', 'what?'])
      await emulator.send(botId, anna.id, text);
    await emulator.answer(botId, anna.id, /^Нажмите/, { after: first });
    await emulator.ask(botId, anna.id, 'Клик', /^Кликов: 1$/);
    const { messages } = await emulator.chat(botId, anna.id);
    const answers = messages.filter(({ from, message_id }) => from.id === botId && message_id > first);
    assert.deepEqual(
      answers.map(({ text }) => text.slice(0, 7)),
      ['Нажмите', 'Кликов:'],
    );
  }),
);

test(
  'The rating shows fifteen, who shares a place, and the caller below',
  inPlace(async (place) => {
    const { emulator, say } = await scene(place);
    const people = Array.from({ length: 17 }, (_, index) => ({
      id: 2 ** 35 + index,
      first_name: index === 0 ? '\u202eevil\u202c name' : `Игрок ${index}`,
      language_code: 'ru',
    }));
    for (const person of people) {
      await emulator.person(person);
      await say(person, '/start');
    }
    assert.match(await say(people[0], 'Рейтинг'), /\n\nПока никто не кликнул/);
    for (const [index, clicks] of [3, 3, 2, 1].entries())
      for (let click = 0; click < clicks; click += 1) await say(people[index], 'Клик');
    const lines = (await say(people[16], 'Рейтинг')).split('\n');
    assert.deepEqual(lines.slice(0, 3), ['Всего: 17', '1: evil name - 3', '2: Игрок 1 - 3']);
    assert.deepEqual(lines.slice(15), [
      '15: Игрок 14 - 0',
      '',
      'Вы: место 5, 0 кликов',
      '🥇 evil name, Игрок 1',
      '🥉 Игрок 2',
      'Поровну: 1–2',
    ]);
  }),
);

test(
  'In a group commands count for whoever sends them, also when it becomes a supergroup',
  inPlace(async (place) => {
    const { emulator, say } = await scene(place);
    await say(anna, '/start');
    await say(anna, 'Клик');
    const group = await emulator.call('groups', {
      bot_id: botId,
      type: 'group',
      title: 'Игра',
      people: [anna.id, mary.id],
      bot: 'administrator',
    });
    const inGroup = async (chat, person, text) => {
      const sent = { bot_id: botId, from: person.id, chat_id: chat, text };
      const { message_id: after } = await emulator.call('send', sent);
      return plain((await emulator.answer(botId, chat, /./s, { after })).text);
    };
    const { username } = await botApi(emulator, goodToken, 'getMe');
    assert.equal(await inGroup(group.id, anna, '/click'), 'Аня: 2 клика');
    assert.equal(await inGroup(group.id, mary, `/start@${username}`), 'Hello Mary');
    for (const text of ['Клик', 'hello', '/click@some_other_bot', '/unheard_of'])
      await emulator.call('send', { bot_id: botId, from: anna.id, chat_id: group.id, text });
    assert.equal(await inGroup(group.id, mary, `/click@${username}`), 'Mary: 1 click');
    assert.match(await inGroup(group.id, mary, '/top'), /^Total: 2\n1: Аня - 2\n2: Mary - 1\n/);
    const { messages, reply_keyboard: keyboard } = await emulator.chat(botId, group.id);
    assert.equal(messages.filter(({ from }) => from.id === botId).length, 4);
    assert.equal(keyboard ?? null, null);

    const { id: larger } = await emulator.call('group_upgrade', {
      bot_id: botId,
      chat_id: group.id,
    });
    assert.equal(await inGroup(larger, anna, '/click'), 'Аня: 3 клика');
    assert.equal(await say(anna, 'Клик'), 'Кликов: 4');
  }),
);

test(
  'Menus are in the language of the replies for every scope, and the register stays where it was',
  inPlace(async (place) => {
    const { emulator, clicker, say } = await scene(place);
    const menu = async (scope, language_code) => {
      const commands = await botApi(emulator, goodToken, 'getMyCommands', {
        ...(scope ? { scope } : {}),
        ...(language_code ? { language_code } : {}),
      });
      return Object.fromEntries(commands.map(({ command, description }) => [command, description]));
    };
    await say(anna, '/start');
    assert.equal((await menu(undefined, 'ru')).forget, 'Удалить мои данные');
    assert.equal((await menu()).forget, 'Delete my data');
    assert.equal((await menu({ type: 'all_group_chats' }, 'ru')).top, 'Рейтинг');
    assert.equal((await menu({ type: 'all_group_chats' })).top, 'The rating');
    const own = { type: 'chat', chat_id: operator.id };
    const register = /^Save now · root \d+$/;
    assert.match((await menu(own)).snapshot, register);
    assert.equal((await menu(own, 'ru')).snapshot, 'Сохранить сейчас');
    await clicker.terminate();
    clicker.launch();
    await emulator.ask(botId, anna.id, 'Клик', texts.clicks);
    await until('the register of the second run', async () =>
      register.test((await menu(own)).snapshot),
    );
  }),
);
