import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeLines, type ShownNode } from '../../../commands/farm/nodes.js';

const GIB = 1_024;
const node: ShownNode = {
  node: 'b'.repeat(64), declared: false, state: 'draining', heartbeat_age_ms: 3_599_000, contracts: 12, failed: 3, release: '0.12.10', draining: { until: null, reason: 'new disks' },
  free: { cru: 100, mru_mib: 500 * GIB, sru_mib: 9_000 * GIB, hru_mib: 0, ipv4: 0 }, sold: { cru: 28, mru_mib: 12 * GIB, sru_mib: 512, hru_mib: 0, ipv4: 0 },
};

test('a row a node, no wider than 80 columns, and below them who takes nothing new and why', () => {
  const lines = nodeLines([node, { ...node, node: 'c'.repeat(64), state: 'up', draining: null, declared: true, heartbeat_age_ms: null, release: null }]);
  for (const line of lines) assert.ok(line.length <= 80, `${line.length}: ${line}`);
  assert.deepEqual(lines.map((line) => line.split(/ {2,}/)), [
    ['node', 'state', 'heard', 'contracts', 'cpu', 'mem GiB', 'disk GiB', 'failed', 'release'],
    ['bbbbbbbb', 'draining', '59m', '12', '100/28', '500/12', '9000/0.5', '3', '0.12.10'],
    ['cccccccc', 'up', 'never', '12', '100/28', '500/12', '9000/0.5', '3', '-'],
    ['bbbbbbbb takes nothing new: new disks'], ['cccccccc declares what it has; it was not measured'],
  ]);
});
