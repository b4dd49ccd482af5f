// The chat page of the local Telegram: one person's private chat with one bot.
// The address says which (#bot=ID&person=ID), so a reload, a bookmark and the back button work.
// The chat is followed by a long poll, which answers all of it whenever anything in it changed.

const texts = {
  en: {
    title: 'Local Telegram',
    subtitle: 'nothing leaves this machine',
    people: 'People',
    newPerson: 'New person',
    bot: 'Bot',
    find: 'Find a person',
    noPeople: 'Nobody is here yet. Create a person to write to the bot.',
    noBot: 'No bot is connected yet. Start one with',
    back: 'Back to the people',
    pinned: 'Pinned message',
    messages: 'Messages',
    keyboard: 'Bot keyboard',
    message: 'Message',
    send: 'Send',
    start: 'Start',
    choose: 'Choose a person on the left to open the chat with the bot.',
    name: 'Name',
    id: 'Id (any free one if empty)',
    language: 'Language',
    unknownLanguage: 'not known',
    cancel: 'Cancel',
    create: 'Create',
    fresh: 'No messages yet. Start opens the chat with the bot.',
    edited: 'edited',
    offline: 'No connection to the emulator; trying again…',
    pinnedBy: (name, what) => `${name} pinned “${what}”`,
    forwarded: (name) => `Forwarded from ${name}`,
    earlier: 'Show earlier messages',
    writingAs: (name) => `as ${name}`,
    unknown: 'A message this page cannot show',
    more: (count) => `and ${count} more: open them by their address, #person=ID`,
    units: ['B', 'kB', 'MB', 'GB'],
    download: 'Download',
  },
  ru: {
    title: 'Локальный Telegram',
    subtitle: 'ничего не покидает эту машину',
    people: 'Люди',
    newPerson: 'Новый человек',
    bot: 'Бот',
    find: 'Найти человека',
    noPeople: 'Здесь пока никого нет. Создайте человека, чтобы написать боту.',
    noBot: 'Бот ещё не подключён. Запустите его с',
    back: 'Назад к людям',
    pinned: 'Закреплённое сообщение',
    messages: 'Сообщения',
    keyboard: 'Клавиатура бота',
    message: 'Сообщение',
    send: 'Отправить',
    start: 'Начать',
    choose: 'Выберите человека слева, чтобы открыть чат с ботом.',
    name: 'Имя',
    id: 'Номер (если пусто, любой свободный)',
    language: 'Язык',
    unknownLanguage: 'неизвестен',
    cancel: 'Отмена',
    create: 'Создать',
    fresh: 'Сообщений пока нет. «Начать» откроет чат с ботом.',
    edited: 'изменено',
    offline: 'Нет связи с эмулятором; пробуем снова…',
    pinnedBy: (name, what) => `${name}: закреплено «${what}»`,
    forwarded: (name) => `Переслано от ${name}`,
    earlier: 'Показать более ранние сообщения',
    writingAs: (name) => `от имени ${name}`,
    unknown: 'Эту запись страница показать не умеет',
    more: (count) => `и ещё ${count}: открываются по адресу #person=НОМЕР`,
    units: ['Б', 'КБ', 'МБ', 'ГБ'],
    download: 'Скачать',
  },
};
const language = navigator.language.toLowerCase().startsWith('ru') ? 'ru' : 'en';
const t = texts[language];
const pageOfMessages = 200;
const mostMessages = 1000; // what the emulator hands out at once
const mostPeople = 1000;
const $ = (id) => document.getElementById(id);

const state = {
  bots: [],
  people: [],
  totalPeople: 0, // as the emulator listed them
  bot: null,
  person: null, // ids as text; null while nobody is chosen
  chat: null,
  limit: pageOfMessages,
  keysWanted: true,
  callbackSeen: null,
  atEnd: true,
};

/// Makes an element; strings among the children become text nodes: what a bot sends is never markup.
function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children.filter((child) => child !== null));
  return made;
}

function icon(path) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  const shape = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  shape.setAttribute('d', path);
  svg.append(shape);
  return svg;
}

// ---- The control API ---------------------------------------------------------------------------

async function call(path, { body, signal } = {}) {
  const request =
    body === undefined
      ? { signal }
      : {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify(body),
          signal,
        };
  const response = await fetch(`emulator/${path}`, request);
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error ?? `${response.status} ${response.statusText}`);
  return answer;
}

/// Runs something the person asked for; a failure is told, not thrown. Answers whether it succeeded.
async function attempt(action) {
  try {
    await action();
    return true;
  } catch (error) {
    toast(error.message);
    return false;
  }
}

