// The clicker's status page in a real browser, and who gets to see it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessible, browserContext, operator, sizes, useBrowser, watched } from './browser.mjs';
import { Clicker, crowd, freePort, registerAndClick } from './clicker.mjs';
import { Emulator, inPlace, until } from './harness.mjs';

useBrowser();

const token = 'a-token_of-the-tests-0123456789';
const plots = 6;

async function start(place, environment) {
  const emulator = await Emulator.start(place);
  const port = await freePort();
  const clicker = await Clicker.start(place, emulator, {
    operator,
    environment: { PORT: String(port), ...environment },
  });
  const root = `http://127.0.0.1:${port}`;
  await until('ready', async () => (await statusOf(`${root}/healthz`)) === 200);
  return { emulator, clicker, root };
}

async function statusOf(url, authorization) {
  try {
    const headers = authorization ? { Authorization: authorization } : {};
    return (await fetch(url, { headers })).status;
  } catch {
    return undefined;
  }
}

/// Opens the page, and afterwards fails on whatever the browser complained of.
function onStatusPage(screen, body, { locale = 'ru-RU', environment = {}, credentials, forgiven } = {}) {
  return inPlace(async (place) => {
    const running = await start(place, { LISTEN: 'loopback', ...environment });
    const context = await browserContext(screen, { locale, httpCredentials: credentials });
    try {
      const page = await context.newPage();
      const look = async () => {
        await page.goto(`${running.root}/status`);
        await body({ page, ...running });
      };
      await watched(page, running.root, look, { forgiven });
    } finally {
      await context.close();
    }
  });
}

const number = (page, key) => page.locator(`#number-${key} dd`).first();
const settled = (page) => page.locator('#plots circle').nth(plots - 2).waitFor();

for (const screen of sizes) {
  test(
    `Numbers move after clicks, and plots are drawn (${screen})`,
    onStatusPage(screen, async ({ page, emulator }) => {
      await page.getByText('Работает', { exact: true }).waitFor();
      await page.getByRole('heading', { name: 'Последние сутки' }).waitFor();
      assert.equal(await number(page, 'clicks').innerText(), '0');
      await registerAndClick(emulator, crowd(3, (index) => index + 1));
      await number(page, 'clicks').getByText('6', { exact: true }).waitFor();
      await number(page, 'users').getByText('3', { exact: true }).waitFor();
      const clicks = page.getByRole('img', { name: /^Кликов в минуту: сейчас 6/ });
      await clicks.locator('polyline').waitFor({ state: 'attached' });
      assert.equal(await page.getByRole('img').count(), plots);
      assert.match(await page.locator('#plot-resident_bytes').innerText(), /МБ/);
      assert.match(await page.locator('#number-saved').innerText(), /назад/);
    }),
  );

  for (const colorScheme of ['light', 'dark']) {
    test(
      `Nothing stands in the way of who sees little or uses no mouse (${screen}, ${colorScheme})`,
      onStatusPage(screen, async ({ page }) => {
        await page.emulateMedia({ colorScheme });
        await settled(page);
        await accessible(page);
      }),
    );
  }
}

test(
  'Who reads English gets English, and a day of samples is a day of plots',
  onStatusPage(
    'desktop',
    async ({ page, root }) => {
      await page.getByText('Works', { exact: true }).waitFor();
      await page.route(`${root}/status/data*`, async (route) => {
        const response = await route.fetch();
        const report = await response.json();
        report.samples = Array.from({ length: 1440 }, (_, index) => [
          report.time - (1440 - index) * 60,
          index,
          ...report.so_far.slice(2),
        ]);
        await route.fulfill({ response, json: report });
      });
      await page.reload();
      await page.getByRole('img', { name: /^Clicks a minute: 0 now, 1,439 at most$/ }).waitFor();
      const drawn = await page.locator('#plot-clicks polyline').getAttribute('points');
      assert.ok(drawn.split(' ').length >= 1440);
    },
    { locale: 'en-GB' },
  ),
);

test(
  'A browser that has the token shows the page',
  onStatusPage(
    'phone',
    async ({ page }) => {
      await page.getByText('Работает', { exact: true }).waitFor();
      await settled(page);
    },
    {
      environment: { LISTEN: 'all', STATUS_TOKEN: token },
      credentials: { username: '', password: token },
    },
  ),
);

test(
  'A port that others reach shows the page to nobody, and the log tells why',
  inPlace(async (place) => {
    const { clicker, root } = await start(place, {});
    for (const path of ['/status', '/status/data', '/status/page.js'])
      assert.equal(await statusOf(`${root}${path}`), 404, path);
    await clicker.program.line(/\/status is off: set STATUS_TOKEN/);
    assert.equal(await statusOf(`${root}/metrics`), 200);
  }),
);

test(
  'With a token the page is for who has it, and the token is in no log line',
  inPlace(async (place) => {
    const { clicker, root } = await start(place, { STATUS_TOKEN: token, LOG_LEVEL: 'debug' });
    const basic = (password) => `Basic ${Buffer.from(`me:${password}`).toString('base64')}`;
    for (const path of ['/status', '/status/data', '/status/page.js']) {
      const url = `${root}${path}`;
      assert.equal(await statusOf(url), 401, path);
      assert.equal(await statusOf(url, basic(`${token}x`)), 401, path);
      assert.equal(await statusOf(url, basic(token)), 200, path);
      assert.equal(await statusOf(url, `Bearer ${token}`), 200, path);
    }
    await clicker.terminate();
    assert.ok(!clicker.program.story().includes(token));
  }),
);

test(
  'A clicker that is away, or loads its data, is said to be',
  onStatusPage(
    'phone',
    async ({ page, emulator, clicker, root }) => {
      await page.getByText('Работает', { exact: true }).waitFor();
      assert.equal(await statusOf(`${root}/healthz`), 200);
      await clicker.terminate();
      await page.getByText('Нет ответа').waitFor();
      // The start hangs in its first look at the vault's chat.
      await emulator.call('faults', { method: 'getChat', kind: '429', retry_after: 30 });
      clicker.launch();
      await page.getByText('Загружает данные').waitFor();
      assert.equal(await statusOf(`${root}/healthz`), 503);
    },
    { forgiven: /ERR_CONNECTION_REFUSED/ },
  ),
);
