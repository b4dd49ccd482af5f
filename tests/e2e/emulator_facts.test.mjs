// Facts of the Bot API server that the emulator follows, as a bot sees them over HTTP; the whole
// list is docs/emulator-facts.md. Each test has an emulator of its own; they run side by side.
import assert from 'node:assert/strict';
import { connect, createServer } from 'node:net';
import { describe, test } from 'node:test';
import { Emulator, Upload, download, inPlace, until } from './harness.mjs';

const botId = 123456789;
const token = `${botId}:${'facts-of-telegram_'.repeat(2).slice(0, 35)}`;
const anna = {
  id: 5123456789,
  first_name: 'Аня 🚀',
  last_name: '𝕏',
  username: 'anya',
  language_code: 'ru',
};
const admin = { id: 2 ** 52 - 1, first_name: 'Admin' };
const day_s = 86_400;

/// A bot that says exactly what was answered: {status, headers, text, ok, result, error}.
class Caller {
  constructor(emulator) {
    this.emulator = emulator;
  }

  async call(method, parameters = {}) {
    const body = new FormData();
    for (const [name, value] of Object.entries(parameters)) {
      if (value instanceof Upload) body.append(name, new Blob([value.bytes]), value.fileName);
      else body.append(name, typeof value === 'string' ? value : JSON.stringify(value));
    }
    const url = `${this.emulator.root}/bot${token}/${method}`;
    const response = await fetch(url, { method: 'POST', body });
    const text = await response.text();
    const { ok, result, description: error, parameters: hints } = JSON.parse(text);
    return { status: response.status, headers: response.headers, text, ok, result, error, hints };
  }

  async result(method, parameters) {
    const answer = await this.call(method, parameters);
    assert.ok(answer.ok, `${method}: ${answer.text}`);
    return answer.result;
  }

  async error(method, parameters) {
    const answer = await this.call(method, parameters);
    assert.ok(!answer.ok, `${method} was not refused: ${answer.text}`);
    return answer.error;
  }

  say(text, more = {}) {
    return this.result('sendMessage', { chat_id: anna.id, text, ...more });
  }

  post(bytes, more = {}) {
    const document = new Upload(bytes, 'snap-1.bin');
    return this.result('sendDocument', { chat_id: anna.id, document, ...more });
  }

  replace(messageId, media, more = {}) {
    const described = { type: 'document', media: 'attach://f0', ...media };
    const target = { chat_id: anna.id, message_id: messageId };
    return this.call('editMessageMedia', { ...target, media: described, ...more });
  }
}

/// A test of a bot that Anna and the admin have started.
function fact(name, body, settings = {}) {
  test(
    name,
    inPlace(async (place) => {
      const emulator = await Emulator.start(place, settings);
      await emulator.person({ ...anna, bot_id: botId });
      await emulator.person({ ...admin, bot_id: botId });
      await body(new Caller(emulator), emulator);
    }),
  );
}

/// The answer to these bytes, as text.
function sayRaw(port, request) {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    socket.setEncoding('utf8').on('data', (text) => {
      answer += text;
      if (answer.includes('\r\n\r\n')) socket.end();
    });
    socket.on('close', () => resolve(answer)).on('error', reject);
  });
}

// What differs from run to run.
const plain = (text) =>
  text
    .replace(/"(update_id|date|edit_date)":\d+/g, '"$1":0')
    .replace(/"(file_id|file_unique_id)":"[\w-]+"/g, '"$1":"…"');
const annasName =
  String.raw`"first_name":"\u0410\u043d\u044f \ud83d\ude80","last_name":"\ud835\udd4f",` +
  '"username":"anya"';
const annasChat = `{"id":${anna.id},${annasName},"type":"private"}`;
const annaJson = `{"id":${anna.id},"is_bot":false,${annasName},"language_code":"ru"}`;
const botJson =
  `{"id":${botId},"is_bot":true,"first_name":"Bot ${botId}",` +
  `"username":"emulated_${botId}_bot"}`;
const button = (data) => ({ inline_keyboard: [[{ text: '+1', callback_data: data }]] });
const notModified = /^Bad Request: message is not modified: /;

