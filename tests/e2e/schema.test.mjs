// Everything the emulator answers and delivers has the shape that the Bot API's public type
// definitions give it: no field missing, none unknown, none of another type.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { json } from 'node:stream/consumers';
import { test } from 'node:test';
import { servingRequests } from './client.mjs';
import { Emulator, Upload, botAnswer, inPlace, until } from './harness.mjs';
import { successOf, untrueClaims } from './type_check.mjs';

const botId = 2 ** 33 + 9;
const token = `${botId}:AAtelekv_schema_test_secret_0000000`;
const ann = {
  id: 2 ** 52 - 1,
  first_name: 'Аня 🚀',
  last_name: 'Ы',
  username: 'anya',
  language_code: 'ru',
};
const bob = { id: 2 ** 40, first_name: 'Bob' };

/// One bot that keeps what it was answered as claims for the type checker.
class Recorder {
  claims = [];
  offset = 0;

  constructor(emulator) {
    this.emulator = emulator;
  }

  answer = async (method, parameters, ofToken = token) => {
    const value = await botAnswer(this.emulator, ofToken, method, parameters);
    const type = value.ok ? successOf(method) : 'ApiError';
    this.claims.push({ method, type, value });
    return value;
  };

  call = async (method, parameters) => {
    const { ok, result, description } = await this.answer(method, parameters);
    assert.ok(ok, `${method}: ${description}`);
    return result;
  };

  refused = async (code, method, parameters, ofToken) => {
    const answer = await this.answer(method, parameters, ofToken);
    assert.equal(answer.error_code, code, `${method}: ${JSON.stringify(answer)}`);
    return answer;
  };

  updates = async () => {
    const updates = await this.call('getUpdates', { offset: this.offset });
    if (updates.length > 0) this.offset = updates.at(-1).update_id + 1;
    return updates;
  };

  say = (text, extra) => this.call('sendMessage', { chat_id: ann.id, text, ...extra });
}

const inline = (...buttons) => ({ inline_keyboard: buttons.map((button) => [button]) });
const callbackKeyboard = inline({ text: '+1', callback_data: 'c:1' });

async function aboutTheBot({ call, refused }) {
  await call('getMe');
  const commands = [{ command: 'start', description: 'Начать 🚀' }];
  const scopes = [{}, { language_code: 'ru' }, { scope: { type: 'chat', chat_id: ann.id } }];
  for (const scope of scopes) {
    await call('setMyCommands', { commands, ...scope });
    assert.deepEqual(await call('getMyCommands', scope), commands);
    await call('deleteMyCommands', scope);
    assert.deepEqual(await call('getMyCommands', scope), []);
  }
  await refused(401, 'getMe', {}, 'no token');
  await refused(401, 'getMe', {}, `${botId}:AAtelekv_another_secret_000000000000`);
  await refused(404, 'noSuchMethod');
}

async function profile({ call, refused }) {
  const texts = { Name: 'name', Description: 'description', ShortDescription: 'short_description' };
  for (const [method, field] of Object.entries(texts))
    for (const scope of [{}, { language_code: 'ru' }]) {
      await call(`setMy${method}`, { [field]: `Кликер 🚀 ${field}`, ...scope });
      const said = await call(`getMy${method}`, scope);
      assert.deepEqual(said, { [field]: `Кликер 🚀 ${field}` });
    }
  await refused(400, 'setMyName', { name: 'x'.repeat(65) });
}

async function texts({ call, say, refused }) {
  const text = await say('plain');
  await say('bold', { entities: [{ type: 'bold', offset: 0, length: 4 }] });
  await say('a reply', { reply_parameters: { message_id: text.message_id } });
  await say('keyboard', {
    reply_markup: { keyboard: [[{ text: 'Клик' }], ['Рейтинг']], resize_keyboard: true },
  });
  await say('no keyboard', { reply_markup: { remove_keyboard: true } });
  await say('a question', { reply_markup: { force_reply: true } });
  await say('every button', {
    reply_markup: inline(
      { text: '+1', callback_data: 'c:1', style: 'primary' },
      { text: 'site', url: 'https://example.org/' },
      { text: 'share', switch_inline_query: 'query' },
      { text: 'here', switch_inline_query_current_chat: '' },
      { text: 'copy', copy_text: { text: 'copied' } },
      { text: 'app', web_app: { url: 'https://example.org/app' } },
    ),
  });
  // Telegraf sends a field `hide` of its own with every button.
  await say('a field that Telegram does not know', {
    reply_markup: inline({ text: '+1', callback_data: 'c:1', hide: false }),
  });
  const edit = { chat_id: ann.id, message_id: text.message_id };
  await call('editMessageText', { ...edit, text: 'edited', reply_markup: callbackKeyboard });
  await call('editMessageReplyMarkup', edit);
  await call('sendChatAction', { chat_id: ann.id, action: 'upload_document' });
  await refused(400, 'sendMessage', { chat_id: ann.id, text: '' });
  await refused(400, 'editMessageText', { ...edit, text: 'edited' });
}

