// The clicker as one writes it today with grammY and its runner.
import { run, sequentialize } from '@grammyjs/runner';
import { Bot, InputFile } from 'grammy';
import { agent, keyboard, keys, Players, report, settings } from './players.mjs';

const players = Players.restore();
const bot = new Bot(settings.token, {
  client: { apiRoot: settings.apiRoot, baseFetchConfig: { agent } },
});

bot.use(sequentialize((context) => context.chat?.id.toString()));
bot.hears(keys.click, (context) => context.reply(players.click(context.chat.id)));
bot.hears(keys.rating, (context) => context.reply(players.rating(context.chat.id)));
bot.command('start', (context) =>
  context.reply(players.start(context.chat.id, context.from.first_name), {
    reply_markup: { keyboard, resize_keyboard: true },
  }),
);
bot.on('message:text', (context) => context.reply(players.hint(context.chat.id)));
bot.catch((failure) => report(failure.error));

const timer = players.backUp((bytes) =>
  bot.api.sendDocument(settings.admin, new InputFile(bytes, 'users.json')),
);
await bot.init();
const runner = run(bot);
process.once('SIGTERM', () => {
  clearInterval(timer);
  runner.stop();
});
players.sayReady();
