// Asks for the numbers every few seconds while somebody looks, and shows them.
import { Plot } from './plot.js';
import { count, duration, language, size, texts } from './texts.js';

const every_ms = 5000;
const patience_ms = 10_000;
const day_s = 86_400;

const $ = (id) => document.getElementById(id);
const samples = []; // of the last day, by column
let after = 0;
let timer;

const ago = (age) => (age === null ? texts.never : texts.ago(duration(Math.max(age, 0))));

/// Name, value, and a line below; keyed, so that a number changes in its place.
const numbers = {
  users: (now) => [texts.users, count(now.users), ''],
  clicks: (now) => [texts.clicks, count(now.clicks), ''],
  memory: (now) => [
    texts.memory,
    size(now.resident_bytes),
    texts.ofTable(size(now.table_bytes)),
  ],
  stored: (now) => [
    texts.stored,
    size(now.base_bytes + now.delta_bytes),
    texts.storedParts(size(now.base_bytes), size(now.delta_bytes)),
  ],
  saved: (now) => [
    texts.lastSave,
    ago(now.saved_age),
    now.save_seconds === null
      ? ''
      : texts.saveCost(duration(now.save_seconds), size(now.save_bytes)),
  ],
  unsaved: (now) => [
    texts.unsaved,
    count(now.unsaved_records),
    now.unsaved_age === 0 ? '' : duration(now.unsaved_age),
  ],
  verified: (now) => [
    texts.verified,
    ago(now.verified_age),
    texts.points(count(now.restore_points)),
  ],
  sequence: (now) => [texts.sequence, count(now.sequence), texts.epoch(now.epoch)],
  penalties: (now) => [
    texts.penalties,
    count(now.penalties),
    texts.failed(count(now.failed_calls)),
  ],
  lost: (now) => [
    texts.lost,
    count(now.lost_updates),
    texts.replies(count(now.replies_delayed), count(now.replies_dropped)),
  ],
};

const plots = {
  clicks: new Plot(texts.clicksPerMinute, count),
  stored_bytes: new Plot(texts.stored, size),
  save_seconds: new Plot(texts.saveTime, duration),
  unsaved_age: new Plot(texts.unsavedAge, duration),
  chat_call: new Plot(texts.chatCall, duration),
  resident_bytes: new Plot(texts.memory, size),
};

function build() {
  document.documentElement.lang = language;
  document.title = texts.title;
  for (const place of document.querySelectorAll('[data-text]'))
    place.textContent = texts[place.dataset.text];
  for (const key of Object.keys(numbers)) {
    const tile = document.createElement('div');
    tile.id = `number-${key}`;
    tile.append(...['dt', 'dd', 'dd'].map((tag) => document.createElement(tag)));
    $('numbers').append(tile);
  }
  for (const [key, plot] of Object.entries(plots)) {
    plot.element.id = `plot-${key}`;
    $('plots').append(plot.element);
  }
}

function showHealth(health) {
  const text = texts.health[health];
  // Only a change is said to who listens.
  if ($('health').textContent !== text) $('health').textContent = text;
  document.documentElement.dataset.health = health;
}

function showNumbers(now) {
  $('running').textContent = texts.running(duration(Math.floor(now.running)));
  for (const [key, say] of Object.entries(numbers)) {
    const places = $(`number-${key}`).children;
    for (const [index, text] of say(now).entries()) places[index].textContent = text;
  }
}

function asSample(columns, row) {
  return Object.fromEntries(columns.map((column, index) => [column, row[index]]));
}

function showPlots({ columns, samples: rows, so_far: soFar }) {
  const fresh = rows.map((row) => asSample(columns, row));
  samples.push(...fresh);
  after = samples.at(-1)?.time ?? 0;
  const newest = asSample(columns, soFar);
  while (samples.length > 0 && samples[0].time < newest.time - day_s) samples.shift();
  for (const [column, plot] of Object.entries(plots)) {
    plot.draw([...samples, newest].map((sample) => ({ time: sample.time, value: sample[column] })));
  }
}

async function ask() {
  const response = await fetch(`status/data?after=${after}`, {
    signal: AbortSignal.timeout(patience_ms),
  });
  if (response.status === 401) return showHealth('locked');
  const report = await response.json();
  showHealth(report.health);
  if (!report.now) return;
  showNumbers(report.now);
  showPlots(report);
}

async function refresh() {
  clearTimeout(timer);
  if (document.hidden) return;
  try {
    await ask();
  } catch {
    showHealth('away');
  }
  clearTimeout(timer);
  timer = setTimeout(refresh, every_ms);
}

build();
document.addEventListener('visibilitychange', refresh);
refresh();
