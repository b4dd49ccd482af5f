// The emulator's control API, as the page uses it.
import { toast } from './dom.js';

export async function call(path, { body, method } = {}) {
  const request =
    body === undefined
      ? { method }
      : {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify(body),
        };
  const response = await fetch(`emulator/${path}`, request);
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error ?? `${response.status} ${response.statusText}`);
  return answer;
}

/// Runs something the reader asked for; a failure is told, not thrown. Answers whether it succeeded.
export async function attempt(action) {
  try {
    await action();
    return true;
  } catch (error) {
    toast(error.message);
    return false;
  }
}

/// What a person does in their chat with a bot: `chat` is {bot, person}, ids as text.
const act = (name, chat, what) =>
  attempt(() =>
    call(name, { body: { bot_id: Number(chat.bot), from: Number(chat.person), ...what } }),
  );

export const send = (chat, text) => act('send', chat, { text });
export const tap = (chat, message, data) => act('tap', chat, { message_id: message, data });
export const unpin = (chat, message) => act('unpin', chat, { message_id: message });
export const deleteMessage = (chat, message) =>
  act('delete_message', chat, { message_id: message });
