// The fault switches of the page: what is armed there happens to the bot, and the page follows.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { key, messages, onPage, openChats, operator, sizes, useBrowser } from './browser.mjs';
import { goodToken } from './clicker.mjs';
import { botAnswer, botApi, until } from './harness.mjs';

useBrowser();

const panel = (page) => page.getByRole('complementary', { name: 'Сбои' });
const waiting = (page) => panel(page).getByRole('list', { name: 'Ждут вызова' });
const openPanel = (page) => page.getByRole('button', { name: 'Сбои' }).click();

async function arm(page, { kind, method, count, number }) {
  const form = panel(page);
  await form.getByLabel('Что произойдёт').selectOption(kind);
  if (method) await form.getByRole('combobox', { name: 'Вызов' }).selectOption(method);
  if (count) await form.getByLabel('Сколько вызовов').fill(String(count));
  if (number !== undefined) await form.locator('#fault-number').fill(String(number));
  await form.getByRole('button', { name: 'Включить' }).click();
}

for (const screen of sizes) {
  test(
    `A fault is armed, listed, met by the bot and gone (${screen})`,
    onPage(screen, async (all) => {
      const { page, emulator } = all;
      const [chat] = await openChats(all, ['Аня']);
      await openPanel(page);
      await panel(page).getByText('Сбоев нет.').waitFor();
      await arm(page, { kind: '429', method: 'sendChatAction', number: 7, count: 2 });
      const rule = waiting(page).getByRole('listitem');
      await rule.getByText('sendChatAction · 429, слишком много запросов').waitFor();
      await rule.getByText('повторить через 7 с, вызовов: 2').waitFor();
      const action = { chat_id: chat, action: 'typing' };
      const refused = await botAnswer(emulator, goodToken, 'sendChatAction', action);
      assert.equal(refused.parameters.retry_after, 7);
      await rule.getByText('повторить через 7 с', { exact: true }).waitFor();
      await botAnswer(emulator, goodToken, 'sendChatAction', action);
      await panel(page).getByText('Сбоев нет.').waitFor();
      const after = await botAnswer(emulator, goodToken, 'sendChatAction', action);
      assert.equal(after.ok, true);
    }),
  );

  test(
    `Every kind can be armed; one is taken back, then all (${screen})`,
    onPage(screen, async (all) => {
      const { page, emulator } = all;
      await openChats(all, ['Аня']);
      await openPanel(page);
      const kinds = await panel(page)
        .getByLabel('Что произойдёт')
        .locator('option')
        .evaluateAll((options) => options.map(({ value }) => value));
      const everyKind = '429 500 502 delay cut drop_before drop_after timeout second_poller';
      assert.deepEqual(kinds, everyKind.split(' '));
      // The clicker polls and would meet a second poller at once: that one has its own test.
      const armed = kinds.filter((kind) => kind !== 'second_poller');
      for (const kind of armed) await arm(page, { kind, method: 'setMyCommands' });
      await waiting(page)
        .getByRole('listitem')
        .nth(armed.length - 1)
        .waitFor();
      const { rules } = await emulator.call('faults');
      assert.deepEqual(
        rules.map(({ kind, method }) => [kind, method]),
        armed.map((kind) => [kind, 'setMyCommands']),
      );
      assert.equal(rules.find(({ kind }) => kind === 'timeout').delay_ms, 60_000);
      assert.equal(rules.find(({ kind }) => kind === 'cut').bytes, 20);
      await panel(page)
        .getByRole('button', { name: /^Отменить: setMyCommands · задержка/ })
        .click();
      await until('the delay is taken back', async () => {
        const { rules: left } = await emulator.call('faults');
        return left.length === armed.length - 1 && !left.some(({ kind }) => kind === 'delay');
      });
      await panel(page).getByRole('button', { name: 'Отменить все' }).click();
      await panel(page).getByText('Сбоев нет.').waitFor();
    }),
  );

  test(
    `The clock is moved and told (${screen})`,
    onPage(screen, async (all) => {
      const { page, emulator } = all;
      await openChats(all, ['Аня']);
      await openPanel(page);
      await panel(page).getByRole('button', { name: '+1 день' }).click();
      await panel(page).getByText('спешат на 1 д', { exact: true }).waitFor();
      await panel(page).getByLabel('Секунды').fill('61');
      await panel(page).getByRole('button', { name: 'Перевести' }).click();
      await panel(page).getByText('спешат на 1 д 1 мин 1 с', { exact: true }).waitFor();
      assert.equal((await emulator.call('clock')).advance_s, 86_461);
    }),
  );

  test(
    `A pin is dropped and a message deleted, from the message itself (${screen})`,
    onPage(screen, async (all) => {
      const { page, emulator, clicker } = all;
      const [chat] = await openChats(all, ['Аня']);
      const send = async (text) =>
        (await botApi(emulator, goodToken, 'sendMessage', { chat_id: chat, text })).message_id;
      const doomed = await send('лишнее');
      for (const text of ['первое', 'второе']) {
        const pin = { chat_id: chat, message_id: await send(text) };
        await botApi(emulator, goodToken, 'pinChatMessage', pin);
      }
      const openMenu = async (text) => {
        const bubble = messages(page).getByText(text, { exact: true });
        if (screen === 'phone') await bubble.tap();
        else await bubble.click({ button: 'right' });
        return page.getByRole('menu');
      };
      await page.getByRole('button', { name: /Закреплённое сообщение.*второе/ }).waitFor();
      await page.getByRole('button', { name: 'Открепить' }).click();
      await page.getByRole('button', { name: /Закреплённое сообщение.*первое/ }).waitFor();
      await (await openMenu('первое')).getByRole('menuitem', { name: 'Открепить' }).click();
      await page.getByText('Закреплённое сообщение').waitFor({ state: 'hidden' });
      const menu = await openMenu('лишнее');
      assert.equal(await menu.getByRole('menuitem', { name: 'Открепить' }).count(), 0);
      await menu.getByRole('menuitem', { name: 'Удалить сообщение' }).click();
      await messages(page).getByText('лишнее', { exact: true }).waitFor({ state: 'detached' });
      const { messages: left } = await emulator.chat(clicker.botId, chat);
      assert.ok(!left.some(({ message_id: id }) => id === doomed));
    }),
  );
}

test(
  'A second poller ends the long poll of the bot, which polls again',
  onPage('desktop', async (all) => {
    const { page, emulator } = all;
    await openChats(all, ['Аня']);
    await openPanel(page);
    await arm(page, { kind: 'second_poller' });
    await until('it is met', async () => (await emulator.call('faults')).faults === 0);
    await panel(page).getByText('Сбоев нет.').waitFor();
    await until('the conflict is counted', async () => {
      const { calls } = await emulator.call('stats');
      return calls.getUpdates?.failed > 0;
    });
    await key(page, 'Клик').click();
    await messages(page).getByText('Кликов: 1', { exact: true }).waitFor();
  }),
);

test(
  'A failure of the save, armed from the page, is overcome by the bot',
  onPage('desktop', async (all) => {
    const { page, emulator, clicker } = all;
    await openChats(all, ['Аня']);
    await openPanel(page);
    await arm(page, { kind: 'cut', method: 'editMessageMedia', number: 10 });
    await waiting(page).getByRole('listitem').waitFor();
    await key(page, 'Клик').click();
    await messages(page).getByText('Кликов: 1', { exact: true }).waitFor();
    await panel(page).getByText('Сбоев нет.').waitFor();
    const { pinned_message: root } = await emulator.chat(clicker.botId, operator.id);
    assert.ok(root.document);
  }),
);