let toastTimer = 0;
function toast(message) {
  $('toast').textContent = message;
  $('toast').hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => {
    $('toast').hidden = true;
  }, 5000);
}

const send = (text) =>
  attempt(() =>
    call('send', { body: { bot_id: Number(state.bot), from: Number(state.person), text } }),
  );

const tap = (message, data) =>
  attempt(async () => {
    await call('tap', {
      body: { bot_id: Number(state.bot), from: Number(state.person), message_id: message, data },
    });
  });

// ---- People and bots ---------------------------------------------------------------------------

const nameOf = (party) =>
  [party.first_name, party.last_name].filter(Boolean).join(' ').trim() || String(party.id);
const address = (bot, person) => `#bot=${bot}${person ? `&person=${person}` : ''}`;

function avatar(party, place = element('span', { className: 'avatar' })) {
  place.textContent =
    [...nameOf(party)].find((sign) => /[\p{L}\p{N}]/u.test(sign))?.toUpperCase() ?? '•';
  place.dataset.tint = Number(party.id) % 7;
  place.setAttribute('aria-hidden', 'true');
  return place;
}

async function refreshDirectory() {
  const [{ bots }, { people, total }] = await Promise.all([
    call('bots'),
    call(`people?limit=${mostPeople}`),
  ]);
  const changed = JSON.stringify([bots, people]) !== JSON.stringify([state.bots, state.people]);
  Object.assign(state, { bots, people, totalPeople: total });
  if (changed) route();
}

function showDirectory() {
  $('bot-field').hidden = state.bots.length < 2;
  $('bot').replaceChildren(
    ...state.bots.map((bot) =>
      element(
        'option',
        { value: bot.id, selected: String(bot.id) === state.bot },
        `${nameOf(bot)} @${bot.username}`,
      ),
    ),
  );
  $('no-bot').hidden = state.bots.length > 0;
  $('no-people').hidden = state.bots.length === 0 || state.people.length > 0;
  $('filter').hidden = state.people.length <= 8;
  showPeople();
}

function showPeople() {
  const wanted = $('filter').hidden ? '' : $('filter').value.trim().toLowerCase();
  const found = state.people.filter(
    (person) =>
      wanted === '' ||
      `${nameOf(person)} ${person.username ?? ''} ${person.id}`.toLowerCase().includes(wanted),
  );
  const items = found.map((person) => {
    const link = element(
      'a',
      { href: address(state.bot ?? '', person.id) },
      avatar(person),
      element(
        'span',
        { className: 'who' },
        element('b', {}, nameOf(person)),
        element('span', { className: 'faint' }, String(person.id)),
      ),
    );
    if (String(person.id) === state.person) link.setAttribute('aria-current', 'page');
    return element('li', {}, link);
  });
  const unlisted = state.totalPeople - state.people.length;
  if (unlisted > 0) items.push(element('li', { className: 'hint' }, t.more(unlisted)));
  $('people').replaceChildren(...items);
}

async function createPerson(event) {
  event.preventDefault();
  const person = { first_name: $('person-name').value.trim() };
  if ($('person-id').value !== '') person.id = Number($('person-id').value);
  if ($('person-language').value !== '') person.language_code = $('person-language').value;
  try {
    const made = await call('people', { body: person });
    await refreshDirectory();
    $('person-dialog').close();
    location.hash = address(state.bot, made.id);
  } catch (error) {
    $('person-error').textContent = error.message;
  }
}

// ---- Following one chat ------------------------------------------------------------------------

let following = new AbortController();

async function follow(bot, person) {
  following.abort();
  const { signal } = (following = new AbortController());
  let version = null;
  let failures = 0;
  while (!signal.aborted) {
    const wait = version === null ? '' : `&after=${version}&wait_s=25`;
    try {
      const chat = await call(
        `chats/${person}/messages?bot_id=${bot}&limit=${state.limit}${wait}`,
        { signal },
      );
      failures = 0;
      $('offline').hidden = true;
      if (chat.version !== version) showChat(chat);
      version = chat.version;
    } catch {
      if (signal.aborted) return;
      failures += 1;
      $('offline').hidden = false;
      // An emulator that was started again counts its versions anew: ask for everything.
      version = null;
      await pause(Math.min(1000 * failures, 5000));
    }
  }
}

const pause = (milliseconds) =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });

function showChat(chat) {
  const answer = chat.callback_answer;
  if (state.chat && answer && answer.callback_query_id !== state.callbackSeen) toast(answer.text);
  Object.assign(state, { chat, callbackSeen: answer?.callback_query_id ?? null });
  showPin();
  showKeys();
  showMessages();
}

