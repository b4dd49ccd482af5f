// The clicker as one writes it today with telegraf.
import { Input, Markup, Telegraf } from 'telegraf';
import { message } from 'telegraf/filters';
import { agent, keyboard, keys, Players, report, settings } from './players.mjs';

// Telegraf takes no agent for an address that begins with http:// and then connects anew for each
// call; an address is the same in capitals.
const apiRoot = settings.apiRoot.replace(/^http:/, 'HTTP:');

const players = Players.restore();
const bot = new Telegraf(settings.token, { telegram: { apiRoot, agent } });

bot.hears(keys.click, (context) => context.reply(players.click(context.chat.id)));
bot.hears(keys.rating, (context) => context.reply(players.rating(context.chat.id)));
bot.start((context) =>
  context.reply(
    players.start(context.chat.id, context.from.first_name),
    Markup.keyboard(keyboard).resize(),
  ),
);
bot.on(message('text'), (context) => context.reply(players.hint(context.chat.id)));
bot.catch(report);

const timer = players.backUp((bytes) =>
  bot.telegram.sendDocument(settings.admin, Input.fromBuffer(bytes, 'users.json')),
);
process.once('SIGTERM', () => {
  clearInterval(timer);
  if (bot.polling) bot.stop();
  else process.exit(0);
});
await bot.launch(() => players.sayReady());
