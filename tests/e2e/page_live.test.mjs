// What the page sees without asking: edits, keyboards, pins and people as they come, over one
// WebSocket, in one chat or several side by side.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { test } from 'node:test';
import { chatOf, messages, onPage, openChats, sizes, useBrowser } from './browser.mjs';
import { goodToken } from './clicker.mjs';
import { botApi, Upload, until } from './harness.mjs';

useBrowser();

const noConnection = /WebSocket|ERR_CONNECTION_REFUSED|Failed to fetch/;

for (const screen of sizes) {
  test(
    `An edit, an inline keyboard, a document and a pin are seen as they come (${screen})`,
    onPage(screen, async (all) => {
      const { page, emulator } = all;
      const [chat] = await openChats(all, ['Аня']);
      const asked = [];
      page.on('request', (request) => asked.push(request.url()));
      const bot = (method, parameters) =>
        botApi(emulator, goodToken, method, { chat_id: chat, ...parameters });
      const button = (text) => ({ inline_keyboard: [[{ text, callback_data: 'c:1' }]] });

      const sent = await bot('sendMessage', { text: 'Было', reply_markup: button('Раз') });
      await messages(page).getByText('Было', { exact: true }).waitFor();
      await messages(page).getByRole('button', { name: 'Раз', exact: true }).click();
      await bot('editMessageText', {
        message_id: sent.message_id,
        text: 'Стало',
        reply_markup: button('Два'),
      });
      await messages(page).getByText('Стало', { exact: true }).waitFor();
      await messages(page)
        .getByText(/^изменено /)
        .waitFor();
      await messages(page).getByRole('button', { name: 'Два', exact: true }).waitFor();
      assert.equal(await messages(page).getByText('Было', { exact: true }).count(), 0);

      const document = new Upload(new Uint8Array(2048), 'данные.bin');
      const file = await bot('sendDocument', { document });
      await messages(page)
        .getByRole('link', { name: /данные\.bin.*2[.,]05 КБ/ })
        .waitFor();
      await bot('pinChatMessage', { message_id: file.message_id });
      await page.getByRole('button', { name: /Закреплённое сообщение.*данные\.bin/ }).waitFor();

      assert.ok(asked.length > 0 && asked.length < 40, `${asked.length} requests`);
      assert.ok(!asked.some((url) => url.includes('wait_s')), 'nothing is polled');
    }),
  );

  test(
    `An emulator that was away is found again, with what happened meanwhile (${screen})`,
    onPage(
      screen,
      async (all) => {
        const { page, emulator, clicker } = all;
        const [chat] = await openChats(all, ['Аня']);
        await emulator.program.kill();
        const notice = page.getByText('Нет связи с эмулятором');
        await notice.waitFor();
        const { width } = await notice.boundingBox();
        assert.equal(width, page.viewportSize().width, 'one line over all of it');
        await emulator.restart();
        await emulator.send(clicker.botId, chat, 'пока никто не видел');
        await messages(page).getByText('пока никто не видел', { exact: true }).waitFor();
        await notice.waitFor({ state: 'hidden' });
      },
      { state: true, forgiven: noConnection },
    ),
  );

  test(
    `A person who comes from outside is listed at once (${screen})`,
    onPage(screen, async ({ page, emulator }) => {
      await page.getByRole('link', { name: /Operator/ }).waitFor();
      await emulator.person({ first_name: 'Позже' });
      await page.getByRole('link', { name: /Позже/ }).waitFor();
    }),
  );
}

test(
  'Three people write side by side, each in their own chat',
  onPage('desktop', async (all) => {
    const { page } = all;
    const names = ['Аня', 'Борис', 'Вера'];
    await openChats(all, names);
    for (const name of names) {
      const chat = chatOf(page, name);
      await chat.getByRole('textbox', { name: 'Сообщение' }).fill(`это ${name}`);
      await page.keyboard.press('Enter');
      await messages(chat).getByText(`это ${name}`, { exact: true }).waitFor();
    }
    for (const name of names) {
      const wrote = messages(chatOf(page, name)).getByText(/^это /);
      assert.deepEqual(await wrote.allInnerTexts(), [`это ${name}`]);
    }
    await chatOf(page, 'Борис').getByRole('button', { name: 'Закрыть этот чат' }).click();
    await chatOf(page, 'Борис').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Открыть рядом: Борис' }).click();
    await chatOf(page, 'Борис').waitFor();
    await page.reload();
    for (const name of names) await chatOf(page, name).waitFor();
    await page.goBack();
    await chatOf(page, 'Борис').waitFor({ state: 'detached' });
  }),
);

test(
  'A person chosen from the list comes in place of the chat that was used last',
  onPage('desktop', async (all) => {
    const { page } = all;
    await openChats(all, ['Аня', 'Борис']);
    await all.emulator.person({ first_name: 'Вера' });
    await chatOf(page, 'Аня').getByRole('textbox').click();
    await page.getByRole('link', { name: /Вера/ }).click();
    await chatOf(page, 'Вера').waitFor();
    await chatOf(page, 'Аня').waitFor({ state: 'detached' });
    await chatOf(page, 'Борис').waitFor();
  }),
);

test(
  'A phone shows one chat, whatever the address says',
  onPage('phone', async (all) => {
    const { page } = all;
    await openChats(all, ['Аня', 'Борис', 'Вера']);
    assert.equal(await page.getByRole('log').count(), 1);
    assert.equal(await page.getByRole('navigation').isVisible(), false);
    await page.getByRole('link', { name: 'Назад к людям' }).click();
    await page.getByRole('link', { name: /Борис/ }).click();
    await chatOf(page, 'Борис').waitFor();
    assert.equal(await page.getByRole('log').count(), 1);
  }),
);

test(
  'A page of another site on this machine cannot listen to the chats',
  onPage(
    'desktop',
    async ({ page, emulator, context }) => {
      const site = createServer((_, response) => {
        response.setHeader('Content-Type', 'text/html');
        response.end('<!doctype html><title>another site</title>');
      }).listen(0, '127.0.0.1');
      await once(site, 'listening');
      try {
        const open = (from) =>
          from.evaluate(
            (url) =>
              new Promise((resolve) => {
                const socket = new WebSocket(url);
                socket.addEventListener('open', () => resolve('open'));
                socket.addEventListener('error', () => resolve('refused'));
              }),
            `ws://127.0.0.1:${emulator.port}/emulator/events`,
          );
        const stranger = await context.newPage();
        await stranger.goto(`http://127.0.0.1:${site.address().port}/`);
        assert.equal(await open(stranger), 'refused');
        assert.equal(await open(page), 'open');
      } finally {
        site.close();
      }
    },
    { forgiven: noConnection },
  ),
);

test(
  'Of a hundred pages those without room are refused, and the emulator goes on',
  onPage(
    'desktop',
    async ({ page, emulator }) => {
      const opened = await page.evaluate(
        (url) =>
          Promise.all(
            Array.from(
              { length: 100 },
              () =>
                new Promise((resolve) => {
                  const socket = new WebSocket(url);
                  socket.addEventListener('open', () => resolve(true));
                  socket.addEventListener('error', () => resolve(false));
                }),
            ),
          ),
        `ws://127.0.0.1:${emulator.port}/emulator/events`,
      );
      assert.equal(opened.filter(Boolean).length, 63, '64 with the page itself');
      await until('the emulator still answers', () => emulator.call('stats'));
    },
    { forgiven: noConnection },
  ),
);
