// The page's texts and numbers, in the first of the browser's languages that there are texts in.
const all = {
  en: {
    title: 'Clicker',
    now: 'Now',
    day: 'The last day',
    running: (time) => `running for ${time}`,
    health: {
      ok: 'Works',
      loading: 'Loads its data',
      stopping: 'Is stopping',
      unsaved: 'Cannot save',
      away: 'No answer',
      locked: 'The token is needed: load the page again',
    },
    users: 'Users',
    clicks: 'Clicks since the start',
    clicksPerMinute: 'Clicks a minute',
    memory: 'Memory',
    ofTable: (size) => `${size} of it the table`,
    stored: 'Backup in the chat',
    storedParts: (base, delta) => `${base} snapshot, ${delta} changes`,
    lastSave: 'Last save',
    ago: (time) => `${time} ago`,
    saveCost: (time, size) => `took ${time}, ${size}`,
    saveTime: 'Time a save takes',
    unsaved: 'Unsaved changes',
    unsavedAge: 'Age of what is not saved',
    chatCall: "Telegram's answer takes",
    verified: 'Restore proven',
    points: (count) => `restore points: ${count}`,
    sequence: 'Sequence',
    epoch: (id) => `root in message ${id}`,
    penalties: 'Penalties by Telegram',
    failed: (count) => `failed calls: ${count}`,
    lost: 'Updates lost',
    replies: (delayed, dropped) => `replies held back: ${delayed}, given up: ${dropped}`,
    never: 'never',
    unknown: 'not known',
    plot: (name, last, high) => `${name}: ${last} now, ${high} at most`,
    atMost: (value) => `max. ${value}`,
    units: ['B', 'KB', 'MB', 'GB'],
  },
  ru: {
    title: 'Кликер',
    now: 'Сейчас',
    day: 'Последние сутки',
    running: (time) => `работает ${time}`,
    health: {
      ok: 'Работает',
      loading: 'Загружает данные',
      stopping: 'Останавливается',
      unsaved: 'Не может сохранить',
      away: 'Нет ответа',
      locked: 'Нужен токен: загрузите страницу заново',
    },
    users: 'Пользователи',
    clicks: 'Клики со времени запуска',
    clicksPerMinute: 'Кликов в минуту',
    memory: 'Память',
    ofTable: (size) => `из неё таблица: ${size}`,
    stored: 'Копия в чате',
    storedParts: (base, delta) => `снимок ${base}, изменения ${delta}`,
    lastSave: 'Последнее сохранение',
    ago: (time) => `${time} назад`,
    saveCost: (time, size) => `заняло ${time}, ${size}`,
    saveTime: 'Длительность сохранения',
    unsaved: 'Не сохранено изменений',
    unsavedAge: 'Возраст несохранённого',
    chatCall: 'Ответ Telegram занимает',
    verified: 'Восстановление проверено',
    points: (count) => `точек восстановления: ${count}`,
    sequence: 'Номер состояния',
    epoch: (id) => `корень в сообщении ${id}`,
    penalties: 'Штрафы Telegram',
    failed: (count) => `неудачных вызовов: ${count}`,
    lost: 'Потеряно обновлений',
    replies: (delayed, dropped) => `ответов задержано: ${delayed}, отброшено: ${dropped}`,
    never: 'никогда',
    unknown: 'неизвестно',
    plot: (name, last, high) => `${name}: сейчас ${last}, не больше ${high}`,
    atMost: (value) => `макс. ${value}`,
    units: ['Б', 'КБ', 'МБ', 'ГБ'],
  },
};

export const language =
  navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => tag in all) ?? 'en';
export const texts = all[language];

const plain = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
const unitOf = (unit, digits = 0) =>
  new Intl.NumberFormat(language, {
    style: 'unit',
    unit,
    unitDisplay: 'short',
    maximumFractionDigits: digits,
  });
const milliseconds = unitOf('millisecond');
const seconds = unitOf('second', 1);
const minutes = unitOf('minute');
const hours = unitOf('hour');
const days = unitOf('day');
const clock = new Intl.DateTimeFormat(language, {
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});

export const count = (number) => plain.format(number);
/// Of a moment in seconds since 1970.
export const timeOfDay = (time) => clock.format(time * 1000);

export function size(bytes) {
  if (bytes === null) return texts.unknown;
  const unit = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), texts.units.length - 1);
  return `${short.format(bytes / 1024 ** unit)}\u00a0${texts.units[unit]}`;
}

/// In the largest unit that fits, and from a minute on in two, unless the second is 0.
export function duration(time) {
  if (time === 0) return seconds.format(0);
  if (time < 1) return milliseconds.format(time * 1000);
  if (time < 60) return seconds.format(time);
  const both = (large, each, largeUnit, smallUnit) => {
    const rest = Math.floor((time % large) / each);
    const most = largeUnit.format(Math.floor(time / large));
    return rest === 0 ? most : `${most} ${smallUnit.format(rest)}`;
  };
  if (time < 3600) return both(60, 1, minutes, unitOf('second'));
  if (time < 86400) return both(3600, 60, hours, minutes);
  return both(86400, 3600, days, hours);
}
