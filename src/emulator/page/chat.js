// One chat on the screen, followed by a long poll, which answers all of it whenever anything in it
// changed.
import { call, send } from './api.js';
import { $, element, toast } from './dom.js';
import { bubbleNode, serviceNode, summary } from './message.js';
import { pageOfMessages, state } from './state.js';
import { language, t } from './texts.js';

const mostMessages = 1000; // what the emulator hands out at once

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

export const stopFollowing = () => following.abort();

export const pause = (milliseconds) =>
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
export function keepEnd() {
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

export function showKeys() {
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

export function openChat() {
  shownMessages.clear();
  $('log').replaceChildren();
  $('pin').hidden = $('keys').hidden = $('keys-toggle').hidden = true;
  Object.assign(state, { chat: null, limit: pageOfMessages, keysWanted: true, atEnd: true });
  follow(state.bot, state.person);
  if (matchMedia('(pointer: fine)').matches) $('text').focus();
}
