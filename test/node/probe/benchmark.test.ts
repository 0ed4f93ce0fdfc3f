// The benchmark as it is run at a join, but shorter.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isProblem } from '../../../src/base/errors.js';
import { benchmark, BENCHMARK_FILE } from '../../../src/node/probe/benchmark.js';
import { within } from '../drivers/support.js';

const folder = mkdtempSync(join(tmpdir(), '3bot-benchmark-'));
after(() => rmSync(folder, { recursive: true }));

test('everything is measured, step by step, and nothing is left on the disk', async () => {
  const steps: string[] = [];
  const { method, measured_at, ...figures } = await benchmark({ folder, clock: () => 1_700_000_000_000, signal: within(60), span_ms: 20, onStep: (step) => steps.push(step) });
  assert.deepEqual([method, measured_at], ['3bot/1', 1_700_000_000_000]);
  assert.deepEqual(steps, ['one core', 'all cores', 'memory', 'disk, writing', 'disk, reading', 'disk, syncing']);
  // Past the cache not every file system can be read.
  const { disk_read_mib_s, ...others } = figures;
  for (const [name, figure] of Object.entries(others)) assert.ok(Number.isSafeInteger(figure) && figure > 0, `${name} ${figure}`);
  assert.ok(Number.isSafeInteger(disk_read_mib_s) && disk_read_mib_s >= 0);
  assert.deepEqual(readdirSync(folder), []);
});

test('one that is stopped half way leaves nothing either', async () => {
  const stop = new AbortController();
  const onStep = (step: string): void => {
    if (step !== 'disk, writing') return;
    stop.abort();
  };
  await assert.rejects(benchmark({ folder, clock: Date.now, signal: stop.signal, span_ms: 20, onStep }), (error) => isProblem(error, 'interrupted'));
  assert.equal(existsSync(join(folder, BENCHMARK_FILE)), false);
});

test('a folder that is not there fails with the system\'s words', async () => {
  await assert.rejects(benchmark({ folder: join(folder, 'nowhere'), clock: Date.now, signal: within(60), span_ms: 1 }), (error) => isProblem(error, 'failed') && /ENOENT/.test(error.message));
});
