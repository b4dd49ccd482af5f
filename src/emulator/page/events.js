// The WebSocket on which the emulator tells the page what has changed. It is opened again for as
// long as the page is open, with growing pauses.
import { $ } from './dom.js';

const firstPause_ms = 500;
const longestPause_ms = 15_000;

let socket = null;
let failures = 0;
let timer = 0;
let watched = [];
let handlers = { opened: () => {}, news: () => {} };

function sayWatched() {
  if (socket?.readyState !== WebSocket.OPEN) return;
  socket.send(
    JSON.stringify({
      watch: watched.map(({ bot, person }) => ({ bot_id: Number(bot), chat_id: Number(person) })),
    }),
  );
}

/// Names all chats that are on the screen, as {bot, person}.
export function watchChats(chats) {
  watched = chats;
  sayWatched();
}

function open() {
  clearTimeout(timer);
  const url = new URL('emulator/events', location.href);
  url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  url.hash = '';
  socket = new WebSocket(url);
  socket.addEventListener('open', () => {
    failures = 0;
    $('offline').hidden = true;
    sayWatched();
    handlers.opened();
  });
  socket.addEventListener('message', ({ data }) => handlers.news(JSON.parse(data)));
  socket.addEventListener('close', () => {
    $('offline').hidden = false;
    const pause = Math.min(firstPause_ms * 2 ** failures, longestPause_ms);
    failures += 1;
    // Many pages of one emulator do not come back at the same moment.
    timer = setTimeout(open, pause * (0.5 + Math.random() / 2));
  });
}

/// `opened` is called for every new connection, `news` with what the emulator tells.
export function connect({ opened, news }) {
  handlers = { opened, news };
  open();
  // A reader who comes back to the page does not wait for the end of a pause.
  addEventListener('focus', () => {
    if (socket.readyState === WebSocket.CLOSED) open();
  });
}
