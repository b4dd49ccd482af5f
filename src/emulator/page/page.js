// The chat page of the local Telegram: private chats of people with one bot.
// The address says which (#bot=ID&person=ID&person=ID), so a reload, a bookmark and the back button
// work.
import { arrange, readChanged, showColumns } from './columns.js';
import { $, element, toast } from './dom.js';
import { connect } from './events.js';
import { fillFaultForm, listenToFaults, refreshFaults, showFaultCount } from './faults.js';
import { listenToMenu } from './menu.js';
import { listenToPeople, refreshDirectory, showDirectory, showPeople } from './people.js';
import { keepSetting, setting } from './settings.js';
import { address, mostColumns, state } from './state.js';
import { language, t, translate } from './texts.js';

// ---- The address -------------------------------------------------------------------------------

/// A person beyond the listed ones can still be opened by the address.
function findPerson(id) {
  return (
    state.people.find((person) => String(person.id) === id) ??
    (state.totalPeople > state.people.length && /^[1-9]\d{0,15}$/.test(id)
      ? { id: Number(id) }
      : undefined)
  );
}

function route() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  const bot = state.bots.find(({ id }) => String(id) === wanted.get('bot')) ?? state.bots[0];
  const persons = bot ? [...new Set(wanted.getAll('person'))].filter(findPerson) : [];
  state.bot = bot ? String(bot.id) : null;
  state.persons = persons.slice(0, mostColumns);
  document.body.dataset.view = persons.length > 0 ? 'chat' : 'people';
  showColumns(bot, findPerson);
  showDirectory();
  showFaultCount();
  if (persons.length > 0) keepSetting('chat', address(state.bot, state.persons));
  for (const link of document.querySelectorAll('.back')) link.href = address(state.bot);
}

// ---- What the emulator tells -------------------------------------------------------------------

async function refresh() {
  await refreshDirectory();
  route();
}

const orSayWhy = (work) => work.catch((error) => toast(error.message));

function opened() {
  orSayWhy(refresh());
  orSayWhy(refreshFaults());
}

function news({ chats, people, faults }) {
  readChanged(chats);
  if (people) orSayWhy(refresh());
  if (faults) orSayWhy(refreshFaults());
}

// ---- Start -------------------------------------------------------------------------------------

function fillTexts() {
  document.documentElement.lang = language;
  document.title = `telekv · ${t.title}`;
  translate(document);
  $('no-bot').replaceChildren(t.noBot, element('code', {}, `API_ROOT=${location.origin}`));
  $('theme').value = document.documentElement.dataset.theme;
  $('language').value = language;
}

function listen() {
  addEventListener('hashchange', route);
  $('bot').addEventListener('change', () => {
    location.hash = address($('bot').value, state.persons);
  });
  $('theme').addEventListener('change', () => {
    document.documentElement.dataset.theme = $('theme').value;
    keepSetting('theme', $('theme').value);
  });
  $('language').addEventListener('change', () => {
    keepSetting('language', $('language').value);
    location.reload();
  });
  new ResizeObserver(() => {
    arrange();
    showPeople();
  }).observe($('chats'));
  listenToPeople();
  listenToFaults();
  listenToMenu();
}

fillTexts();
listen();
if (location.hash === '' && setting('chat') !== '') history.replaceState(null, '', setting('chat'));
orSayWhy(fillFaultForm());
connect({ opened, news });