describe('Updates', { concurrency: true }, () => {
  fact('A message is written as the server writes it', async (bot, emulator) => {
    await emulator.send(botId, anna.id, '/start ref42');
    const { text } = await bot.call('getUpdates');
    assert.equal(
      plain(text),
      `{"ok":true,"result":[{"update_id":0,"message":{"message_id":1,"from":${annaJson},` +
        `"chat":${annasChat},"date":0,"text":"/start ref42",` +
        `"entities":[{"offset":0,"length":6,"type":"bot_command"}]}}]}`,
    );
  });

  fact('A tap carries the whole message, and ids that are strings', async (bot, emulator) => {
    const sent = await bot.post('one', { reply_markup: button('c:1') });
    await emulator.tap(botId, anna.id, sent.message_id, 'c:1');
    const [{ callback_query: query }] = await bot.result('getUpdates');
    assert.deepEqual(query.message, sent);
    assert.equal(query.message.document.file_id, sent.document.file_id);
    assert.equal(query.data, 'c:1');
    assert.equal(typeof query.id, 'string');
    assert.match(query.chat_instance, /^-?\d+$/);
    assert.equal(query.from.id, anna.id);
  });

  fact('Blocking and unblocking are changes of membership', async (bot, emulator) => {
    for (const blocked of [true, false]) {
      await emulator.call('block', { bot_id: botId, from: anna.id, blocked });
    }
    const { text } = await bot.call('getUpdates');
    const member = `{"user":${botJson},"status":"member"}`;
    const kicked = `{"user":${botJson},"status":"kicked","until_date":0}`;
    const change = (before, after) =>
      `{"update_id":0,"my_chat_member":{"chat":${annasChat},"from":${annaJson},"date":0,` +
      `"old_chat_member":${before},"new_chat_member":${after}}}`;
    assert.equal(
      plain(text),
      `{"ok":true,"result":[${change(member, kicked)},${change(kicked, member)}]}`,
    );
  });

  fact('A bot gets no update of what it sends, edits and deletes itself', async (bot, emulator) => {
    const { message_id: id } = await bot.say('one');
    await bot.result('editMessageText', { chat_id: anna.id, message_id: id, text: 'two' });
    await bot.result('deleteMessage', { chat_id: anna.id, message_id: id });
    await bot.post('bytes');
    assert.deepEqual(await bot.result('getUpdates'), []);
    assert.equal((await emulator.updates(botId)).next_update_id, 100000001);
  });

  fact('Parameters out of range or without a number are no error', async (bot, emulator) => {
    await emulator.send(botId, anna.id, 'one');
    for (const strange of [
      { offset: 'first' },
      { limit: 'all', offset: 1 },
      { limit: 5000, offset: 2 },
      { timeout: 'long', offset: 3 },
      { allowed_updates: 'message', offset: 4 },
    ]) {
      assert.equal((await bot.result('getUpdates', strange)).length, 1, JSON.stringify(strange));
    }
  });

  fact('The same offset within half a second gives one update', async (bot, emulator) => {
    for (const text of ['one', 'two']) await emulator.send(botId, anna.id, text);
    assert.equal((await bot.result('getUpdates')).length, 2);
    // A slow machine may need another try to be quick enough.
    await until('a short page', async () => (await bot.result('getUpdates')).length === 1);
    await emulator.call('clock', { advance_s: 1 });
    assert.equal((await bot.result('getUpdates')).length, 2);
  });

  fact('A second conflict is answered three seconds after the first', async (bot) => {
    await bot.result('setWebhook', { url: 'https://example.org/hook' });
    const began = performance.now();
    assert.equal((await bot.call('getUpdates')).status, 409);
    const first = performance.now();
    assert.equal((await bot.call('getUpdates')).status, 409);
    assert.ok(first - began < 2500, `${first - began} ms`);
    assert.ok(performance.now() - began > 2900, `${performance.now() - began} ms`);
  });

  fact('A late answer to a tap says that the query is too old', async (bot, emulator) => {
    const sent = await bot.say('Score', { reply_markup: button('c:1') });
    const { callback_query_id: id } = await emulator.tap(botId, anna.id, sent.message_id, 'c:1');
    await emulator.call('clock', { advance_s: 200 });
    const answer = await bot.call('answerCallbackQuery', { callback_query_id: id });
    assert.equal(answer.status, 400);
    assert.equal(
      answer.error,
      'Bad Request: query is too old and response timeout expired or query ID is invalid',
    );
  });

  fact('The answer to a tap has at most 200 characters', async (bot, emulator) => {
    const sent = await bot.say('Score', { reply_markup: button('c:1') });
    const { callback_query_id: id } = await emulator.tap(botId, anna.id, sent.message_id, 'c:1');
    const answer = (text) => bot.call('answerCallbackQuery', { callback_query_id: id, text });
    assert.equal((await answer('Ж'.repeat(201))).status, 400);
    assert.equal((await answer('Ж'.repeat(200))).status, 200);
  });
});

