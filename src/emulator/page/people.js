// The list of people, and creating one.
import { call } from './api.js';
import { $, element } from './dom.js';
import { address, nameOf, state } from './state.js';
import { t } from './texts.js';

const mostPeople = 1000;

export function avatar(party, place = element('span', { className: 'avatar' })) {
  place.textContent =
    [...nameOf(party)].find((sign) => /[\p{L}\p{N}]/u.test(sign))?.toUpperCase() ?? '•';
  place.style.setProperty('--tint', Number(party.id) % 7);
  place.setAttribute('aria-hidden', 'true');
  return place;
}

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

export async function createPerson(event) {
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
