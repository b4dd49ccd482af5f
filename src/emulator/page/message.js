// One message as nodes: its text with entities, its document, its buttons. `chat` is whose chat it
// is in: {bot, person}.
import { send, tap } from './api.js';
import { element, icon, iconButton } from './dom.js';
import { openMenu } from './menu.js';
import { nameOf } from './state.js';
import { language, t } from './texts.js';

const dotsPath = 'M6 12h.01M12 12h.01M18 12h.01';

export function serviceNode(chat, message) {
  const what = t.pinnedBy(nameOf(message.from ?? message.chat), summary(message.pinned_message));
  return withMenu(element('div', { className: 'service' }, what), chat, message);
}

export function bubbleNode(chat, message) {
  const mine = String(message.from?.id) === chat.person;
  const words = message.text ?? message.caption;
  const bubble = element(
    'div',
    { className: 'bubble' },
    message.forward_origin
      ? element('div', { className: 'forwarded' }, t.forwarded(originOf(message.forward_origin)))
      : null,
    message.document ? documentNode(chat, message) : null,
    words === undefined
      ? null
      : element(
          'span',
          { className: 'text', dir: 'auto' },
          ...styled(chat, words, message.entities ?? message.caption_entities ?? []),
        ),
    words === undefined && !message.document
      ? element('em', { className: 'faint' }, t.unknown)
      : null,
    metaNode(message),
  );
  const node = element('div', { className: mine ? 'message mine' : 'message' });
  const more = iconButton(dotsPath, t.actions, () => openMenu(node, chat, message), 'more');
  more.tabIndex = -1; // the message itself opens its menu by keyboard
  node.append(element('div', { className: 'line' }, bubble, more));
  const keys = inlineKeyboard(chat, message);
  if (keys) node.append(keys);
  return withMenu(node, chat, message);
}

function metaNode(message) {
  const time = new Date(message.date * 1000).toLocaleTimeString(language, {
    hour: '2-digit',
    minute: '2-digit',
  });
  return element('span', { className: 'meta' }, message.edit_date ? `${t.edited} ${time}` : time);
}

/// Enter, the context menu key, the right button and a finger open the menu of a message.
function withMenu(node, chat, message) {
  node.tabIndex = -1;
  node.dataset.item = '';
  node.addEventListener('contextmenu', (event) => {
    if (event.target.closest('a, button')) return;
    event.preventDefault();
    openMenu(node, chat, message);
  });
  node.addEventListener('click', (event) => {
    if (event.pointerType !== 'touch' || event.target.closest('a, button')) return;
    openMenu(node, chat, message);
  });
  node.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.target !== node) return;
    event.preventDefault();
    openMenu(node, chat, message);
  });
  return node;
}

const originOf = (origin) =>
  nameOf(
    origin.sender_user ??
      origin.sender_chat ??
      origin.chat ?? { id: origin.sender_user_name ?? '' },
  );

function documentNode(chat, message) {
  const { file_name: fileName = 'file', file_size: size } = message.document;
  const path = `emulator/chats/${chat.person}/messages/${message.message_id}/document`;
  const where = `${path}?bot_id=${chat.bot}`;
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

export const summary = (message) =>
  message.text ?? [message.document?.file_name, message.caption].filter(Boolean).join(' · ');

function inlineKeyboard(chat, message) {
  const rows = message.reply_markup?.inline_keyboard;
  if (!rows) return null;
  return element(
    'div',
    { className: 'inline' },
    ...rows.map((row) =>
      element('div', { className: 'row' }, ...row.map((key) => inlineKey(chat, message, key))),
    ),
  );
}

function inlineKey(chat, message, key) {
  if (/^(https?|tg):/.test(key.url ?? '')) {
    return element('a', { href: key.url, target: '_blank', rel: 'noopener noreferrer' }, key.text);
  }
  const button = element(
    'button',
    { type: 'button', disabled: key.callback_data === undefined },
    key.text,
  );
  button.addEventListener('click', () => tap(chat, message.message_id, key.callback_data));
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
function styled(chat, text, entities) {
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
      .reduce(
        (inner, entity) => wrapped(chat, inner, piece, entity),
        document.createTextNode(piece),
      );
  });
}

function wrapped(chat, inner, piece, { type, url }) {
  const target = type === 'text_link' ? url : type === 'url' ? piece : '';
  if (/^https?:\/\//.test(target))
    return element('a', { href: target, target: '_blank', rel: 'noopener noreferrer' }, inner);
  if (type === 'bot_command') {
    const link = element('a', { href: location.hash }, inner);
    link.addEventListener('click', (event) => {
      event.preventDefault();
      send(chat, piece);
    });
    return link;
  }
  return styleTags[type] ? element(styleTags[type], {}, inner) : inner;
}
