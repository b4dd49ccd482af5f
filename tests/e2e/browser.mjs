// The chat page in headless Chromium for the end-to-end tests: a fresh emulator and clicker, and a
// browser on the page at the size of a phone or of a desktop.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { chromium } from 'playwright-core';
import { Clicker } from './clicker.mjs';
import { Emulator, inPlace } from './harness.mjs';

export const operator = { id: 2 ** 40 + 1, first_name: 'Operator', language_code: 'ru' };
export const screens = {
  phone: {
    viewport: { width: 390, height: 844 },
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
  desktop: { viewport: { width: 1280, height: 800 }, colorScheme: 'dark' },
};
/// The sizes that every part of the page is shown at.
export const sizes = ['phone', 'desktop'];

let browser;

/// Starts the browser for the tests of a file.
export function useBrowser() {
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
}

/// A console error, a script error, or a request that leaves the emulator fails the test, unless
/// `forgiven` matches it. `state` keeps what the emulator knows across its restarts.
export function onPage(screen, body, { locale = 'ru-RU', forgiven, state = false } = {}) {
  return inPlace(async (place) => {
    const folder = state ? `${place.folder}/emulator` : undefined;
    const emulator = await Emulator.start(place, { state: folder });
    const clicker = await Clicker.start(place, emulator, { operator });
    const context = await browser.newContext({ ...screens[screen], locale });
    try {
      const page = await context.newPage();
      const complaints = [];
      const complain = (text) => {
        if (!forgiven?.test(text)) complaints.push(text);
      };
      page.on('console', (message) => {
        if (message.type() === 'error') complain(message.text());
      });
      page.on('pageerror', (error) => complain(error.message));
      page.on('request', (request) => {
        if (!request.url().startsWith(`${emulator.root}/`)) complain(`request to ${request.url()}`);
      });
      page.setDefaultTimeout(20_000);
      await page.goto(`${emulator.root}/`);
      await body({ page, emulator, clicker, context });
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

export const messages = (page) => page.getByRole('log');
export const key = (page, name) =>
  page.getByRole('group', { name: 'Клавиатура бота' }).getByRole('button', { name, exact: true });

export async function createPerson(page, name) {
  await page.getByRole('button', { name: 'Новый человек' }).click();
  await page.getByLabel('Имя').fill(name);
  await page.getByRole('button', { name: 'Создать' }).click();
}

/// People who exist already and have written to the bot; the page shows the chats of all of them
/// that fit. Answers their ids.
export async function openChats({ page, emulator, clicker }, names) {
  const ids = [];
  for (const name of names) {
    const { id } = await emulator.person({ first_name: name, language_code: 'ru' });
    await emulator.ask(clicker.botId, id, '/start', /Приветствую/);
    ids.push(id);
  }
  const open = ids.map((id) => `&person=${id}`).join('');
  await page.goto(`${emulator.root}/#bot=${clicker.botId}${open}`);
  await page.reload();
  await messages(page).first().getByText('Приветствую').waitFor();
  return ids;
}

export const chatOf = (page, name) => page.getByRole('region', { name: `Чат: ${name}` });