// ---- Messages ----------------------------------------------------------------------------------

// Message id -> {source, node}; a node is made anew only when its source changed.
const shownMessages = new Map();

function showMessages() {
  const log = $('log');
  const all = state.chat.messages;
  const firstSight = shownMessages.size === 0;
  const nodes = all.length === 0 ? [element('p', { className: 'service' }, t.fresh)] : [];
  if (all.length === state.limit && all.length < mostMessages) nodes.push(earlierButton());
  let day = '';
  for (const message of all) {
    const date = new Date(message.date * 1000).toLocaleDateString(language, {
      day: 'numeric',
      month: 'long',
    });
    if (date !== day) nodes.push(element('div', { className: 'day' }, date));
    day = date;
    nodes.push(messageNode(message, firstSight));
  }
  const present = new Set(all.map((message) => message.message_id));
  for (const id of shownMessages.keys()) if (!present.has(id)) shownMessages.delete(id);
  settle(log, nodes);
  keepEnd();
}

/// A new message or an opening keyboard keeps the end in sight, unless the reader scrolled away.
function keepEnd() {
  if (state.atEnd) $('log').scrollTop = $('log').scrollHeight;
}

/// Puts the nodes in place, touching only what moved: focus and text selection survive a poll.
function settle(parent, nodes) {
  nodes.forEach((node, position) => {
    const there = parent.childNodes[position];
    if (there === node) return;
    if (there && !nodes.includes(there)) there.replaceWith(node);
    else parent.insertBefore(node, there ?? null);
  });
  while (parent.childNodes.length > nodes.length) parent.lastChild.remove();
}

function earlierButton() {
  const button = element('button', { id: 'earlier', type: 'button' }, t.earlier);
  button.addEventListener('click', () => {
    state.limit = mostMessages;
    follow(state.bot, state.person);
  });
  return button;
}

function messageNode(message, firstSight) {
  const source = JSON.stringify(message);
  const known = shownMessages.get(message.message_id);
  if (known?.source === source) return known.node;
  const node = message.pinned_message ? serviceNode(message) : bubbleNode(message);
  node.dataset.id = message.message_id;
  if (known && !firstSight && message.edit_date) node.classList.add('changed');
  shownMessages.set(message.message_id, { source, node });
  return node;
}

const serviceNode = (message) =>
  element(
    'div',
    { className: 'service' },
    t.pinnedBy(nameOf(message.from ?? message.chat), summary(message.pinned_message)),
  );

function bubbleNode(message) {
  const mine = String(message.from?.id) === state.person;
  const time = new Date(message.date * 1000).toLocaleTimeString(language, {
    hour: '2-digit',
    minute: '2-digit',
  });
  const words = message.text ?? message.caption;
  const bubble = element(
    'div',
    { className: 'bubble' },
    message.forward_origin
      ? element('div', { className: 'forwarded' }, t.forwarded(originOf(message.forward_origin)))
      : null,
    message.document ? documentNode(message) : null,
    words === undefined
      ? null
      : element(
          'span',
          { className: 'text', dir: 'auto' },
          ...styled(words, message.entities ?? message.caption_entities ?? []),
        ),
    words === undefined && !message.document
      ? element('em', { className: 'faint' }, t.unknown)
      : null,
    element('span', { className: 'meta' }, message.edit_date ? `${t.edited} ${time}` : time),
  );
  return element(
    'div',
    { className: mine ? 'message mine' : 'message' },
    bubble,
    inlineKeyboard(message),
  );
}

const originOf = (origin) =>
  nameOf(
    origin.sender_user ??
      origin.sender_chat ??
      origin.chat ?? { id: origin.sender_user_name ?? '' },
  );

function documentNode(message) {
  const { file_name: fileName = 'file', file_size: size } = message.document;
  const path = `emulator/chats/${state.person}/messages/${message.message_id}/document`;
  const where = `${path}?bot_id=${state.bot}`;
  return element(
    'a',
    { className: 'document', href: where, download: fileName, title: t.download },
    element('span', { className: 'icon' }, icon('M12 4v11M7 11l5 5 5-5M5 20h14')),
    element(
      'span',
      {},
      element('b', {}, fileName),
      element('span', { className: 'faint' }, sizeText(size ?? 0)),
    ),
  );
}

/// A size in the reader's own units, three digits: "18.3 kB".
function sizeText(bytes) {
  let unit = 0;
  let value = bytes;
  for (; value >= 1000 && unit < t.units.length - 1; value /= 1000) unit += 1;
  return `${value.toLocaleString(language, { maximumSignificantDigits: 3 })} ${t.units[unit]}`;
}

