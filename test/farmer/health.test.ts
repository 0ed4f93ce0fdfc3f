import assert from 'node:assert/strict';
import { test } from 'node:test';
import { healthOf } from '../../src/farmer/health.js';
import type { NodeObject } from '../../src/rules/objects.js';
import { gib } from '../capacity/samples.js';

const HOUR = 3_600_000;
const KEY = 'b'.repeat(64);
const FARM = 'f'.repeat(40);
const allocation = (cru: number) => ({ contract: 'c'.repeat(40), resources: { ...gib('0/1/0/0'), cru }, until: 100 * HOUR, disk_until: 100 * HOUR });
const NODE = { key: KEY, farm: FARM, admitted: FARM, allocations: [allocation(1)], announcement: { capacity: gib('4/8/0/0'), release: '0.1.0' } } as unknown as NodeObject;

function health(change: Partial<NodeObject>, heard: number | null, failed = 0, rules = 2, more: Record<string, object> = {}, wakes = false): ReturnType<typeof healthOf> {
  const objects: Record<string, object> = {
    ...more,
    grid: { rules, heartbeat_ms: HOUR }, ...(heard === null ? {} : { [`meter/${KEY}/${KEY}`]: { line: 1, at: heard, confirmed_ms: 0, gaps: [] } }),
    [`run/${'c'.repeat(40)}`]: { workloads: [{ name: 'ok', state: 'running' }, ...Array.from({ length: failed }, (_, i) => ({ name: `w${i}`, state: 'failed' }))] },
  };
  return healthOf({ get: (id: string) => objects[id] } as Parameters<typeof healthOf>[0], { ...NODE, ...change }, FARM, 10 * HOUR, wakes);
}

for (const [state, found] of [
  ['up', health({}, 9 * HOUR)], ['late', health({}, 8 * HOUR)], ['late', health({}, null)], ['up', health({}, null, 0, 1)], ['new', health({ admitted: null }, null)],
  ['retired', health({ admitted: null }, null, 0, 2, { [`admission/${FARM}/${KEY}`]: { admitted: false } })],
  ['asleep', health({ allocations: [] }, 8 * HOUR, 0, 2, {}, true)], ['late', health({}, 8 * HOUR, 0, 2, {}, true)], ['late', health({ allocations: [] }, 8 * HOUR)],
  ['oversold', health({ allocations: [allocation(5)] }, 9 * HOUR)], ['failing', health({}, 9 * HOUR, 2)],
  ['draining', health({ drain: { until: null, reason: 'disk', at: 0 } }, 9 * HOUR)], ['up', health({ drain: { until: 10 * HOUR, reason: 'disk', at: 0 } }, 9 * HOUR)],
] as const) {
  test(`a node is ${state} by ${JSON.stringify(found)}`, () => assert.equal(found.state, state));
}

test('of a node its contracts, failed workloads, release and the age of its last word are told', () => {
  assert.deepEqual(health({}, 9 * HOUR, 2), { state: 'failing', heartbeat_age_ms: HOUR, contracts: 1, failed: 2, release: '0.1.0', draining: null });
  assert.deepEqual(health({ drain: { until: 20 * HOUR, reason: 'disk', at: 0 } }, 9 * HOUR).draining, { until: '1970-01-01T20:00:00.000Z', reason: 'disk' });
});
