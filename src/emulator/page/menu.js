// What can be done to a message: a small menu beside it. It is a popover, so Escape and a click
// elsewhere close it.
import { deleteMessage, unpin } from './api.js';
import { $, element, walkWithArrows } from './dom.js';
import { t } from './texts.js';

let opener = null;

/// `owner` is the message's node: it gets the focus back.
export function openMenu(owner, chat, message) {
  const items = [item(t.deleteMessage, () => deleteMessage(chat, message.message_id))];
  if (message.pinned) items.unshift(item(t.unpin, () => unpin(chat, message.message_id)));
  opener = owner;
  const menu = $('message-menu');
  menu.replaceChildren(...items);
  menu.showPopover();
  place(menu, owner.querySelector('.bubble') ?? owner);
  items[0].focus();
}

function item(text, action) {
  const button = element('button', { type: 'button' }, text);
  button.setAttribute('role', 'menuitem');
  button.addEventListener('click', () => {
    $('message-menu').hidePopover();
    action();
  });
  return button;
}

const gap = 4;

function place(menu, beside) {
  const { left, right, top, bottom } = beside.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const below = Math.min(bottom, innerHeight - gap) + gap;
  menu.style.top = `${below + height > innerHeight ? Math.max(gap, top - height - gap) : below}px`;
  const wanted = beside.closest('.mine') ? right - width : left;
  menu.style.left = `${Math.max(gap, Math.min(wanted, innerWidth - width - gap))}px`;
}

export function listenToMenu() {
  walkWithArrows($('message-menu'), '[role=menuitem]');
  $('message-menu').addEventListener('toggle', ({ newState }) => {
    if (newState === 'closed' && document.activeElement === document.body) opener?.focus();
  });
}