describe('Messages', { concurrency: true }, () => {
  fact('There is no method that lists or fetches messages', async (bot) => {
    for (const method of ['getMessage', 'getMessages', 'getChatHistory', 'searchMessages']) {
      assert.equal(await bot.error(method, { chat_id: anna.id }), 'Not Found: method not found');
    }
  });

  fact('The same sendMessage twice makes two messages', async (bot) => {
    const ids = [await bot.say('one'), await bot.say('one')].map((sent) => sent.message_id);
    assert.notEqual(ids[0], ids[1]);
  });

  fact('An edited message comes without reply_to_message and with edit_date', async (bot) => {
    const { message_id: original } = await bot.say('original');
    const sent = await bot.say('reply', { reply_parameters: { message_id: original } });
    assert.equal(sent.reply_to_message.message_id, original);
    assert.ok(!('edit_date' in sent));
    const edited = await bot.result('editMessageText', {
      chat_id: anna.id,
      message_id: sent.message_id,
      text: 'changed',
    });
    assert.ok(!('reply_to_message' in edited));
    assert.ok(edited.edit_date >= edited.date);
  });

  fact('editMessageReplyMarkup tells whether a message is there', async (bot) => {
    const { message_id: id } = await bot.say('one');
    const probe = () => bot.error('editMessageReplyMarkup', { chat_id: anna.id, message_id: id });
    assert.match(await probe(), notModified);
    await bot.result('deleteMessage', { chat_id: anna.id, message_id: id });
    assert.equal(await probe(), 'Bad Request: message to edit not found');
  });

  fact('An edit without a keyboard takes the inline keyboard away', async (bot) => {
    const { message_id: id } = await bot.say('one', { reply_markup: button('c:1') });
    const edited = await bot.result('editMessageText', {
      chat_id: anna.id,
      message_id: id,
      text: 'two',
    });
    assert.ok(!('reply_markup' in edited));
  });

  fact('A message that set, removed or forced a keyboard cannot be edited', async (bot) => {
    for (const markup of [
      { keyboard: [[{ text: 'Tap' }]] },
      { remove_keyboard: true },
      { force_reply: true },
    ]) {
      const { message_id: id } = await bot.say('one', { reply_markup: markup });
      assert.equal(
        await bot.error('editMessageText', { chat_id: anna.id, message_id: id, text: 'two' }),
        "Bad Request: message can't be edited",
        JSON.stringify(markup),
      );
    }
  });

  fact('Entities come back as they were given, in UTF-16 units', async (bot) => {
    const entities = [{ offset: 3, length: 4, type: 'bold' }];
    const sent = await bot.say('𝕏 bold', { entities });
    assert.deepEqual(sent.entities, entities);
  });

  fact('An unknown parse_mode is refused, "none" is one', async (bot) => {
    const say = (mode) =>
      bot.call('sendMessage', { chat_id: anna.id, text: 'one', parse_mode: mode });
    assert.equal((await say('BBCode')).error, 'Bad Request: unsupported parse_mode');
    for (const known of ['HTML', 'MarkdownV2', 'markdown', 'None']) {
      assert.ok((await say(known)).ok, known);
    }
  });

  fact('Without a message_id a method misses what it works on', async (bot) => {
    const chat = { chat_id: anna.id };
    const from = { ...chat, from_chat_id: anna.id };
    for (const id of [undefined, 0, -5, 'x', 2 ** 31]) {
      const none = id === undefined ? {} : { message_id: id };
      for (const [method, parameters, text] of [
        ['editMessageText', { ...chat, text: 'two' }, 'message to edit not found'],
        ['editMessageReplyMarkup', chat, 'message to edit not found'],
        ['forwardMessage', from, 'message to forward not found'],
        ['copyMessage', from, 'message to copy not found'],
        ['pinChatMessage', chat, 'message to pin not found'],
        ['unpinChatMessage', chat, 'message to unpin not found'],
        ['deleteMessage', chat, 'message identifier is not specified'],
        ['deleteMessage', { message_id: 1 }, 'chat identifier is not specified'],
      ]) {
        const error = await bot.error(method, { ...none, ...parameters });
        assert.equal(error, `Bad Request: ${text}`, `${method} ${JSON.stringify(none)}`);
      }
    }
    const pinned = { ...chat, message_id: (await bot.say('one')).message_id };
    await bot.result('pinChatMessage', pinned);
    await bot.result('unpinChatMessage', { ...chat, message_id: 0 });
    assert.ok(!('pinned_message' in (await bot.result('getChat', chat))));
  });

  fact('The actions of sendChatAction are known, by their old names too', async (bot) => {
    const act = (action) => bot.call('sendChatAction', { chat_id: anna.id, action });
    assert.equal((await act('sing')).error, 'Bad Request: wrong parameter action in request');
    for (const known of ['typing', 'upload_document', 'record_audio', 'pick_up_location']) {
      assert.ok((await act(known)).ok, known);
    }
  });
});

