import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metricsText } from '../../../src/node/report/metrics.js';

test('a round gives gauges with help and type, in seconds and bytes, and nothing of whose they are', () => {
  const machine = { running: [{ contract: 'c'.repeat(40), workload: 'secret-name', digest: '', state: 'running', reason: null, exit_code: null, ports: [], started: 1 }], volumes: new Map([['c'.repeat(40), { path: '/x', size_mib: 2 }]]), growsInUse: true } as const;
  const text = metricsText({ time: { fresh: true, stamp: 1_500, now: 2_500, size: 7 }, machine, wanted: [] }, '0.1.0"\n\\');
  assert.match(text, /^# HELP threebot_info Version of the program\.\n# TYPE threebot_info gauge\nthreebot_info\{version="0\.1\.0\\"\\n\\\\"\} 1\n/);
  for (const line of ['threebot_round_timestamp_seconds 2.5', 'threebot_book_stamp_timestamp_seconds 1.5', 'threebot_book_lines 7', 'threebot_book_fresh 1', 'threebot_workloads{state="running"} 1', 'threebot_workloads{state="failed"} 0', 'threebot_workloads{state="cut"} 0', 'threebot_volumes_size_bytes 2097152']) assert.ok(text.split('\n').includes(line), line);
  assert.doesNotMatch(text, /secret-name|cccc/);
  for (const line of text.trimEnd().split('\n')) assert.match(line, /^(# (HELP|TYPE) threebot_\w+ .+|threebot_\w+(\{\w+="[^\n]*"\})? [0-9.]+)$/);
});
