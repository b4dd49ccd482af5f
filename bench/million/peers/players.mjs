// What the two bots in JavaScript share: their settings, the players and their rating, the backups.
//
// Advantages that not every author of such a bot would give them: a player is a row of the backup, so
// that it is encoded without a copy; the top is kept, because counts only grow, and the own place is
// counted in a histogram in two steps, so that a rating walks hundreds of groups and not a million
// people.
import { readFileSync } from 'node:fs';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';

const topSize = 15;
const groupSize = 128; // counts of clicks in a group of the histogram
const idleConnections = 1000; // Node's 256 are fewer than a busy bot has answers on their way.
const [nameOf, clicksOf] = [1, 2]; // of a row [chat id, name, clicks, state]

export const keys = { click: 'Клик', rating: 'Рейтинг' };
export const keyboard = [[keys.click], [keys.rating]];
const notRegistered = 'Вы не зарегистрированы, нажмите /start';

function setting(name, otherwise) {
  const value = process.env[name] ?? otherwise;
  if (value === undefined) throw new Error(`set ${name}`);
  return value;
}

export const settings = {
  token: setting('BOT_TOKEN'),
  apiRoot: setting('API_ROOT'),
  admin: Number(setting('ADMIN_ID')),
  users: setting('USERS_FILE'),
  dump_s: Number(setting('DUMP_SECONDS', 30)),
};

const Agent = settings.apiRoot.startsWith('https:') ? HttpsAgent : HttpAgent;
export const agent = new Agent({ keepAlive: true, maxFreeSockets: idleConnections });

export const report = (error) => console.error(String(error.message).replaceAll('\n', ' '));

const secondsSince = (begun) => ((performance.now() - begun) / 1000).toFixed(3);

/// How many people have how many clicks.
class Histogram {
  #people = new Map();
  #groups = new Map();

  change(clicks, by) {
    add(this.#people, clicks, by);
    add(this.#groups, groupOf(clicks), by);
  }

  /// People with more clicks.
  above(clicks) {
    const own = groupOf(clicks);
    let above = 0;
    for (const [group, people] of this.#groups) if (group > own) above += people;
    for (let more = clicks + 1; groupOf(more) === own; more += 1)
      above += this.#people.get(more) ?? 0;
    return above;
  }
}

const groupOf = (clicks) => Math.floor(clicks / groupSize);

function add(map, key, by) {
  const sum = (map.get(key) ?? 0) + by;
  if (sum > 0) map.set(key, sum);
  else map.delete(key);
}

export class Players {
  changed = false;
  #rows = new Map();
  #histogram = new Histogram();
  #top = [];

  constructor(rows) {
    for (const row of rows) this.#add(row);
  }

  static restore() {
    const begun = performance.now();
    const players = new Players(JSON.parse(readFileSync(settings.users, 'utf8')));
    players.restored_s = secondsSince(begun);
    return players;
  }

  sayReady() {
    console.log(`ready: ${this.#rows.size} users, restored in ${this.restored_s} s`);
  }

  // ---- What the bot answers ----

  start(id, name) {
    if (!this.#rows.has(id)) {
      this.#add([id, name, 0, 0]);
      this.changed = true;
    }
    return `Приветствую ${name}`;
  }

  click(id) {
    const row = this.#rows.get(id);
    if (!row) return notRegistered;
    this.#histogram.change(row[clicksOf], -1);
    row[clicksOf] += 1;
    this.#histogram.change(row[clicksOf], 1);
    this.#rank(row);
    this.changed = true;
    return `Кликов: ${row[clicksOf]}`;
  }

  rating(id) {
    const row = this.#rows.get(id);
    if (!row) return notRegistered;
    const clicks = row[clicksOf];
    const lines = [`Всего: ${this.#rows.size}`];
    this.#top.forEach((each, index) => {
      lines.push(`${index + 1}: ${each[nameOf]} - ${each[clicksOf]}`);
    });
    // Who is level shares a place.
    if (!this.#top.includes(row))
      lines.push(`Вы: место ${this.#histogram.above(clicks) + 1}, кликов: ${clicks}`);
    return lines.join('\n');
  }

  hint(id) {
    return this.#rows.has(id) ? 'Нажмите «Клик» или «Рейтинг»' : notRegistered;
  }

  // ---- Backups ----

  /// Gives `send` a backup every so often, if anything changed; answers the timer.
  backUp(send) {
    let sending = false;
    return setInterval(async () => {
      if (sending || !this.changed) return;
      sending = true;
      try {
        await this.#dump(send);
      } catch (error) {
        this.changed = true;
        report(error);
      } finally {
        sending = false;
      }
    }, settings.dump_s * 1000);
  }

  async #dump(send) {
    this.changed = false;
    let begun = performance.now();
    const bytes = Buffer.from(JSON.stringify([...this.#rows.values()]));
    const encoded_s = secondsSince(begun);
    begun = performance.now();
    await send(bytes);
    const uploaded_s = secondsSince(begun);
    console.log(
      `dump: ${bytes.length} bytes, encoded in ${encoded_s} s, uploaded in ${uploaded_s} s`,
    );
  }

  // ---- Rows ----

  #add(row) {
    this.#rows.set(row[0], row);
    this.#histogram.change(row[clicksOf], 1);
    this.#rank(row);
  }

  /// Takes a row that is new or has grown to where it belongs in the top.
  #rank(row) {
    const top = this.#top;
    const last = top[topSize - 1];
    if (last && last !== row && last[clicksOf] >= row[clicksOf]) return;
    let index = top.indexOf(row);
    if (index === -1) index = last ? topSize - 1 : top.length;
    for (; index > 0 && top[index - 1][clicksOf] < row[clicksOf]; index -= 1)
      top[index] = top[index - 1];
    top[index] = row;
  }
}