describe('Files', { concurrency: true }, () => {
  fact('A document sent and edited is written as the server writes it', async (bot) => {
    const document =
      '"document":{"file_name":"snap-1.bin","mime_type":"application/octet-stream",' +
      '"file_id":"…","file_unique_id":"…","file_size":3}';
    const message = (dates, caption) =>
      `{"ok":true,"result":{"message_id":1,"from":${botJson},"chat":${annasChat},${dates},` +
      `${document},"caption":"${caption}"}}`;
    const sent = await bot.call('sendDocument', {
      chat_id: anna.id,
      document: new Upload('one', 'snap-1.bin'),
      caption: 'seq=1',
    });
    assert.equal(plain(sent.text), message('"date":0', 'seq=1'));
    const f0 = new Upload('two', 'snap-1.bin');
    const edited = await bot.replace(sent.result.message_id, { caption: 'seq=2' }, { f0 });
    assert.equal(plain(edited.text), message('"date":0,"edit_date":0', 'seq=2'));
    const file = await bot.call('getFile', { file_id: edited.result.document.file_id });
    assert.equal(
      plain(file.text),
      '{"ok":true,"result":{"file_id":"…","file_unique_id":"…","file_size":3,' +
        '"file_path":"documents/file_2.bin"}}',
    );
  });

  fact('An edit with the same bytes in a new upload is a change', async (bot) => {
    const sent = await bot.post('same');
    const edited = await bot.replace(
      sent.message_id,
      {},
      { f0: new Upload('same', 'snap-1.bin') },
    );
    assert.ok(edited.ok, edited.text);
    assert.notEqual(edited.result.document.file_id, sent.document.file_id);
  });

  fact('A replaced document without caption and keyboard has none', async (bot) => {
    const sent = await bot.post('one', { caption: 'seq=1', reply_markup: button('c:1') });
    assert.ok(sent.caption && sent.reply_markup);
    const f0 = new Upload('two', 'snap-1.bin');
    const { result: edited } = await bot.replace(sent.message_id, {}, { f0 });
    assert.ok(!('caption' in edited) && !('reply_markup' in edited), JSON.stringify(edited));
  });

  fact('A replaced document takes its caption with entities', async (bot) => {
    const { message_id: id } = await bot.post('one');
    const entities = [{ offset: 0, length: 3, type: 'bold' }];
    const caption = { caption: 'seq=2', caption_entities: entities };
    const f0 = new Upload('two', 'snap-1.bin');
    const { result: edited } = await bot.replace(id, caption, { f0 });
    assert.deepEqual(edited.caption_entities, entities);
    const refused = await bot.replace(id, { caption: 'seq=3', parse_mode: 'BBCode' }, { f0 });
    assert.equal(refused.error, "Bad Request: can't parse InputMedia: Unsupported parse_mode");
  });

  fact('A file outlives its message, and its path the hour', async (bot, emulator) => {
    const { message_id: id, document } = await bot.post('kept');
    const { file_path: path } = await bot.result('getFile', { file_id: document.file_id });
    await bot.result('deleteMessage', { chat_id: anna.id, message_id: id });
    await emulator.call('clock', { advance_s: 3599 });
    const response = await fetch(`${emulator.root}/file/bot${token}/${path}`);
    assert.equal(await response.text(), 'kept');
    await emulator.call('clock', { advance_s: 100 * day_s });
    assert.equal(Buffer.from(await download(emulator, token, document.file_id)).toString(), 'kept');
    const again = await bot.result('sendDocument', {
      chat_id: admin.id,
      document: document.file_id,
    });
    assert.equal(again.document.file_unique_id, document.file_unique_id);
  });

  fact('A file_unique_id stays with the file and downloads nothing', async (bot) => {
    const { message_id: id, document } = await bot.post('one');
    const from = { from_chat_id: anna.id, message_id: id };
    const forwarded = await bot.result('forwardMessage', { chat_id: admin.id, ...from });
    assert.equal(forwarded.document.file_unique_id, document.file_unique_id);
    assert.equal(
      await bot.error('getFile', { file_id: document.file_unique_id }),
      'Bad Request: invalid file_id',
    );
    const other = await bot.post('two');
    assert.notEqual(other.document.file_unique_id, document.file_unique_id);
  });
});

