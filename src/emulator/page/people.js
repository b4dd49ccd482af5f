// The list of people, and creating one.
import { call } from './api.js';
import { activate, focusColumn, roomForColumns } from './columns.js';
import { $, avatar, element, iconButton, walkWithArrows } from './dom.js';
import { address, nameOf, personsBeside, personsWith, state } from './state.js';
import { language, t } from './texts.js';

const mostPeople = 1000;
const besidePath = 'M4 5h16v14H4zM12 5v14M16 10v4M14 12h4';

/// Answers whether anything differs from what was listed before.
export async function refreshDirectory() {
  const [{ bots }, { people, total }] = await Promise.all([
    call('bots'),
    call(`people?limit=${mostPeople}`),
  ]);
  const changed = JSON.stringify([bots, people]) !== JSON.stringify([state.bots, state.people]);
  Object.assign(state, { bots, people, totalPeople: total });
  return changed;
}

export function showDirectory() {
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

export function showPeople() {
  const focused = document.activeElement?.closest('#people a')?.dataset.id;
  const wanted = $('filter').hidden ? '' : $('filter').value.trim().toLowerCase();
  const found = state.people.filter(
    (person) =>
      wanted === '' ||
      `${nameOf(person)} ${person.username ?? ''} ${person.id}`.toLowerCase().includes(wanted),
  );
  const items = found.map(personNode);
  const unlisted = state.totalPeople - state.people.length;
  if (unlisted > 0) items.push(element('li', { className: 'hint' }, t.more(unlisted)));
  $('people').replaceChildren(...items);
  if (focused) $('people').querySelector(`a[data-id="${focused}"]`)?.focus();
}

function personNode(person) {
  const id = String(person.id);
  const isOpen = state.persons.includes(id);
  const link = element(
    'a',
    { href: address(state.bot ?? '', personsWith(id)) },
    avatar(person),
    element(
      'span',
      { className: 'who' },
      element('b', {}, nameOf(person)),
      element('span', { className: 'faint' }, id),
    ),
  );
  link.dataset.id = id;
  if (isOpen) link.setAttribute('aria-current', 'true');
  link.addEventListener('click', () => {
    link.href = address(state.bot, personsWith(id)); // in place of the chat that is active by now
    if (!isOpen) return;
    activate(id); // the address stays the same
    focusColumn(id);
  });
  const item = element('li', {}, link);
  if (!isOpen && state.persons.length > 0 && state.persons.length < roomForColumns()) {
    const beside = iconButton(besidePath, t.beside(nameOf(person)), () => {
      location.hash = address(state.bot, personsBeside(id));
    });
    item.append(beside);
  }
  return item;
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
    location.hash = address(state.bot, personsWith(String(made.id)));
  } catch (error) {
    $('person-error').textContent = error.message;
  }
}

export function listenToPeople() {
  $('filter').addEventListener('input', showPeople);
  walkWithArrows($('people'), 'a');
  $('new-person').addEventListener('click', () => {
    $('person-form').reset();
    $('person-error').textContent = '';
    $('person-language').value = language;
    $('person-dialog').showModal();
  });
  $('person-cancel').addEventListener('click', () => $('person-dialog').close());
  $('person-form').addEventListener('submit', createPerson);
}
