// The page as its reader has it: light or dark, Russian or English, by keyboard alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { messages, onPage, openChats, operator, sizes, useBrowser } from './browser.mjs';
import { goodToken } from './clicker.mjs';
import { botApi } from './harness.mjs';

useBrowser();

/// Every text on the screen with less contrast than WCAG AA wants, as [text, ratio].
const faintTexts = (page) =>
  page.evaluate(() => {
    const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
    const over = (colors) => {
      canvas.clearRect(0, 0, 1, 1);
      for (const color of colors) {
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
      }
      return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const luminance = (rgb) => {
      const [r, g, b] = rgb.map((value) => {
        const part = value / 255;
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const lineage = (node) => (node ? [...lineage(node.parentElement), node] : []);
    const faint = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const parent = texts.currentNode.parentElement;
      const text = texts.currentNode.data.trim();
      const isShown = parent.checkVisibility({ opacityProperty: true });
      if (text === '' || !isShown || parent.closest('template, option, :disabled')) continue;
      const backgrounds = lineage(parent).map((node) => getComputedStyle(node).backgroundColor);
      const behind = luminance(over(['white', ...backgrounds]));
      const ink = luminance(over(['white', ...backgrounds, getComputedStyle(parent).color]));
      const ratio = (Math.max(behind, ink) + 0.05) / (Math.min(behind, ink) + 0.05);
      if (ratio < 4.5) faint.push([text, Number(ratio.toFixed(2))]);
    }
    return faint;
  });

const ground = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
const focused = (page) =>
  page.evaluate(() => {
    const node = document.activeElement;
    return node.getAttribute('aria-label') ?? node.innerText.trim();
  });

for (const screen of sizes) {
  for (const theme of ['light', 'dark']) {
    test(
      `Every text can be read, ${theme} (${screen})`,
      onPage(screen, async (all) => {
        const { page, emulator } = all;
        await page.emulateMedia({ colorScheme: theme });
        const [chat] = await openChats(all, ['Аня']);
        const bot = (method, parameters) =>
          botApi(emulator, goodToken, method, { chat_id: chat, ...parameters });
        const entities = [
          { type: 'text_link', offset: 0, length: 6, url: 'http://127.0.0.1/' },
          { type: 'code', offset: 7, length: 3 },
        ];
        const reply_markup = { inline_keyboard: [[{ text: 'Кнопка', callback_data: 'x' }]] };
        const sent = await bot('sendMessage', { text: 'ссылка код', entities, reply_markup });
        await bot('pinChatMessage', { message_id: sent.message_id });
        await bot('forwardMessage', { from_chat_id: chat, message_id: sent.message_id });
        await page.getByText('Закреплённое сообщение').waitFor();
        await messages(page)
          .getByText(/Переслано/)
          .waitFor();
        assert.deepEqual(await faintTexts(page), []);
        await page.getByRole('button', { name: 'Сбои' }).click();
        await page.getByRole('button', { name: 'Включить' }).click();
        await page.getByRole('list', { name: 'Ждут вызова' }).getByRole('listitem').waitFor();
        assert.deepEqual(await faintTexts(page), []);
        await page.goto(`${emulator.root}/#bot=1`);
        await page.reload();
        await page.getByRole('button', { name: 'Новый человек' }).click();
        await page.getByRole('heading', { name: 'Новый человек' }).waitFor();
        assert.deepEqual(await faintTexts(page), []);
      }),
    );
  }

  test(
    `Light and dark follow the system until one is chosen, and the choice stays (${screen})`,
    onPage(screen, async ({ page }) => {
      await page.emulateMedia({ colorScheme: 'light' });
      const light = await ground(page);
      await page.emulateMedia({ colorScheme: 'dark' });
      const dark = await ground(page);
      assert.notEqual(light, dark);
      await page.getByLabel('Тема').selectOption('light');
      assert.equal(await ground(page), light);
      await page.reload();
      assert.equal(await ground(page), light);
      await page.getByLabel('Тема').selectOption('system');
      assert.equal(await ground(page), dark);
    }),
  );

  test(
    `The language is the browser's until one is chosen, and the choice stays (${screen})`,
    onPage(
      screen,
      async ({ page }) => {
        await page.getByRole('button', { name: 'New person' }).waitFor();
        assert.equal(await page.locator('html').getAttribute('lang'), 'en');
        await page.getByRole('combobox', { name: 'Language' }).selectOption('ru');
        await page.getByRole('button', { name: 'Новый человек' }).waitFor();
        await page.reload();
        await page.getByRole('button', { name: 'Новый человек' }).waitFor();
        assert.equal(await page.locator('html').getAttribute('lang'), 'ru');
      },
      { locale: 'en-US' },
    ),
  );
}

test(
  'Both languages say everything, each in its own letters',
  onPage('desktop', async ({ page }) => {
    const said = await page.evaluate(async () => {
      const { texts } = await import('/texts.js');
      const leaves = (value, path) =>
        typeof value === 'object'
          ? Object.entries(value).flatMap(([name, part]) => leaves(part, [...path, name]))
          : [[path.join('.'), typeof value === 'string' ? value : null]];
      const roots = [document, document.querySelector('template').content];
      const asked = roots
        .flatMap((root) => [...root.querySelectorAll('*')])
        .flatMap(({ dataset: { t, tLabel, tTip, tHint } = {} }) => [t, tLabel, tTip, tHint])
        .filter(Boolean);
      return { en: leaves(texts.en, []), ru: leaves(texts.ru, []), asked };
    });
    const names = (list) => list.map(([name]) => name).sort();
    assert.deepEqual(names(said.en), names(said.ru));
    assert.deepEqual(
      said.asked.filter((name) => !names(said.en).includes(name)),
      [],
    );
    const wrongLetters = (list, letters) =>
      list.filter(([, text]) => text !== null && letters.test(text)).map(([name]) => name);
    assert.deepEqual(wrongLetters(said.en, /\p{Script=Cyrillic}/u), []);
    assert.deepEqual(wrongLetters(said.ru, /^[^\p{Script=Cyrillic}]*$/u), []);
  }),
);

test(
  'Every control has a name and, when it has the focus, an outline',
  onPage('desktop', async (all) => {
    const { page } = all;
    await openChats(all, ['Аня', 'Борис']);
    await page.getByRole('button', { name: 'Сбои' }).click();
    await page.keyboard.press('Escape');
    const seen = new Set();
    for (let step = 0; step < 80; step += 1) {
      await page.keyboard.press('Tab');
      const at = await page.evaluate(() => {
        const node = document.activeElement;
        if (node === document.body) return null;
        const { outlineStyle, outlineWidth } = getComputedStyle(node);
        const line = getComputedStyle(node.closest('.composer') ?? node).boxShadow;
        const name =
          node.getAttribute('aria-label') ??
          (node.labels?.[0]?.innerText || node.innerText || node.title);
        return {
          name: name.trim().split('\n')[0],
          node: node.outerHTML.slice(0, 120),
          outlined: (outlineStyle !== 'none' && outlineWidth !== '0px') || line !== 'none',
        };
      });
      if (at === null) break;
      assert.notEqual(at.name, '', at.node);
      assert.ok(at.outlined, at.node);
      seen.add(at.name);
    }
    for (const name of ['Новый человек', 'Тема', 'Язык', 'Сообщения', 'Сообщение', 'Клик'])
      assert.ok(seen.has(name), `${name} is reached by Tab: ${[...seen].join(', ')}`);
  }),
);

test(
  'People, messages, menus and the panel are used by keyboard alone',
  onPage('desktop', async (all) => {
    const { page, emulator } = all;
    const [chat] = await openChats(all, ['Аня', 'Борис']);
    const text = 'последнее';
    await botApi(emulator, goodToken, 'sendMessage', { chat_id: chat, text });
    await messages(page).getByText(text, { exact: true }).waitFor();

    await page.getByRole('link', { name: /Operator/ }).focus();
    await page.keyboard.press('ArrowDown');
    assert.match(await focused(page), /^.*Аня/s);
    await page.keyboard.press('End');
    assert.match(await focused(page), /^.*Борис/s);
    await page.keyboard.press('Home');
    assert.match(await focused(page), new RegExp(operator.first_name));
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    assert.equal(await focused(page), 'Сообщение', 'an open chat takes the focus');

    for (let steps = 0; (await focused(page)) !== 'Сообщения'; steps += 1) {
      assert.ok(steps < 6, 'the messages come shortly before the field');
      await page.keyboard.press('Shift+Tab');
    }
    await page.keyboard.press('ArrowUp');
    assert.match(await focused(page), new RegExp(text));
    await page.keyboard.press('ArrowUp');
    assert.match(await focused(page), /Приветствую/);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    assert.equal(await focused(page), 'Удалить сообщение');
    await page.keyboard.press('Escape');
    assert.match(await focused(page), new RegExp(text), 'a closed menu gives the focus back');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await messages(page).getByText(text, { exact: true }).waitFor({ state: 'detached' });

    const toggle = page.getByRole('button', { name: 'Сбои' });
    await toggle.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('complementary', { name: 'Сбои' }).waitFor();
    assert.equal(await focused(page), 'Закрыть');
    await page.keyboard.press('Escape');
    await page.getByRole('complementary', { name: 'Сбои' }).waitFor({ state: 'hidden' });
    assert.equal(await focused(page), 'Сбои');
    assert.equal(await toggle.getAttribute('aria-expanded'), 'false');
  }),
);