describe('Pins', { concurrency: true }, () => {
  fact('Without a message_id the pinned message sent last is unpinned', async (bot) => {
    const ids = [];
    for (const text of ['one', 'two']) ids.push((await bot.say(text)).message_id);
    for (const id of [ids[1], ids[0]]) {
      await bot.result('pinChatMessage', { chat_id: anna.id, message_id: id });
    }
    const pinned = async () =>
      (await bot.result('getChat', { chat_id: anna.id })).pinned_message?.message_id;
    assert.equal(await pinned(), ids[1]);
    await bot.result('unpinChatMessage', { chat_id: anna.id });
    assert.equal(await pinned(), ids[0]);
    await bot.result('unpinChatMessage', { chat_id: anna.id });
    assert.equal(await pinned(), undefined);
  });

  fact('The notice of a pin can be deleted, and nothing else', async (bot) => {
    const { message_id: id } = await bot.say('one');
    await bot.result('pinChatMessage', { chat_id: anna.id, message_id: id });
    const [{ message: notice }] = await bot.result('getUpdates');
    assert.equal(notice.pinned_message.message_id, id);
    const chat = { chat_id: anna.id, message_id: notice.message_id };
    for (const method of ['pinChatMessage', 'forwardMessage', 'copyMessage', 'editMessageText']) {
      await bot.error(method, { ...chat, from_chat_id: anna.id, text: 'x' });
    }
    await bot.result('deleteMessage', chat);
    const { pinned_message: pinned } = await bot.result('getChat', { chat_id: anna.id });
    assert.equal(pinned.message_id, id);
  });
});

describe('Limits and errors', { concurrency: true }, () => {
  fact(
    'Whatever writes into a chat shares one budget, and insisting makes the ban longer',
    async (bot) => {
      const { message_id: id } = await bot.say('0');
      const chat = { chat_id: anna.id, message_id: id };
      let writes = 1;
      const edit = () => bot.call('editMessageText', { ...chat, text: `${++writes}` });
      while (writes < 18) assert.ok((await edit()).ok);
      for (; writes < 20; ++writes) {
        await bot.result('sendChatAction', { ...chat, action: 'typing' });
      }
      // The budget fills up by one a second, so a slow machine may have a few more.
      let refused;
      do refused = await edit();
      while (refused.ok && writes < 40);
      assert.equal(refused.status, 429);
      assert.equal(refused.hints.retry_after, 5);
      assert.equal(refused.headers.get('Retry-After'), '5');
      assert.equal(refused.error, 'Too Many Requests: retry after 5');
      const insisted = await bot.call('deleteMessage', chat);
      assert.equal(insisted.status, 429);
      assert.ok(insisted.hints.retry_after > 5);
      assert.ok((await bot.call('sendMessage', { chat_id: admin.id, text: 'x' })).ok);
    },
    { flood: 'real' },
  );

  fact('Any method may be refused with 429', async (bot, emulator) => {
    for (const method of ['getMe', 'getUpdates', 'getChat']) {
      await emulator.call('faults', { method, kind: '429', retry_after: 7 });
      const refused = await bot.call(method, { chat_id: anna.id });
      assert.deepEqual([refused.status, refused.hints], [429, { retry_after: 7 }]);
      assert.ok((await bot.call(method, { chat_id: anna.id })).ok);
    }
  });

  fact('A restart is a 500, a gateway a page', async (bot, emulator) => {
    await emulator.call('faults', { method: 'getMe', kind: '500' });
    const restart = await bot.call('getMe');
    assert.deepEqual([restart.status, restart.error], [500, 'Internal Server Error: restart']);
    await emulator.call('faults', { method: 'getMe', kind: '502' });
    const page = await fetch(`${emulator.root}/bot${token}/getMe`);
    assert.equal(page.status, 502);
    assert.match(page.headers.get('Content-Type'), /^text\/html/);
    assert.match(await page.text(), /^<html>/);
  });

  fact('Large headers, a whole URI and a strange path are refused', async (bot, emulator) => {
    const { port } = emulator;
    const request = (target, header) =>
      `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${header}\r\n\r\n`;
    const path = `/bot${token}/getMe`;
    assert.match(await sayRaw(port, request(path, 'x'.repeat(60 << 10))), /^HTTP\/1\.1 200 /);
    for (const kib of [66, 130, 300]) {
      const answer = await sayRaw(port, request(path, 'x'.repeat(kib << 10)));
      assert.match(answer, /^HTTP\/1\.1 431 /, `${kib} KiB`);
    }
    const chunked = `POST ${path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const trailer = `0\r\nX: ${'x'.repeat(70 << 10)}\r\n\r\n`;
    assert.match(await sayRaw(port, chunked + trailer), /^HTTP\/1\.1 400 /);
    const whole = request(`http://127.0.0.1:${port}${path}`, 'x');
    assert.match(await sayRaw(port, whole), /^HTTP\/1\.1 404 /);
    assert.match(await sayRaw(port, request('/getMe', 'x')), /^HTTP\/1\.1 404 /);
  });
});