const summary = (message) =>
  message.text ?? [message.document?.file_name, message.caption].filter(Boolean).join(' · ');

function inlineKeyboard(message) {
  const rows = message.reply_markup?.inline_keyboard;
  if (!rows) return null;
  return element(
    'div',
    { className: 'inline' },
    ...rows.map((row) =>
      element('div', { className: 'row' }, ...row.map((key) => inlineKey(message, key))),
    ),
  );
}

function inlineKey(message, key) {
  if (/^(https?|tg):/.test(key.url ?? '')) {
    return element('a', { href: key.url, target: '_blank', rel: 'noopener noreferrer' }, key.text);
  }
  const button = element(
    'button',
    { type: 'button', disabled: key.callback_data === undefined },
    key.text,
  );
  button.addEventListener('click', () => tap(message.message_id, key.callback_data));
  return button;
}

const styleTags = {
  bold: 'b',
  italic: 'i',
  underline: 'u',
  strikethrough: 's',
  code: 'code',
  pre: 'pre',
  blockquote: 'q',
};

/// Text with entities as nodes: cut at every border, wrap every piece. Offsets are UTF-16 units,
/// as in JavaScript.
function styled(text, entities) {
  const borders = [
    ...new Set([
      0,
      text.length,
      ...entities.flatMap(({ offset, length }) => [offset, offset + length]),
    ]),
  ]
    .filter((border) => border >= 0 && border <= text.length)
    .sort((a, b) => a - b);
  return borders.slice(1).map((end, index) => {
    const begin = borders[index];
    const piece = text.slice(begin, end);
    return entities
      .filter(({ offset, length }) => offset <= begin && offset + length >= end)
      .reduce((inner, entity) => wrapped(inner, piece, entity), document.createTextNode(piece));
  });
}

function wrapped(inner, piece, { type, url }) {
  const target = type === 'text_link' ? url : type === 'url' ? piece : '';
  if (/^https?:\/\//.test(target))
    return element('a', { href: target, target: '_blank', rel: 'noopener noreferrer' }, inner);
  if (type === 'bot_command') {
    const link = element('a', { href: location.hash }, inner);
    link.addEventListener('click', (event) => {
      event.preventDefault();
      send(piece);
    });
    return link;
  }
  return styleTags[type] ? element(styleTags[type], {}, inner) : inner;
}

function showPin() {
  const pinned = state.chat.pinned_message;
  $('pin').hidden = !pinned;
  if (!pinned) return;
  $('pin-text').textContent = summary(pinned);
  $('pin').onclick = () => {
    const node = shownMessages.get(pinned.message_id)?.node;
    node?.scrollIntoView({ block: 'center' });
    node?.classList.remove('changed');
    requestAnimationFrame(() => node?.classList.add('changed'));
  };
}

// ---- Writing -----------------------------------------------------------------------------------

function showKeys() {
  const markup = state.chat.reply_keyboard;
  // As in Telegram, Start is offered until the person has written.
  const fresh =
    !markup && !state.chat.messages.some((message) => String(message.from?.id) === state.person);
  const rows = fresh
    ? [[{ text: t.start, sends: '/start', accent: true }]]
    : (markup?.keyboard ?? []);
  $('keys-toggle').hidden = rows.length === 0 || fresh;
  $('keys-toggle').setAttribute('aria-pressed', String(state.keysWanted));
  $('keys').hidden = rows.length === 0 || !(state.keysWanted || fresh);
  $('text').placeholder = markup?.input_field_placeholder || t.message;
  const source = JSON.stringify(rows);
  if ($('keys').dataset.source === source) return;
  $('keys').dataset.source = source;
  $('keys').replaceChildren(
    ...rows.map((row) =>
      element(
        'div',
        { className: 'row' },
        ...row.map((key) => {
          const { text, sends, accent } = typeof key === 'string' ? { text: key } : key;
          const button = element(
            'button',
            { type: 'button', className: accent ? 'accent' : '' },
            text,
          );
          button.addEventListener('click', () => {
            if (markup?.one_time_keyboard) state.keysWanted = false;
            send(sends ?? text);
          });
          return button;
        }),
      ),
    ),
  );
}

function allowSend() {
  $('send').disabled = $('text').value.trim() === '';
}

async function submitText() {
  const text = $('text').value.trim();
  if (text === '') return;
  $('text').value = '';
  allowSend();
  // What could not be sent comes back, unless something new was typed meanwhile.
  if (!(await send(text)) && $('text').value === '') $('text').value = text;
  allowSend();
}

// ---- The address -------------------------------------------------------------------------------

function route() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  const bot = state.bots.find(({ id }) => String(id) === wanted.get('bot')) ?? state.bots[0];
  const person =
    bot &&
    (state.people.find(({ id }) => String(id) === wanted.get('person')) ??
      unlisted(wanted.get('person')));
  const moved =
    String(bot?.id ?? '') !== (state.bot ?? '') ||
    String(person?.id ?? '') !== (state.person ?? '');
  state.bot = bot ? String(bot.id) : null;
  state.person = person ? String(person.id) : null;
  document.body.dataset.view = person ? 'chat' : 'people';
  showDirectory();
  if (!person) return following.abort();
  remember();
  avatar(bot, $('bot-avatar'));
  $('bot-name').textContent = nameOf(bot);
  $('bot-line').textContent = `@${bot.username}`;
  $('as-person').textContent = nameOf(person);
  $('as-person').title = t.writingAs(nameOf(person));
  $('back').href = address(bot.id);
  if (moved) openChat();
}

