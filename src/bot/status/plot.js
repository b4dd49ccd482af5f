// One value over time as a line over a filled area. A gap in the samples, or a value that is not
// known, is a gap in the line. What the picture shows is also said in its label.
import { texts, timeOfDay } from './texts.js';

const [width, height] = [600, 180];
const [left, right, top, bottom] = [0, 594, 12, 150];
const leastSpan_s = 600;
const longestStep_s = 150; // samples are a minute apart
const spans_s = [120, 300, 600, 900, 1800, 3600, 7200, 10800, 14400, 21600];
const widestTick = 6;

function shape(tag, attributes, ...children) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/// Runs of points that belong together.
function runsOf(points) {
  const runs = [];
  let before = -Infinity;
  for (const point of points) {
    if (point.value === null) continue;
    if (point.time - before > longestStep_s) runs.push([]);
    runs.at(-1).push(point);
    before = point.time;
  }
  return runs;
}

/// Round local times within the span, not too many.
function ticksOf(begin, end) {
  const step = spans_s.find((span) => (end - begin) / span <= widestTick) ?? spans_s.at(-1);
  const offset = new Date(end * 1000).getTimezoneOffset() * 60;
  const ticks = [];
  for (let at = Math.ceil((begin - offset) / step) * step + offset; at < end; at += step)
    ticks.push(at);
  return ticks;
}

export class Plot {
  #picture;
  #caption;

  /// `say` tells a value as text.
  constructor(name, say) {
    Object.assign(this, { name, say });
    this.element = document.createElement('figure');
    this.#caption = document.createElement('figcaption');
    this.#picture = shape('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img' });
    this.element.append(this.#caption, this.#picture);
  }

  /// `points` are {time, value}, by ascending time.
  draw(points) {
    const known = points.filter(({ value }) => value !== null);
    const end = points.at(-1).time;
    const begin = Math.min(points[0].time, end - leastSpan_s);
    const high = known.reduce((most, { value }) => Math.max(most, value), 0);
    const x = (time) => left + ((time - begin) / (end - begin)) * (right - left);
    const y = (value) => bottom - (value / (high || 1)) * (bottom - top);
    this.#picture.replaceChildren(
      ...this.#axes(ticksOf(begin, end), x),
      ...runsOf(points).flatMap((run) => this.#run(run, x, y)),
    );
    if (known.length > 0) {
      const { time, value } = known.at(-1);
      this.#picture.append(shape('circle', { class: 'dot', cx: x(time), cy: y(value), r: 5 }));
    }
    const last = known.length === 0 ? texts.unknown : this.say(known.at(-1).value);
    this.#say(last, this.say(high));
  }

  #axes(ticks, x) {
    const base = shape('line', { class: 'axis', x1: left, x2: right, y1: bottom, y2: bottom });
    const marks = ticks.flatMap((at) => {
      const place = x(at);
      if (place < 24 || place > right - 24) return [];
      return [
        shape('line', { class: 'grid', x1: place, x2: place, y1: top, y2: bottom }),
        shape('text', { x: place, y: height - 4 }, timeOfDay(at)),
      ];
    });
    return [...marks, base];
  }

  #run(run, x, y) {
    const corners = run.map(({ time, value }) => `${x(time).toFixed(1)},${y(value).toFixed(1)}`);
    const from = x(run[0].time).toFixed(1);
    const to = x(run.at(-1).time).toFixed(1);
    if (corners.length === 1) corners.push(corners[0]); // else nothing of it would be seen
    return [
      shape('polygon', {
        class: 'area',
        points: `${from},${bottom} ${corners.join(' ')} ${to},${bottom}`,
      }),
      shape('polyline', { class: 'line', points: corners.join(' ') }),
    ];
  }

  #say(last, high) {
    const name = document.createElement('b');
    name.textContent = this.name;
    const value = document.createElement('span');
    value.textContent = last;
    const most = document.createElement('small');
    most.textContent = texts.atMost(high);
    this.#caption.replaceChildren(name, value, most);
    this.#picture.setAttribute('aria-label', texts.plot(this.name, last, high));
  }
}
