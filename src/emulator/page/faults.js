// The panel of faults: which ones wait, arming one, taking it back, and the emulator's clock.
import { attempt, call } from './api.js';
import { $, crossPath, element, iconButton, toast } from './dom.js';
import { nameOf, state } from './state.js';
import { language, t } from './texts.js';

/// The kinds as the control API names them; each with the one number that it takes, if any.
const kinds = {
  429: { number: 'retry_after', value: 5, most: 1_000_000 },
  502: {},
  500: {},
  delay: { number: 'delay_ms', value: 5, most: 600, times: 1000 },
  cut: { number: 'bytes', value: 20, least: 0, most: 1_000_000_000 },
  drop_before: {},
  drop_after: {},
  timeout: { number: 'delay_ms', value: 60, most: 600, times: 1000 },
  second_poller: { method: 'getUpdates' },
};
const anyMethod = '*';
const downloads = 'file';

const isOpen = () => !$('faults').hidden;

let waiting = 0;

/// On every button that opens the panel; chats bring their own.
export function showFaultCount() {
  for (const badge of document.querySelectorAll('.fault-count')) {
    badge.hidden = waiting === 0;
    badge.textContent = waiting;
  }
}

export async function refreshFaults() {
  const [{ faults, rules }, clock] = await Promise.all([call('faults'), call('clock')]);
  waiting = faults;
  showFaultCount();
  $('fault-rules').replaceChildren(...rules.map(ruleNode));
  $('no-faults').hidden = faults > 0;
  $('clear-faults').hidden = faults === 0;
  $('clock-now').textContent = new Date(clock.now * 1000).toLocaleString(language, {
    dateStyle: 'medium',
    timeStyle: 'short',
  });
  $('clock-ahead').textContent = clock.advance_s === 0 ? '' : t.ahead(duration(clock.advance_s));
}

const methodName = (method) =>
  ({ [anyMethod]: t.anyMethod, [downloads]: t.downloads })[method] ?? method;

function ruleNode(rule) {
  const { number, times = 1 } = kinds[rule.kind] ?? {};
  const bot = state.bots.find(({ id }) => id === rule.bot_id);
  const details = [
    number && t.faultNumbers[number](rule[number] / times),
    rule.count > 1 && t.times(rule.count),
    rule.bot_id && state.bots.length > 1 && nameOf(bot ?? { id: rule.bot_id }),
  ].filter(Boolean);
  const text = [methodName(rule.method), t.faultNames[rule.kind] ?? rule.kind].join(' · ');
  return element(
    'li',
    {},
    element(
      'span',
      { className: 'who' },
      element('b', {}, text),
      element('span', { className: 'faint' }, details.join(', ')),
    ),
    iconButton(crossPath, t.takeBack(text), () =>
      attempt(() => call(`faults?id=${rule.id}`, { method: 'DELETE' })),
    ),
  );
}

function duration(seconds) {
  const days = Math.floor(seconds / 86400);
  const hours = Math.floor((seconds % 86400) / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return t.duration({ days, hours, minutes, seconds: seconds % 60 });
}

/// The form asks for what the chosen kind needs.
function showKind() {
  const { number, value, least = 1, most, method } = kinds[$('fault-kind').value];
  $('fault-about').textContent = t.faultEffects[$('fault-kind').value];
  $('fault-method').disabled = method !== undefined;
  if (method) $('fault-method').value = method;
  $('fault-number-field').hidden = number === undefined;
  $('fault-number').disabled = number === undefined;
  if (!number) return;
  $('fault-number-name').textContent = t.faultNumberNames[number];
  Object.assign($('fault-number'), { min: least, max: most, value });
}

const option = (value, text) => element('option', { value }, text);

export async function fillFaultForm() {
  $('fault-kind').replaceChildren(
    // 429, 500, 502 are integer keys, which an object lists first and in order.
    ...Object.keys(kinds).map((kind) => option(kind, t.faultNames[kind])),
  );
  showKind();
  const { methods } = await call('methods');
  $('fault-method').replaceChildren(
    ...[anyMethod, downloads, ...methods].map((name) => option(name, methodName(name))),
  );
  if (methods.includes('sendMessage')) $('fault-method').value = 'sendMessage';
  showKind();
}

const arm = () =>
  attempt(async () => {
    const kind = $('fault-kind').value;
    const { number, times = 1 } = kinds[kind];
    const body = { kind, method: $('fault-method').value, count: Number($('fault-times').value) };
    if (number) body[number] = Math.round(Number($('fault-number').value) * times);
    if (state.bot && state.bots.length > 1) body.bot_id = Number(state.bot);
    await call('faults', { body });
    toast(t.armed);
  });

const advance = (seconds) => attempt(() => call('clock', { body: { advance_s: seconds } }));

function show(wanted) {
  $('faults').hidden = !wanted;
  for (const toggle of document.querySelectorAll('.faults-toggle'))
    toggle.setAttribute('aria-expanded', String(wanted));
}

let opener = null;

function open(toggle) {
  opener = toggle;
  show(true);
  refreshFaults().catch(() => {});
  $('faults-close').focus();
}

function close() {
  show(false);
  // On a phone the panel covers everything, and the button that opened it may be gone since.
  const back = [opener, ...document.querySelectorAll('.faults-toggle')];
  back.find((toggle) => toggle?.checkVisibility())?.focus();
}

export function listenToFaults() {
  // The buttons that open the panel come and go with the chats.
  document.addEventListener('click', ({ target }) => {
    const toggle = target.closest('.faults-toggle');
    if (toggle) isOpen() ? close() : open(toggle);
  });
  $('faults').addEventListener('keydown', ({ key }) => {
    if (key === 'Escape') close();
  });
  $('faults-close').addEventListener('click', close);
  $('fault-kind').addEventListener('change', showKind);
  $('fault-form').addEventListener('submit', (event) => {
    event.preventDefault();
    arm();
  });
  $('clear-faults').addEventListener('click', () =>
    attempt(() => call('faults', { method: 'DELETE' })),
  );
  for (const button of $('clock').querySelectorAll('[data-seconds]'))
    button.addEventListener('click', () => advance(Number(button.dataset.seconds)));
  $('clock-form').addEventListener('submit', (event) => {
    event.preventDefault();
    advance(Number($('clock-seconds').value));
  });
}
