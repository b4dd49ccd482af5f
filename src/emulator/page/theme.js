// Not a module, so that it runs before the first paint: a page chosen dark never flashes light.
try {
  document.documentElement.dataset.theme = localStorage.getItem('telekv.theme') || 'system';
} catch {
  document.documentElement.dataset.theme = 'system';
}
