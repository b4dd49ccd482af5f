// What the page shows at the moment, and how the address says it.

export const pageOfMessages = 200;
export const mostColumns = 3;

export const state = {
  bots: [],
  people: [],
  totalPeople: 0, // as the emulator listed them
  bot: null, // id as text; null while there is none
  persons: [], // ids as text: whose chats are open, from left to right
  active: null, // whose chat was used last: the next one opens in its place
};

export const nameOf = (party) =>
  [party.first_name, party.last_name].filter(Boolean).join(' ').trim() || String(party.id);

export const address = (bot, persons = []) =>
  `#bot=${bot}${persons.map((person) => `&person=${person}`).join('')}`;

/// The open chats when `person` comes in place of the one that was used last.
export const personsWith = (person) =>
  state.persons.includes(person)
    ? state.persons
    : state.persons.length === 0
      ? [person]
      : state.persons.map((open) => (open === state.active ? person : open));

/// The open chats when `person` comes beside them.
export const personsBeside = (person) => [...state.persons, person].slice(-mostColumns);
