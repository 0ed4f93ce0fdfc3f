// `npm run demo` itself, as its script runs it.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { parseTft } from '../../src/base/amount.js';
import { bot, tempHome } from '../script.js';
import { GRID_MS, HAS_PODMAN, NO_PODMAN, output } from './here.js';

interface Report {
  runtime: string;
  price_per_hour: string;
  escrow: string;
  used: string;
  returned: string;
  order_to_running_ms: number;
  committed_to_running_ms: number;
  receipt_checked: string[];
  seconds: number;
  steps: { name: string; ms: number }[];
}

test('the demo is what npm run demo runs', () => {
  const { scripts } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { scripts: Record<string, string> };
  assert.deepEqual([scripts['demo'], scripts['predemo']], ['node bin/3bot.js dev demo', 'node bin/setup.js']);
});

test('the demo sells, runs, proves, bills and cleans up', { skip: NO_PODMAN && 'only the process runtime is here; npm run demo shows it' }, async () => {
  const home = tempHome();
  const run = await bot(['dev', 'demo', '--json'], { home, env: { TMPDIR: dirname(home) }, passphrase: null, timeoutMs: GRID_MS });
  assert.equal(run.code, 0, run.stderr);
  assert.equal(run.stderr, '');
  const report = run.json<Report>();
  assert.equal(report.runtime, 'podman');
  // FACTS: 2 CU and half an SU at list prices, for 30 days.
  assert.deepEqual([report.price_per_hour, report.escrow], ['0.0225000', '16.2000000']);
  assert.equal(parseTft(report.used) + parseTft(report.returned), parseTft(report.escrow));
  assert.ok(parseTft(report.used) > 0n);
  assert.ok(report.receipt_checked.some((check) => check.startsWith('time stamp by ')) && report.receipt_checked.filter((check) => check.startsWith('signature by ')).length === 3);
  assert.ok(report.committed_to_running_ms >= 0 && report.committed_to_running_ms < report.order_to_running_ms);
  assert.deepEqual(report.steps.map(({ name }) => name).filter((name) => !name.includes(':')), ['grid', 'image', 'order', 'web', 'receipt', 'end', 'release', 'clean']);
  assert.deepEqual(readdirSync(dirname(home)), ['run']);
  assert.deepEqual(readdirSync(`${dirname(home)}/run`), []);
  if (HAS_PODMAN) assert.equal(output('podman', 'images', '--quiet', '--filter', 'reference=localhost/3bot-demo-*'), '');
});
