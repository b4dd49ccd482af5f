// What the page shows at the moment, and how the address says it.

export const pageOfMessages = 200;

export const state = {
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

export const nameOf = (party) =>
  [party.first_name, party.last_name].filter(Boolean).join(' ').trim() || String(party.id);

export const address = (bot, person) => `#bot=${bot}${person ? `&person=${person}` : ''}`;