describe('Webhook', { concurrency: true }, () => {
  fact('An answer that nobody can read is a failure', async (bot, emulator) => {
    const answers = [70, 300].map((kib) => `0\r\nX: ${'x'.repeat(kib << 10)}\r\n\r\n`);
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => {
        const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
        socket.end(head + (answers.shift() ?? '0\r\n\r\n'));
      });
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      await bot.result('setWebhook', { url: `http://127.0.0.1:${server.address().port}/hook` });
      await emulator.send(botId, anna.id, 'one');
      await until('two failures', () => answers.length === 0);
      assert.equal((await emulator.updates(botId)).pending, 1);
      await emulator.call('clock', { advance_s: 10 });
      await until('success', async () => (await emulator.updates(botId)).pending === 0);
      assert.ok((await bot.result('getWebhookInfo')).last_error_message);
    } finally {
      server.close();
    }
  });
});

describe('Bots and people', { concurrency: true }, () => {
  fact('getMe tells all that the server tells', async (bot) => {
    const abilities = [
      'can_read_all_group_messages',
      'supports_inline_queries',
      'supports_guest_queries',
      'can_connect_to_business',
      'has_main_web_app',
      'has_topics_enabled',
      'allows_users_to_create_topics',
      'can_manage_bots',
      'supports_join_request_queries',
    ];
    const { text } = await bot.call('getMe');
    assert.equal(
      text,
      `{"ok":true,"result":${botJson.slice(0, -1)},"can_join_groups":true,` +
        `${abilities.map((name) => `"${name}":false`).join(',')}}}`,
    );
  });

  fact('Commands are 100 at most, their names 32, their descriptions 256', async (bot) => {
    const set = (commands) => bot.call('setMyCommands', { commands });
    const command = (name = 'a', description = 'x') => ({ command: name, description });
    const many = (count) => Array.from({ length: count }, (_, i) => command(`a${i}`));
    for (const good of [
      many(100),
      [command('a'.repeat(32))],
      [command('a', 'Ж'.repeat(256))],
      [command('a_1')],
    ]) {
      assert.ok((await set(good)).ok, JSON.stringify(good));
      assert.deepEqual(await bot.result('getMyCommands'), good);
    }
    for (const bad of [
      many(101),
      [command('a'.repeat(33))],
      [command('')],
      [command('Start')],
      [command('a', 'Ж'.repeat(257))],
      [command('a', '')],
    ]) {
      assert.equal((await set(bad)).status, 400, JSON.stringify(bad));
    }
    await bot.result('setMyCommands', { commands: [] });
    assert.deepEqual(await bot.result('getMyCommands'), []);
  });

  fact('A first name may be empty, the other names are left out', async (bot, emulator) => {
    await emulator.person({ id: 7, first_name: '' });
    await emulator.send(botId, 7, 'hi');
    const [{ message }] = await bot.result('getUpdates');
    assert.deepEqual(message.from, { id: 7, is_bot: false, first_name: '' });
    assert.deepEqual(message.chat, { id: 7, first_name: '', type: 'private' });
  });

  fact('Marks of direction and joiners in a name stay', async (bot, emulator) => {
    const name = '\u200Fשלום \u2066👩‍🚀\u2069';
    await emulator.person({ id: 8, first_name: name });
    await emulator.send(botId, 8, 'hi');
    const [{ message }] = await bot.result('getUpdates');
    assert.equal(message.from.first_name, name);
  });
});
