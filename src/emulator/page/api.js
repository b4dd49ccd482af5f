// The emulator's control API, as the page uses it.
import { toast } from './dom.js';
import { state } from './state.js';

export async function call(path, { body, signal } = {}) {
  const request =
    body === undefined
      ? { signal }
      : {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify(body),
          signal,
        };
  const response = await fetch(`emulator/${path}`, request);
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error ?? `${response.status} ${response.statusText}`);
  return answer;
}

/// Runs something the person asked for; a failure is told, not thrown. Answers whether it succeeded.
async function attempt(action) {
  try {
    await action();
    return true;
  } catch (error) {
    toast(error.message);
    return false;
  }
}

export const send = (text) =>
  attempt(() =>
    call('send', { body: { bot_id: Number(state.bot), from: Number(state.person), text } }),
  );

export const tap = (message, data) =>
  attempt(async () => {
    await call('tap', {
      body: { bot_id: Number(state.bot), from: Number(state.person), message_id: message, data },
    });
  });
