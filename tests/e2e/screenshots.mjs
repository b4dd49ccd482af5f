// Makes the pictures of the chat page in docs/: node tests/e2e/screenshots.mjs, with TELEKV_BIN as
// for the tests. Look at what it made before committing it.
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { Clicker, goodToken, texts } from './clicker.mjs';
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

async function picture(name, url, options, prepare = async () => {}) {
  const context = await browser.newContext({ locale: 'ru-RU', ...options });
  const page = await context.newPage();
  await page.goto(url);
  await page.getByRole('log').first().getByText(/./).first().waitFor();
  await prepare(page);
  await page.waitForLoadState('networkidle');
  await page.screenshot({ path: `${docs}${name}.png`, animations: 'disabled' });
  await context.close();
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
  const { botId } = await Clicker.start(place, emulator, { operator });
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
})();
await browser.close();
