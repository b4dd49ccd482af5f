// monitoring/: Prometheus' own tool accepts it, the alerts fire when they should, and every metric it
// names is one that the clicker serves.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Clicker, botId, crowd, freePort, registerAndClick, texts } from './clicker.mjs';
import { Emulator, inPlace, until } from './harness.mjs';

const pathOf = (name) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const operator = { id: 2 ** 40 + 1, first_name: 'Operator', language_code: 'ru' };

function promtool(args, input) {
  const { status, stdout, stderr, error } = spawnSync('promtool', args, {
    input,
    encoding: 'utf8',
  });
  assert.equal(error, undefined, 'promtool is needed: scripts/install-dependencies test');
  assert.equal(status, 0, `promtool ${args.join(' ')}:\n${stdout}${stderr}`);
}

test('Prometheus accepts the configuration with its alerts', () => {
  promtool(['check', 'config', pathOf('monitoring/prometheus.yml')]);
});

test('Every alert fires when it should, and none while all is well', async () => {
  const rulesTest = pathOf('tests/monitoring/alerts_test.yml');
  promtool(['test', 'rules', rulesTest]);
  const tested = await readFile(rulesTest, 'utf8');
  const alerts = [...(await rules()).matchAll(/alert: (\w+)/g)].map(([, name]) => name);
  assert.ok(alerts.length > 0);
  for (const name of alerts) assert.ok(tested.includes(`alertname="${name}"`), name);
});

const rules = () => readFile(pathOf('monitoring/alerts.yml'), 'utf8');

/// The metrics in an expression: what is left without labels, ranges, functions and numbers.
function metricsIn(expression) {
  const bare = expression.replace(/\{[^}]*\}|\[[^\]]*\]/g, ' ');
  return bare.match(/[A-Za-z_:][\w:]*(?![\w:]*\s*\()/g) ?? [];
}

async function expressions() {
  const dashboard = JSON.parse(await readFile(pathOf('monitoring/grafana.json'), 'utf8'));
  const drawn = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  const alerting = [...(await rules()).matchAll(/expr: (.+)/g)].map(([, expr]) => expr);
  return [...drawn, ...alerting];
}

test(
  'The clicker serves every metric that the dashboard and the alerts name',
  inPlace(async (place) => {
    const emulator = await Emulator.start(place);
    const port = await freePort();
    const environment = { PORT: String(port), LISTEN: 'loopback' };
    await Clicker.start(place, emulator, { operator, environment });
    await registerAndClick(emulator, crowd(2, () => 1));
    await emulator.ask(botId, operator.id, '/snapshot', texts.report);
    const served = await until('a save in the metrics', async () => {
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      return text.includes('\ntelekv_last_save_seconds ') && text;
    });
    promtool(['check', 'metrics'], served);
    const names = new Set(served.match(/^[a-z_]+/gm));
    names.add('up'); // Prometheus' own
    for (const expression of await expressions()) {
      const used = metricsIn(expression);
      assert.ok(used.length > 0, `no metric in ${expression}`);
      for (const name of used) assert.ok(names.has(name), `${name}, of ${expression}`);
    }
  }),
);
