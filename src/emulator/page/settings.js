// What the reader chose for this page. A browser may refuse storage; then a choice lasts until the
// page is closed.
const inMemory = new Map();

export function setting(name) {
  try {
    return localStorage.getItem(`telekv.${name}`) ?? inMemory.get(name) ?? '';
  } catch {
    return inMemory.get(name) ?? '';
  }
}

export function keepSetting(name, value) {
  inMemory.set(name, value);
  try {
    localStorage.setItem(`telekv.${name}`, value);
  } catch {
    /* see above */
  }
}