/// A person beyond the listed ones can still be opened by the address.
function unlisted(id) {
  return state.totalPeople > state.people.length && /^[1-9]\d{0,15}$/.test(id ?? '')
    ? { id: Number(id) }
    : undefined;
}

function openChat() {
  shownMessages.clear();
  $('log').replaceChildren();
  $('pin').hidden = $('keys').hidden = $('keys-toggle').hidden = true;
  Object.assign(state, { chat: null, limit: pageOfMessages, keysWanted: true, atEnd: true });
  follow(state.bot, state.person);
  if (matchMedia('(pointer: fine)').matches) $('text').focus();
}

// A browser may refuse storage to a page; the address alone is enough then.
const storageKey = 'telekv.chat';
function remember() {
  try {
    localStorage.setItem(storageKey, address(state.bot, state.person));
  } catch {
    /* see above */
  }
}
function remembered() {
  try {
    return localStorage.getItem(storageKey) ?? '';
  } catch {
    return '';
  }
}

// ---- Start -------------------------------------------------------------------------------------

function translate() {
  document.documentElement.lang = language;
  document.title = `telekv · ${t.title}`;
  for (const node of document.querySelectorAll('[data-t]')) node.textContent = t[node.dataset.t];
  for (const node of document.querySelectorAll('[data-t-label]'))
    node.setAttribute('aria-label', t[node.dataset.tLabel]);
  for (const node of document.querySelectorAll('[data-t-hint]'))
    node.placeholder = t[node.dataset.tHint];
  $('offline').textContent = t.offline;
  $('no-bot').replaceChildren(t.noBot, element('code', {}, `API_ROOT=${location.origin}`));
}

function listen() {
  addEventListener('hashchange', route);
  addEventListener('focus', () => {
    refreshDirectory().catch(() => {});
  });
  $('bot').addEventListener('change', () => {
    location.hash = address($('bot').value, state.person);
  });
  $('filter').addEventListener('input', showPeople);
  $('composer').addEventListener('submit', (event) => {
    event.preventDefault();
    submitText();
  });
  $('text').addEventListener('input', allowSend);
  $('text').addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submitText();
  });
  $('keys-toggle').addEventListener('click', () => {
    state.keysWanted = !state.keysWanted;
    showKeys();
  });
  $('log').addEventListener('scroll', () => {
    const { scrollHeight, scrollTop, clientHeight } = $('log');
    state.atEnd = scrollHeight - scrollTop - clientHeight < 60;
  });
  new ResizeObserver(keepEnd).observe($('log'));
  $('people').addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const links = [...$('people').querySelectorAll('a')];
    const next = links[links.indexOf(document.activeElement) + step];
    if (!step || !next) return;
    event.preventDefault();
    next.focus();
  });
  $('new-person').addEventListener('click', () => {
    $('person-form').reset();
    $('person-error').textContent = '';
    $('person-language').value = language;
    $('person-dialog').showModal();
  });
  $('person-cancel').addEventListener('click', () => $('person-dialog').close());
  $('person-form').addEventListener('submit', createPerson);
}

async function begin() {
  translate();
  listen();
  allowSend();
  if (location.hash === '' && remembered() !== '') history.replaceState(null, '', remembered());
  // People and bots also appear from outside (a script, a program that was just started).
  for (;;) {
    await refreshDirectory().then(
      () => {
        if (!state.person) $('offline').hidden = true;
      },
      () => {
        $('offline').hidden = false;
      },
    );
    showDirectory();
    await pause(state.bots.length === 0 ? 1000 : 10000);
  }
}

begin();
