// One chat on the screen: what is in it and what the person does there. It is read anew when the
// emulator tells that it has changed (events.js).
import { call, send, unpin } from './api.js';
import { $, avatar, element, settle, toast } from './dom.js';
import { bubbleNode, serviceNode, summary } from './message.js';
import { nameOf, pageOfMessages } from './state.js';
import { language, t, translate } from './texts.js';

const mostMessages = 1000; // what the emulator hands out at once
const nearTheEnd_px = 60;

export class Chat {
  version = null; // of what is shown; null: nothing yet
  #parties = null;
  #content = null;
  #limit = pageOfMessages;
  #reading = null;
  #changedMeanwhile = false;
  #keysWanted = true;
  #answerSeen = null;
  #atEnd = true;
  #shown = new Map(); // message id -> {source, node}; a node is made anew only when its source changed

  constructor(bot, person) {
    Object.assign(this, { bot, person });
    this.node = $('chat-template').content.cloneNode(true).firstElementChild;
    translate(this.node);
    this.#listen();
    this.read();
  }

  #part = (name) => this.node.querySelector(`[data-part="${name}"]`);

  /// Shows who talks to whom, as the emulator lists them.
  entitle(bot, person) {
    this.#parties = { bot, person };
    this.node.setAttribute('aria-label', t.chatOf(nameOf(person)));
    this.#part('person').textContent = nameOf(person);
    this.#part('person').title = t.writingAs(nameOf(person));
  }

