// Makes the pictures of the pages in docs/: node tests/e2e/screenshots.mjs, with TELEKV_BIN as
// for the tests. Look at what it made before committing it.
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { Clicker, freePort, goodToken, texts } from './clicker.mjs';
import { Emulator, inPlace } from './harness.mjs';

const docs = fileURLToPath(new URL('../../docs/', import.meta.url));
const operator = { id: 2 ** 40 + 1, first_name: 'Operator', language_code: 'ru' };
const players = ['Аня', 'Mary', 'Борис', 'Zoë'];

const desktop = { viewport: { width: 1280, height: 760 } };
const phone = { viewport: { width: 390, height: 900 }, hasTouch: true, isMobile: true };

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});

async function shoot(name, options, prepare) {
  const context = await browser.newContext({ locale: 'ru-RU', ...options });
  const page = await context.newPage();
  await prepare(page);
  await page.waitForLoadState('networkidle');
  await page.screenshot({ path: `${docs}${name}.png`, animations: 'disabled' });
  await context.close();
}

const picture = (name, url, options, prepare = async () => {}) =>
  shoot(name, options, async (page) => {
    await page.goto(url);
    await page.getByRole('log').first().getByText(/./).first().waitFor();
    await prepare(page);
  });

/// Nobody waits a day for a picture: what the page shows is made up, with ten minutes in which
/// nothing could be saved, and an hour for which the machine slept.
function madeUp({ time, ...report }) {
  const minutes = Array.from({ length: 1440 }, (_, index) => 1440 - index);
  const wave = (minute) => Math.abs(Math.sin(minute * minute) * 97); // looks like chance, and is the same every time
  const at = (minute) => {
    const stuck = Math.max(0, 312 - minute);
    return [
      time - minute * 60,
      Math.round(60 + 40 * Math.sin(minute / 230) + wave(minute) / 8),
      12_034,
      930_000 + ((1440 - minute) % 700) * 160,
      minute > 302 && minute <= 312 ? null : 0.2 + wave(minute) ** 3 / 4e6,
      minute > 302 && minute <= 312 ? stuck * 60 : 5,
      0.06 + wave(minute) ** 2 / 3e5,
      31e6 + (1440 - minute) * 900,
    ];
  };
  const now = {
    ...report.now,
    users: 12_034,
    clicks: 86_310,
    running: 4 * 86_400,
    base_bytes: 930_000,
    delta_bytes: 36_000,
    sequence: 61_207,
    resident_bytes: 32_300_000,
    table_bytes: 1_900_000,
    restore_points: 9,
    saved_age: 3,
    save_seconds: 0.31,
    save_bytes: 4100,
    verified_age: 40_000,
  };
  const samples = minutes.filter((minute) => minute < 800 || minute > 860).map(at);
  return { ...report, time, now, samples, so_far: at(0) };
}

async function statusPicture(name, port, options, heading = 'h1') {
  await shoot(name, options, async (page) => {
    await page.route('**/status/data*', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: madeUp(await response.json()) });
    });
    await page.goto(`http://127.0.0.1:${port}/status`);
    await page.locator('circle').last().waitFor();
    await page.locator(heading).evaluate((place) => place.scrollIntoView());
  });
}

async function armTwo(page) {
  await page.getByRole('button', { name: 'Сбои' }).click();
  const arm = async (kind, method) => {
    await page.locator('#fault-kind').selectOption(kind);
    await page.locator('#fault-method').selectOption(method);
    await page.getByRole('button', { name: 'Включить' }).click();
  };
  await arm('429', 'sendDocument');
  await arm('cut', 'forwardMessage');
  await page.getByRole('listitem').filter({ hasText: 'forwardMessage' }).waitFor();
  await page.getByRole('alert').waitFor({ state: 'hidden' });
}

async function openMenu(page) {
  await page
    .getByRole('link', { name: /telekv-root/ })
    .first()
    .waitFor();
  await page.locator('.message:has(.document)').last().focus();
  await page.keyboard.press('Enter');
}

await inPlace(async (place) => {
  const emulator = await Emulator.start(place);
  await emulator.call('bots', { token: goodToken, first_name: 'Кликер' });
  const port = await freePort();
  const environment = { PORT: String(port), LISTEN: 'loopback' };
  const { botId } = await Clicker.start(place, emulator, { operator, environment });
  const ids = [];
  for (const [index, first_name] of players.entries()) {
    const { id } = await emulator.person({ first_name, language_code: 'ru' });
    ids.push(id);
    await emulator.ask(botId, id, '/start', texts.greeting);
    for (let clicks = 0; clicks < 3 + index; clicks += 1)
      await emulator.ask(botId, id, 'Клик', texts.clicks);
  }
  await emulator.ask(botId, ids[0], 'Рейтинг', texts.total);
  await emulator.ask(botId, operator.id, 'admin');
  const chats = (...persons) =>
    `${emulator.root}/#bot=${botId}${persons.map((id) => `&person=${id}`).join('')}`;
  const side = chats(ids[0], ids[1], operator.id);
  await picture('chat-page', side, { ...desktop, colorScheme: 'light' });
  const two = chats(ids[0], operator.id);
  await picture('chat-page-menu', two, { ...desktop, colorScheme: 'dark' }, openMenu);
  await picture('chat-page-faults', chats(ids[0]), { ...phone, colorScheme: 'light' }, armTwo);
  const english = { ...desktop, viewport: { width: 1100, height: 780 }, locale: 'en-GB' };
  await statusPicture('status-page', port, { ...english, colorScheme: 'light' });
  await statusPicture('status-page-phone', port, { ...phone, colorScheme: 'dark' }, '#day');
})();
await browser.close();
