// Elements of the page, found, made and walked through.
import { nameOf } from './state.js';

export const $ = (id) => document.getElementById(id);

/// Makes an element; strings among the children become text nodes: what a bot sends is never markup.
export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children.filter((child) => child !== null));
  return made;
}

export function icon(path) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  const shape = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  shape.setAttribute('d', path);
  svg.append(shape);
  return svg;
}

/// The first letter of a name on its own colour.
export function avatar(party, place = element('span', { className: 'avatar' })) {
  place.textContent =
    [...nameOf(party)].find((sign) => /[\p{L}\p{N}]/u.test(sign))?.toUpperCase() ?? '•';
  place.style.setProperty('--tint', Number(party.id) % 7);
  place.setAttribute('aria-hidden', 'true');
  return place;
}

/// A round button that is an icon; what it does is its label and its tooltip.
export function iconButton(path, label, onClick, className = 'round') {
  const button = element('button', { type: 'button', className, title: label }, icon(path));
  button.setAttribute('aria-label', label);
  button.addEventListener('click', onClick);
  return button;
}

export const crossPath = 'M6 6l12 12M18 6L6 18';

/// Up and down move the focus among the items of a list; Home and End go to its ends.
export function walkWithArrows(list, selector) {
  list.addEventListener('keydown', (event) => {
    const items = [...list.querySelectorAll(selector)];
    const here = items.indexOf(event.target);
    if (here < 0) return;
    const next = {
      ArrowDown: items[here + 1],
      ArrowUp: items[here - 1],
      Home: items[0],
      End: items.at(-1),
    }[event.key];
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
}

/// Puts the nodes in place, touching only what moved: focus and text selection survive.
export function settle(parent, nodes) {
  nodes.forEach((node, position) => {
    const there = parent.childNodes[position];
    if (there === node) return;
    if (there && !nodes.includes(there)) there.replaceWith(node);
    else parent.insertBefore(node, there ?? null);
  });
  while (parent.childNodes.length > nodes.length) parent.lastChild.remove();
}

let toastTimer = 0;
export function toast(message) {
  $('toast').textContent = message;
  $('toast').hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => {
    $('toast').hidden = true;
  }, 5000);
}
