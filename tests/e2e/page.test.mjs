// The chat page in a real browser, against the built emulator and the built clicker.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { Clicker } from './clicker.mjs';
import { Emulator, inPlace } from './harness.mjs';

const operator = { id: 2 ** 40 + 1, first_name: 'Operator', language_code: 'ru' };
const screens = {
  phone: {
    viewport: { width: 390, height: 800 },
    hasTouch: true,
    isMobile: true,
    colorScheme: 'light',
  },
  'small phone': {
    viewport: { width: 360, height: 640 },
    hasTouch: true,
    isMobile: true,
    colorScheme: 'dark',
  },
  desktop: { viewport: { width: 1200, height: 800 }, colorScheme: 'dark' },
};

let browser;
before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
});
after(() => browser?.close());

/// A fresh emulator and clicker, and a browser on the chat page. A console error, a script error, or
/// a request that leaves the emulator fails the test.
function onPage(screen, body, locale = 'ru-RU') {
  return inPlace(async (place) => {
    const emulator = await Emulator.start(place);
    const clicker = await Clicker.start(place, emulator, { operator });
    const context = await browser.newContext({ ...screens[screen], locale });
    try {
      const page = await context.newPage();
      const complaints = [];
      page.on('console', (message) => {
        if (message.type() === 'error') complaints.push(message.text());
      });
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('request', (request) => {
        if (!request.url().startsWith(`${emulator.root}/`))
          complaints.push(`request to ${request.url()}`);
      });
      page.setDefaultTimeout(20_000);
      await page.goto(`${emulator.root}/`);
      await body({ page, emulator, clicker });
      assert.deepEqual(complaints, []);
      const { scrolled, wide } = await page.evaluate(() => ({
        scrolled: document.documentElement.scrollWidth,
        wide: document.documentElement.clientWidth,
      }));
      assert.ok(scrolled <= wide, `the page is ${scrolled} wide on a screen of ${wide}`);
    } finally {
      await context.close();
    }
  });
}

const messages = (page) => page.getByRole('log');
const key = (page, name) =>
  page.getByRole('group', { name: 'Клавиатура бота' }).getByRole('button', { name, exact: true });

async function createPerson(page, name) {
  await page.getByRole('button', { name: 'Новый человек' }).click();
  await page.getByLabel('Имя').fill(name);
  await page.getByRole('button', { name: 'Создать' }).click();
}

for (const screen of Object.keys(screens)) {
  test(
    `A new person presses Start, taps and reads the counts (${screen})`,
    onPage(screen, async ({ page }) => {
      await createPerson(page, 'Аня');
      await key(page, 'Начать').click();
      await messages(page).getByText('Приветствую').waitFor();
      for (let clicks = 1; clicks <= 3; clicks += 1) {
        await key(page, 'Клик').click();
        await messages(page).getByText(`Кликов: ${clicks}`, { exact: true }).waitFor();
      }
      await key(page, 'Рейтинг').click();
      await messages(page).getByText('Всего: 1').waitFor();
    }),
  );

  test(
    `The operator sees the pinned root with its size and can download it (${screen})`,
    onPage(screen, async ({ page, emulator, clicker }) => {
      await page.getByRole('link', { name: operator.first_name }).click();
      await page.getByText('Закреплённое сообщение').waitFor();
      const { pinned_message: root } = await emulator.chat(clicker.botId, operator.id);
      const link = messages(page).getByRole('link', { name: root.document.file_name }).last();
      assert.match(await link.innerText(), /\d+([.,]\d+)? (Б|КБ|МБ)/);
      const [saved] = await Promise.all([page.waitForEvent('download'), link.click()]);
      assert.equal(saved.suggestedFilename(), root.document.file_name);
      assert.ok((await readFile(await saved.path())).length > 0);
    }),
  );
}

test(
  'Typing and Enter write to the bot; the chosen person survives a reload',
  onPage('desktop', async ({ page }) => {
    await createPerson(page, 'Вера');
    await page.getByRole('textbox', { name: 'Сообщение' }).fill('/start');
    await page.keyboard.press('Enter');
    await messages(page).getByText('Приветствую Вера').waitFor();
    await page.reload();
    await messages(page).getByText('Приветствую Вера').waitFor();
    await page.goto('about:blank');
    await page.goBack();
    await messages(page).getByText('Приветствую Вера').waitFor();
  }),
);

test(
  'An English browser gets an English page',
  onPage(
    'desktop',
    async ({ page }) => {
      await page.getByRole('button', { name: 'New person' }).waitFor();
      assert.equal(await page.locator('html').getAttribute('lang'), 'en');
    },
    'en-US',
  ),
);
