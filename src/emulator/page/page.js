// The chat page of the local Telegram: one person's private chat with one bot.
// The address says which (#bot=ID&person=ID), so a reload, a bookmark and the back button work.
import { send } from './api.js';
import { keepEnd, openChat, pause, showKeys, stopFollowing } from './chat.js';
import { $, element } from './dom.js';
import { avatar, createPerson, refreshDirectory, showDirectory, showPeople } from './people.js';
import { address, nameOf, state } from './state.js';
import { language, t } from './texts.js';

// ---- Writing -----------------------------------------------------------------------------------

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
  if (!person) return stopFollowing();
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
    refresh().catch(() => {});
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
  $('person-form').addEventListener('submit', (event) => createPerson(event).then(route));
}

async function refresh() {
  if (await refreshDirectory()) route();
}

async function begin() {
  translate();
  listen();
  allowSend();
  if (location.hash === '' && remembered() !== '') history.replaceState(null, '', remembered());
  // People and bots also appear from outside (a script, a program that was just started).
  for (;;) {
    await refresh().then(
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
