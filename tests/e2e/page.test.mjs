// The chat page in a real browser, against the built emulator and the built clicker.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import {
  accessible,
  createPerson,
  key,
  messages,
  onPage,
  openChats,
  operator,
  screens,
  sizes,
  useBrowser,
} from './browser.mjs';

useBrowser();

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

for (const screen of sizes) {
  for (const colorScheme of ['light', 'dark']) {
    test(
      `Nothing stands in the way of who sees little or uses no mouse (${screen}, ${colorScheme})`,
      onPage(screen, async (place) => {
        await place.page.emulateMedia({ colorScheme });
        await place.page.getByRole('button', { name: 'Новый человек' }).waitFor();
        await accessible(place.page);
        await openChats(place, ['Аня']);
        await accessible(place.page);
      }),
    );
  }
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
