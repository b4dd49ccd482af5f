// The open chats, side by side: one on a phone, up to three where there is room.
import { Chat } from './chat.js';
import { $, settle } from './dom.js';
import { watchChats } from './events.js';
import { address, mostColumns, state } from './state.js';

const narrowestColumn_px = 300;
const phone = matchMedia('(max-width: 720px)');

const chats = new Map(); // person -> Chat

export const roomForColumns = () =>
  phone.matches
    ? 1
    : Math.max(1, Math.min(mostColumns, Math.floor($('chats').clientWidth / narrowestColumn_px)));

/// Opens and closes chats until they are those of state.persons. `find` answers whom an id names.
export function showColumns(bot, find) {
  for (const [person, chat] of chats) {
    if (chat.bot !== state.bot || !state.persons.includes(person)) chats.delete(person);
  }
  let opened = null;
  for (const person of state.persons) {
    if (!chats.has(person)) {
      opened = new Chat(state.bot, person);
      chats.set(person, opened);
      listen(opened);
    }
    chats.get(person).entitle(bot, find(person));
  }
  if (opened) state.active = opened.person;
  if (!state.persons.includes(state.active)) state.active = state.persons.at(-1) ?? null;
  arrange();
  if (opened && matchMedia('(pointer: fine)').matches) opened.focus();
}

/// Where there is no room for all, the one that was used last stays.
export function arrange() {
  const room = roomForColumns();
  const last = Math.max(room, state.persons.indexOf(state.active) + 1);
  const visible = state.persons.slice(last - room, last).map((person) => chats.get(person));
  settle(
    $('chats'),
    visible.map(({ node }) => node),
  );
  $('chats').dataset.columns = visible.length;
  for (const chat of visible) chat.setAlone(visible.length === 1);
  markActive();
  watchChats(visible);
  for (const chat of visible) if (chat.version === null) chat.read();
}

function markActive() {
  for (const [person, chat] of chats) chat.node.classList.toggle('active', person === state.active);
}

export function activate(person) {
  state.active = person;
  if (chats.get(person)?.node.isConnected) markActive();
  else arrange();
}

export const focusColumn = (person) => chats.get(person)?.focus();

function listen(chat) {
  chat.node.addEventListener('focusin', () => activate(chat.person));
  chat.node.addEventListener('pointerdown', () => activate(chat.person));
  chat.node.querySelector('[data-part=close]').addEventListener('click', () => {
    location.hash = address(
      state.bot,
      state.persons.filter((person) => person !== chat.person),
    );
  });
}

/// The emulator tells which chats have changed, and how they count now.
export function readChanged(changed) {
  for (const { bot_id: bot, chat_id: person, version } of changed) {
    const chat = chats.get(String(person));
    if (chat && chat.bot === String(bot) && chat.version !== version) chat.read();
  }
}
