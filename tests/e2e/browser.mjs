// Pages in headless Chromium for the end-to-end tests, at the size of a phone or of a desktop: what is
// asked of every page, and the chat page with a fresh emulator and clicker.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import axe from 'axe-core';
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

export const browserContext = (screen, options) =>
  browser.newContext({ ...screens[screen], ...options });

/// Runs `body` while the page is watched: a console error, a script error, a request that leaves
/// `root`, or something wider than the screen fails the test, unless `forgiven` matches the text.
export async function watched(page, root, body, { forgiven } = {}) {
  const complaints = [];
  const complain = (text) => {
    if (!forgiven?.test(text)) complaints.push(text);
  };
  page.on('console', (message) => {
    if (message.type() === 'error') complain(message.text());
  });
  page.on('pageerror', (error) => complain(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(`${root}/`)) complain(`request to ${request.url()}`);
  });
  page.setDefaultTimeout(20_000);
  await body();
  assert.deepEqual(complaints, []);
  const { scrolled, wide } = await page.evaluate(() => ({
    scrolled: document.documentElement.scrollWidth,
    wide: document.documentElement.clientWidth,
  }));
  assert.ok(scrolled <= wide, `the page is ${scrolled} wide on a screen of ${wide}`);
}

/// axe-core's rules hold for what the page shows now: contrast, names, roles, keyboard.
export async function accessible(page) {
  // Evaluated by the debugger, so the page's Content-Security-Policy does not forbid it.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  const found = violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id} (${help}): ${html}\n${failureSummary}`),
  );
  assert.deepEqual(found, []);
}

/// The chat page, with an emulator and a clicker. `state` keeps what the emulator knows across its
/// restarts.
export function onPage(screen, body, { locale = 'ru-RU', forgiven, state = false } = {}) {
  return inPlace(async (place) => {
    const folder = state ? `${place.folder}/emulator` : undefined;
    const emulator = await Emulator.start(place, { state: folder });
    const clicker = await Clicker.start(place, emulator, { operator });
    const context = await browserContext(screen, { locale });
    try {
      const page = await context.newPage();
      const look = async () => {
        await page.goto(`${emulator.root}/`);
        await body({ page, emulator, clicker, context });
      };
      await watched(page, emulator.root, look, { forgiven });
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