async function documents({ call, refused }) {
  const sent = await call('sendDocument', {
    chat_id: ann.id,
    document: new Upload('bytes', 'first.bin'),
    caption: 'a caption',
    caption_entities: [{ type: 'italic', offset: 2, length: 7 }],
    reply_markup: callbackKeyboard,
  });
  const { file_id: document } = sent.document;
  await call('getFile', { file_id: document });
  await call('sendDocument', { chat_id: ann.id, document });
  const edit = { chat_id: ann.id, message_id: sent.message_id };
  await call('editMessageMedia', {
    ...edit,
    media: { type: 'document', media: 'attach://part', caption: 'two' },
    part: new Upload('other bytes', 'second.txt'),
  });
  await call('editMessageCaption', { ...edit, caption: 'three' });
  await refused(400, 'getFile', { file_id: 'wrong' });
  await refused(400, 'sendDocument', { chat_id: ann.id, document: new Upload('', 'empty') });
}

async function whatPeopleDo(recorder) {
  const { call, emulator, say, updates } = recorder;
  await emulator.send(botId, ann.id, '/start ref42');
  const { message_id: said } = await emulator.send(botId, bob.id, 'hello');
  const message = await say('0', { reply_markup: callbackKeyboard });
  await emulator.tap(botId, ann.id, message.message_id, 'c:1');
  await emulator.call('block', { bot_id: botId, from: bob.id, blocked: true });
  await recorder.refused(403, 'sendMessage', { chat_id: bob.id, text: 'hi' });
  await emulator.call('block', { bot_id: botId, from: bob.id, blocked: false });
  const tap = (await updates()).find((update) => update.callback_query).callback_query;
  await call('answerCallbackQuery', { callback_query_id: tap.id, text: 'Counted' });
  await recorder.refused(400, 'answerCallbackQuery', { callback_query_id: tap.id });

  const origin = { chat_id: ann.id, from_chat_id: bob.id, message_id: said };
  const forwarded = await call('forwardMessage', origin);
  await call('forwardMessage', { ...origin, from_chat_id: ann.id, message_id: message.message_id });
  await call('copyMessage', origin);
  await call('deleteMessage', { chat_id: ann.id, message_id: forwarded.message_id });
}

async function pins({ call, say, updates, refused }) {
  const chat = { chat_id: ann.id };
  await call('getChat', chat);
  const { message_id: message } = await say('pinned', { reply_markup: callbackKeyboard });
  await call('pinChatMessage', { ...chat, message_id: message });
  assert.equal((await call('getChat', chat)).pinned_message.message_id, message);
  const notice = (await updates()).at(-1).message;
  await call('unpinChatMessage', { ...chat, message_id: message });
  await call('unpinAllChatMessages', chat);
  await call('deleteMessage', { ...chat, message_id: message });
  // What is deleted is an InaccessibleMessage to what refers to it.
  const reply = await say('re', { reply_parameters: { message_id: notice.message_id } });
  assert.equal(reply.reply_to_message.pinned_message.date, 0);
  await refused(400, 'pinChatMessage', { ...chat, message_id: message });
  await refused(400, 'getChat', { chat_id: 404 });
}

const markup =
  '<b>b<i>i</i></b> <u>u</u> <s>s</s> <tg-spoiler>p</tg-spoiler> <code>c</code> ' +
  '<pre><code class="language-js">js</code></pre> <a href="example.org">link</a> ' +
  `<a href="tg://user?id=${ann.id}">Ann</a> <blockquote>q</blockquote> ` +
  '<blockquote expandable>e</blockquote> <tg-emoji emoji-id="5368324170671202286">👍</tg-emoji>';

async function formatting({ say, refused }) {
  const { entities } = await say(markup, { parse_mode: 'HTML' });
  assert.equal(entities.length, 12);
  await say('*b* `c` [x](http://example.org)', { parse_mode: 'MarkdownV2' });
  await refused(400, 'sendMessage', { chat_id: ann.id, text: '<b>', parse_mode: 'HTML' });
}

