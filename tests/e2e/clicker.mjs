// The built clicker as the tests run it, and its contract, each part once: exit codes, texts.
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { forEachOf, until } from './harness.mjs';

export const exitCode = {
  ok: 0,
  internal: 1,
  configuration: 2,
  tokenRefused: 3,
  unreachable: 4,
  wrongKey: 5,
  damaged: 6,
  newerFormat: 7,
  superseded: 8,
  needsDecision: 9,
  finalSaveFailed: 10,
};

export const texts = {
  greeting: /^(Приветствую|Hello)/,
  clicks: /^Кликов: (\d+)/,
  total: /^Всего: (\d+)/,
  unregistered: /^Вы не зарегистрированы/,
  report: /sequence|последовательность/i,
};
const errorLine = /^\S+Z error /;
const oneTimeCode = /send (\w{16}) to the bot/;

/// Isolates around names (U+2066-2069) are for the eye, not part of the text.
export const plain = (text) => text.replace(/[\u2066-\u2069\u200e\u200f]/g, '');

/// The bot's id lies above 2^32, as every id here.
export const botId = 2 ** 34 + 11;
export const goodToken = `${botId}:AAtelekv_end_to_end_test_secret_000`;
export const goodKey = () => randomBytes(32).toString('hex');

/// What a program needs to reach the chat between the bot and its operator.
export const goodSettings = (emulator, operator, key = goodKey()) => ({
  BOT_TOKEN: goodToken,
  TELEKV_KEY: key,
  ADMIN_ID: String(operator.id),
  API_ROOT: emulator.root,
});

/// A port that was free a moment ago.
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/// What makes the clicker receive updates by a webhook on this machine.
export async function webhookSettings() {
  const port = await freePort();
  return {
    WEBHOOK_URL: `http://127.0.0.1:${port}/hook`,
    WEBHOOK_SECRET: randomBytes(12).toString('hex'),
    PORT: String(port),
  };
}

export class Clicker {
  botId = botId;

  /// The operator has pressed Start before, so that the bot may write to them.
  static async start(place, emulator, { operator, environment = {} } = {}) {
    const clicker = new Clicker();
    if (operator) await emulator.person({ ...operator, bot_id: botId });
    clicker.place = place;
    clicker.environment = {
      BOT_TOKEN: goodToken,
      TELEKV_KEY: goodKey(),
      API_ROOT: emulator.root,
      BACKUP_INTERVAL: '1',
      FLOOD_BUDGET: emulator.flood === 'off' ? 'off' : 'on',
      ...(operator ? { ADMIN_ID: String(operator.id) } : {}),
      ...environment,
    };
    clicker.launch();
    return clicker;
  }

  /// Starts the program (again) with some of its environment changed; undefined removes a variable.
  launch(changes = {}, args = []) {
    const wanted = { ...this.environment, ...changes };
    const env = Object.fromEntries(
      Object.entries(wanted).filter(([, value]) => value !== undefined),
    );
    this.program = this.place.start('clicker', args, { env });
    return this.program;
  }

  kill() {
    return this.program.kill();
  }

  terminate() {
    return this.program.terminate();
  }

  errorLines() {
    return this.program.error.split('\n').filter((line) => errorLine.test(line));
  }

  async oneTimeCode() {
    return (await this.program.line(oneTimeCode))[1];
  }
}

/// People with ids from 2^32 to 2^52 and as many clicks each as `clicksOf` says.
export function crowd(size, clicksOf) {
  const [lowest, highest] = [2 ** 32, 2 ** 52 - 1];
  return Array.from({ length: size }, (_, index) => ({
    id: lowest + Math.floor(((highest - lowest) * index) / Math.max(1, size - 1)),
    first_name: `Человек ${index}`,
    language_code: 'ru',
    clicks: clicksOf(index),
  }));
}

const lanes = 16;

/// Creates them and has each press Start and click; done when the bot has told everyone their count.
export async function registerAndClick(emulator, people) {
  await forEachOf(people, lanes, async ({ clicks, ...person }) => {
    await emulator.person(person);
    await emulator.send(botId, person.id, '/start');
    for (let click = 0; click < clicks; click += 1) await emulator.send(botId, person.id, 'Клик');
    await emulator.answer(botId, person.id, texts.greeting);
    if (clicks > 0) await emulator.answer(botId, person.id, saysClicks(clicks));
  });
}

export const saysClicks =
  (count) =>
  ({ text = '' }) =>
    Number(texts.clicks.exec(plain(text))?.[1]) === count;

/// Clicks once more for each and answers the people with the counts that the bot told.
export async function countsByClicking(emulator, people) {
  const counted = [];
  await forEachOf(people, lanes, async (person) => {
    // Replies keep their order within a chat: behind the rating, no earlier click is still unanswered.
    await emulator.ask(botId, person.id, 'Рейтинг', texts.total);
    const { text } = await emulator.ask(botId, person.id, 'Клик', texts.clicks);
    counted.push({ ...person, clicks: Number(texts.clicks.exec(plain(text))[1]) });
  });
  return counted.sort((a, b) => a.id - b.id);
}

/// The rating as lines: the total, then at most fifteen "place: name - clicks".
export async function rating(emulator, person) {
  const { text } = await emulator.ask(botId, person.id, 'Рейтинг', texts.total);
  const [total, ...lines] = plain(text).split('\n');
  return [total, ...lines.filter((line) => /^\d+: .* - \d+$/.test(line)).slice(0, 15)];
}

/// What the rating must say: clicks descending, then the smaller id first.
export function expectedRating(people) {
  const ranked = [...people].sort((a, b) => b.clicks - a.clicks || a.id - b.id).slice(0, 15);
  return [
    `Всего: ${people.length}`,
    ...ranked.map((person, index) => `${index + 1}: ${person.first_name} - ${person.clicks}`),
  ];
}

export async function allConfirmed(emulator) {
  await until('every update confirmed', async () => (await emulator.updates(botId)).pending === 0);
}