  /// A chat alone is headed by the bot, as on the person's phone; among others, by the person.
  setAlone(alone) {
    const { bot, person } = this.#parties;
    avatar(alone ? bot : person, this.#part('avatar'));
    this.#part('title').textContent = nameOf(alone ? bot : person);
    this.#part('line').textContent = alone ? `@${bot.username}` : t.writingTo(nameOf(bot));
    this.#part('person').hidden = !alone;
  }

  focus() {
    this.#part('text').focus();
  }

  /// Reads the chat; a call while one is under way lets it read once more.
  read() {
    this.#changedMeanwhile = this.#reading !== null;
    this.#reading ??= this.#readAll().finally(() => {
      this.#reading = null;
    });
  }

  async #readAll() {
    do {
      this.#changedMeanwhile = false;
      try {
        const path = `chats/${this.person}/messages?bot_id=${this.bot}&limit=${this.#limit}`;
        this.#show(await call(path));
      } catch {
        // The emulator is away. It may count its versions anew when it is back.
        this.version = null;
      }
    } while (this.#changedMeanwhile);
  }

  #show(content) {
    const answer = content.callback_answer;
    if (this.#content && answer && answer.callback_query_id !== this.#answerSeen)
      toast(answer.text);
    this.#answerSeen = answer?.callback_query_id ?? null;
    this.#content = content;
    this.version = content.version;
    this.#showPin();
    this.#showKeys();
    this.#showMessages();
  }

  #showMessages() {
    const all = this.#content.messages;
    const firstSight = this.#shown.size === 0;
    const nodes = all.length === 0 ? [element('p', { className: 'service' }, t.fresh)] : [];
    if (all.length === this.#limit && all.length < mostMessages) nodes.push(this.#earlierButton());
    let day = '';
    for (const message of all) {
      const date = new Date(message.date * 1000).toLocaleDateString(language, {
        day: 'numeric',
        month: 'long',
      });
      if (date !== day) nodes.push(element('div', { className: 'day' }, date));
      day = date;
      nodes.push(this.#messageNode(message, firstSight));
    }
    const present = new Set(all.map((message) => message.message_id));
    for (const id of this.#shown.keys()) if (!present.has(id)) this.#shown.delete(id);
    settle(this.#part('log'), nodes);
    this.#keepEnd();
  }

  #messageNode(message, firstSight) {
    const source = JSON.stringify(message);
    const known = this.#shown.get(message.message_id);
    if (known?.source === source) return known.node;
    const node = message.pinned_message ? serviceNode(this, message) : bubbleNode(this, message);
    node.dataset.id = message.message_id;
    if (known && !firstSight && message.edit_date) node.classList.add('changed');
    this.#shown.set(message.message_id, { source, node });
    return node;
  }

  /// A new message or an opening keyboard keeps the end in sight, unless the reader scrolled away.
  #keepEnd() {
    if (this.#atEnd) this.#part('log').scrollTop = this.#part('log').scrollHeight;
  }

  #earlierButton() {
    const button = element('button', { className: 'earlier', type: 'button' }, t.earlier);
    button.addEventListener('click', () => {
      this.#limit = mostMessages;
      this.read();
    });
    return button;
  }

  #showPin() {
    const pinned = this.#content.pinned_message;
    this.#part('pin').hidden = !pinned;
    if (pinned) this.#part('pin-text').textContent = summary(pinned);
  }

  #goToPin() {
    const node = this.#shown.get(this.#content.pinned_message?.message_id)?.node;
    node?.scrollIntoView({ block: 'center' });
    node?.classList.remove('changed');
    requestAnimationFrame(() => node?.classList.add('changed'));
  }

  #showKeys() {
    const markup = this.#content.reply_keyboard;
    // As in Telegram, Start is offered until the person has written.
    const fresh =
      !markup && !this.#content.messages.some(({ from }) => String(from?.id) === this.person);
    const rows = fresh
      ? [[{ text: t.start, sends: '/start', accent: true }]]
      : (markup?.keyboard ?? []);
    const [toggle, keys] = [this.#part('keys-toggle'), this.#part('keys')];
    toggle.hidden = rows.length === 0 || fresh;
    toggle.setAttribute('aria-pressed', String(this.#keysWanted));
    keys.hidden = rows.length === 0 || !(this.#keysWanted || fresh);
    this.#part('text').placeholder = markup?.input_field_placeholder || t.message;
    const source = JSON.stringify(rows);
    if (keys.dataset.source === source) return;
    keys.dataset.source = source;
    keys.replaceChildren(
      ...rows.map((row) =>
        element('div', { className: 'row' }, ...row.map((key) => this.#keyNode(key, markup))),
      ),
    );
  }

  #keyNode(key, markup) {
    const { text, sends, accent } = typeof key === 'string' ? { text: key } : key;
    const button = element('button', { type: 'button', className: accent ? 'accent' : '' }, text);
    button.addEventListener('click', () => {
      if (markup?.one_time_keyboard) this.#keysWanted = false;
      send(this, sends ?? text);
    });
    return button;
  }

  // ---- What the reader does ----------------------------------------------------------------------

  #allowSend() {
    this.#part('send').disabled = this.#part('text').value.trim() === '';
  }

  async #submit() {
    const field = this.#part('text');
    const text = field.value.trim();
    if (text === '') return;
    field.value = '';
    this.#allowSend();
    // What could not be sent comes back, unless something new was typed meanwhile.
    if (!(await send(this, text)) && field.value === '') field.value = text;
    this.#allowSend();
  }

  #listen() {
    this.#allowSend();
    this.#part('composer').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#part('text').addEventListener('input', () => this.#allowSend());
    this.#part('text').addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#submit();
    });
    this.#part('keys-toggle').addEventListener('click', () => {
      this.#keysWanted = !this.#keysWanted;
      this.#showKeys();
    });
    this.#part('pin-go').addEventListener('click', () => this.#goToPin());
    this.#part('pin-drop').addEventListener('click', () =>
      unpin(this, this.#content.pinned_message?.message_id),
    );
    const log = this.#part('log');
    log.addEventListener('scroll', () => {
      this.#atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < nearTheEnd_px;
    });
    log.addEventListener('keydown', (event) => this.#walk(event));
    new ResizeObserver(() => this.#keepEnd()).observe(log);
  }

  /// Up and down walk through the messages, from the last one; Escape goes back to writing.
  #walk(event) {
    const log = this.#part('log');
    const messages = [...log.querySelectorAll('[data-item]')];
    const here = messages.indexOf(event.target);
    if (event.target !== log && here < 0) return;
    if (event.key === 'Escape') this.focus();
    const next = {
      ArrowUp: here < 0 ? messages.at(-1) : messages[here - 1],
      ArrowDown: here < 0 ? messages.at(-1) : messages[here + 1],
    }[event.key];
    if (!next) return;
    event.preventDefault();
    next.focus();
  }
}