async function members({ call, refused }) {
  for (const user_id of [ann.id, botId]) await call('getChatMember', { chat_id: ann.id, user_id });
  assert.equal(await call('getChatMemberCount', { chat_id: ann.id }), 2);
  await refused(400, 'getChatMember', { chat_id: ann.id, user_id: bob.id });
}

async function inGroup(recorder, type) {
  const { call, emulator, refused, updates } = recorder;
  const bot = { bot_id: botId };
  const people = [ann.id, bob.id];
  const group = { ...bot, type, title: 'Клуб 🚀', people, bot: 'administrator' };
  const { id: chat_id } = await emulator.call('groups', group);
  const { message_id } = await call('sendMessage', {
    chat_id,
    text: 'hello',
    reply_markup: callbackKeyboard,
  });
  await emulator.call('send', { ...bot, chat_id, from: bob.id, text: 'hello' });
  const tap = { ...bot, chat_id, from: ann.id, message_id, data: 'c:1' };
  await emulator.call('tap', tap);
  await call('pinChatMessage', { chat_id, message_id });
  await call('editMessageText', { chat_id, message_id, text: 'edited' });
  await call('forwardMessage', { chat_id: ann.id, from_chat_id: chat_id, message_id });
  assert.equal((await call('getChat', { chat_id })).pinned_message.message_id, message_id);
  for (const user_id of [botId, ann.id, bob.id]) await call('getChatMember', { chat_id, user_id });
  assert.equal(await call('getChatMemberCount', { chat_id }), 3);
  await emulator.call('group_status', { ...bot, chat_id, bot: 'bare_administrator' });
  await refused(400, 'pinChatMessage', { chat_id, message_id });
  await emulator.call('group_status', { ...bot, chat_id, bot: 'kicked' });
  await refused(403, 'sendMessage', { chat_id, text: 'x' });
  await emulator.call('group_status', { ...bot, chat_id, bot: 'administrator' });
  await call('leaveChat', { chat_id });
  await refused(403, 'sendMessage', { chat_id, text: 'x' });
  await updates();
}

async function groups(recorder) {
  const { call, emulator, refused, updates } = recorder;
  for (const type of ['group', 'supergroup', 'channel']) await inGroup(recorder, type);
  const small = { bot_id: botId, type: 'group', title: 'Клуб', people: [ann.id], bot: 'member' };
  const { id: chat_id } = await emulator.call('groups', small);
  const { id } = await emulator.call('group_upgrade', { bot_id: botId, chat_id });
  const { parameters } = await refused(400, 'sendMessage', { chat_id, text: 'x' });
  assert.deepEqual(parameters, { migrate_to_chat_id: id });
  await call('sendMessage', { chat_id: id, text: 'x' });
  await updates();
}

async function leaving({ call, refused, emulator }) {
  await call('close');
  await refused(400, 'close');
  await call('getMe');
  await call('logOut');
  await refused(400, 'getMe');
  await emulator.call('clock', { advance_s: 601 });
  await call('getMe');
}

async function webhooks({ call, refused, emulator, claims }) {
  await call('getWebhookInfo');
  await refused(400, 'setWebhook', { url: 'http://example.org/' });
  await emulator.call('clock', { advance_s: 2 }); // It may be called once a second.
  const bodies = [];
  const failingOnce = async (request, response) => {
    bodies.push(await json(request));
    response.writeHead(bodies.length === 1 ? 500 : 200).end();
  };
  await servingRequests(failingOnce, async (url) => {
    await call('setWebhook', { url, allowed_updates: ['message', 'poll', 'chat_member'] });
    await emulator.send(botId, ann.id, 'delivered');
    await until('the delivery', () => bodies.slice(1).some(({ message }) => message?.text === 'delivered'));
    assert.match((await call('getWebhookInfo')).last_error_message, /500/);
    await refused(409, 'getUpdates');
    await call('deleteWebhook', { drop_pending_updates: true });
  });
  for (const value of bodies) claims.push({ method: 'webhook', type: 'Update', value });
}

async function faults({ refused, emulator, call }) {
  await emulator.call('faults', { method: 'sendMessage', kind: '429', retry_after: 3 });
  const hello = { chat_id: ann.id, text: 'hi' };
  const { parameters } = await refused(429, 'sendMessage', hello);
  assert.equal(parameters.retry_after, 3);
  await emulator.call('faults', { method: 'sendMessage', kind: '500' });
  await refused(500, 'sendMessage', hello);
  await call('sendMessage', hello);
}

