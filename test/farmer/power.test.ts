import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WAKE_AFTER_MS } from '../../src/base/limits.js';
import { wakeReason } from '../../src/farmer/power.js';
import type { NodeObject } from '../../src/rules/objects.js';
import { gib } from '../capacity/samples.js';

const HOUR = 3_600_000;
const KEY = 'b'.repeat(64);
const FARM = 'f'.repeat(40);
const CONTRACT = 'c'.repeat(40);
const NODE = { key: KEY, farm: FARM, admitted: FARM, allocations: [], announcement: { capacity: gib('4/8/0/0') } } as unknown as NodeObject;
const SOLD = { ...NODE, allocations: [{ contract: CONTRACT, resources: gib('1/1/0/0'), until: 100 * HOUR, disk_until: 100 * HOUR }] };

function reason(node: NodeObject, age_ms: number, { said = null, never = [] as string[], heard = 0 }: { said?: string | null; never?: string[]; heard?: number } = {}): ReturnType<typeof wakeReason> {
  const at = 10 * HOUR;
  const objects: Record<string, object> = {
    grid: { rules: 2, heartbeat_ms: HOUR }, [`meter/${KEY}/${KEY}`]: { line: 1, at: at - heard, confirmed_ms: 0, gaps: [] },
    [`contract/${CONTRACT}`]: { committed_at: at - age_ms }, [`run/${CONTRACT}`]: { state: said, workloads: [] },
  };
  return wakeReason({ get: (id: string) => objects[id] } as Parameters<typeof wakeReason>[0], node, FARM, never, at);
}

for (const [what, found, expected] of [
  ['a contract of which it has said nothing for long', reason(SOLD, WAKE_AFTER_MS), 'contract'],
  ['a contract that has just been made', reason(SOLD, WAKE_AFTER_MS - 1), null],
  ['a contract that it holds', reason(SOLD, HOUR, { said: 'held' }), null],
  ['nothing', reason(NODE, 0, { heard: 5 * HOUR }), null],
  ['nothing, silent, on the list of those that never sleep', reason(NODE, 0, { heard: 5 * HOUR, never: [KEY] }), 'never_sleep'],
  ['nothing, heard of lately, on that list', reason(NODE, 0, { heard: HOUR, never: [KEY] }), null],
  ['a contract, but of another farm', reason({ ...SOLD, admitted: null }, HOUR), null],
] as const) {
  test(`a node with ${what} is ${expected === null ? 'let sleep' : `woken: ${expected}`}`, () => assert.equal(found, expected));
}