async function everything(place) {
  const emulator = await Emulator.start(place);
  for (const person of [ann, bob]) await emulator.person({ ...person, bot_id: botId });
  const recorder = new Recorder(emulator);
  const chapters = [
    aboutTheBot,
    profile,
    texts,
    formatting,
    documents,
    whatPeopleDo,
    pins,
    members,
    groups,
    webhooks,
    faults,
    leaving,
  ];
  for (const chapter of chapters) await chapter(recorder);
  return recorder;
}

/// The Bot API's methods by the definitions, of which the emulator knows some.
async function supportedMethods(emulator) {
  const file = new URL('node_modules/@grammyjs/types/methods.d.ts', import.meta.url);
  const names = [...(await readFile(file, 'utf8')).matchAll(/^ {4}(\w+)\(/gm)];
  const supported = [];
  for (const [, name] of names) {
    const { description } = await botAnswer(emulator, '1:AAtelekv_schema_other_bot_00000000', name);
    if (description !== 'Not Found: method not found') supported.push(name);
  }
  return supported;
}

const isNode = (value) => typeof value === 'object' && value !== null;
const isObject = (value) => isNode(value) && !Array.isArray(value);

/// What `change` makes of the value and of each of its parts, as [path, the whole with it].
function* variants(value, change, path = '') {
  for (const [name, changed] of change(value)) yield [path + name, changed];
  if (!isNode(value)) return;
  for (const [key, part] of Object.entries(value)) {
    const step = Array.isArray(value) ? '[]' : `.${key}`;
    for (const [where, changed] of variants(part, change, path + step))
      yield [where, Object.assign(structuredClone(value), { [key]: changed })];
  }
}

const damages = {
  *unknown(value) {
    if (isObject(value)) yield ['.emulator_only', { ...value, emulator_only: 1 }];
  },
  *retyped(value) {
    yield ['', typeof value === 'string' ? 1 : 'text'];
  },
  *missing(value) {
    if (!isObject(value)) return;
    for (const name of Object.keys(value)) {
      const { [name]: removed, ...rest } = value;
      yield [`.${name}`, rest];
    }
  },
};

/// The claims damaged in every place, one for each damage, type and path.
function* damaged(claims) {
  const seen = new Set();
  for (const [damage, change] of Object.entries(damages))
    for (const { type, value } of claims)
      for (const [path, changed] of variants(value, change)) {
        const what = `${damage} ${type}${path}`;
        if (!seen.has(what)) yield { what, type, value: changed };
        seen.add(what);
      }
}

// Fields that are optional nowhere: wherever one was, its lack is an error.
const indispensable = [
  'callback_data',
  'chat',
  'chat_instance',
  'command',
  'date',
  'error_code',
  'file_id',
  'file_unique_id',
  'first_name',
  'id',
  'inline_keyboard',
  'is_bot',
  'max_reaction_count',
  'message_id',
  'offset',
  'ok',
  'pending_update_count',
  'result',
  'status',
  'title',
  'type',
  'until_date',
  'update_id',
];

test(
  'What the emulator answers and delivers fits the type definitions',
  inPlace(async (place) => {
    const { claims, emulator } = await everything(place);
    const untrue = await untrueClaims(place.folder, claims);
    assert.deepEqual(
      untrue.map(({ method, reason }) => `${method}: ${reason}`),
      [],
    );
    const answered = new Set(claims.filter(({ value }) => value.ok).map(({ method }) => method));
    assert.deepEqual((await supportedMethods(emulator)).sort(), [...answered].sort());
    const updates = claims.flatMap(({ method, value }) => {
      if (method === 'webhook') return [value];
      return method === 'getUpdates' && value.ok ? value.result : [];
    });
    const kinds = new Set(updates.flatMap((update) => Object.keys(update)));
    assert.deepEqual([...kinds].sort(), [
      'callback_query',
      'channel_post',
      'message',
      'my_chat_member',
      'update_id',
    ]);
  }),
);

test(
  'An unknown field, one of another type, or the lack of an indispensable one is found anywhere',
  inPlace(async (place) => {
    const { claims } = await everything(place);
    const wrong = [...damaged(claims)];
    const found = new Set((await untrueClaims(place.folder, wrong)).map(({ what }) => what));
    const overlooked = wrong.map(({ what }) => what).filter((what) => !found.has(what));
    assert.deepEqual(
      overlooked.filter((what) => !what.startsWith('missing')),
      [],
    );
    const nameOf = (what) => what.split('.').at(-1);
    assert.deepEqual(
      overlooked.filter((what) => indispensable.includes(nameOf(what))),
      [],
    );
    const removed = new Set(wrong.map(({ what }) => nameOf(what)));
    assert.deepEqual(
      indispensable.filter((name) => !removed.has(name)),
      [],
    );
  }),
);
