import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sharesOf } from '../../../src/node/plan/shares.js';
import type { Workload } from '../../../src/schema/types.js';

const resources = (cru: number, mru_mib: number, sru_mib = 0) => ({ cru, mru_mib, sru_mib, hru_mib: 0, ipv4: 0 });
const one = (said: Partial<Workload> = {}): Workload => ({ name: 'web', image: 'x', command: [], env: [], ports: [], secrets: [], ...said });
const asking = (cpu_millis: number, mru_mib: number, pids?: number): Workload => one({ limits: { cpu_millis, mru_mib, ...(pids === undefined ? {} : { pids }) } });

test('who says nothing has the same as the others of what is left', () => {
  assert.deepEqual(sharesOf(resources(2, 1_024), [one(), one(), one()]).map(({ limits }) => limits), Array(3).fill({ cru: 0.666, mru_mib: 341, pids: 2_048 }));
  assert.deepEqual(sharesOf(resources(2, 1_024), [asking(1_500, 24, 10), one(), one()]).map(({ limits }) => limits), [{ cru: 1.5, mru_mib: 24, pids: 10 }, { cru: 0.25, mru_mib: 500, pids: 2_048 }, { cru: 0.25, mru_mib: 500, pids: 2_048 }]);
});

for (const [title, workloads, words] of [
  ['more cpu than is left', [asking(1_500, 8), asking(600, 8)], /0\.6 vCPU.*0\.5 vCPU/],
  ['more memory than is left', [asking(10, 1_000), asking(10, 25)], /25 MiB.*24 MiB are left/],
  ['what is left is nothing', [asking(2_000, 1_024), one()], /too little/],
  ['more processes than anybody has', [one(), asking(10, 8, 5_000)], /5000 processes/],
  ['parts of a volume that is not there', [one(), one({ mounts: [{ path: '/up', folder: null, read_only: false }] })], /has none/],
  ['more ports than a contract has', [1, 2, 3].map((n) => one({ ports: Array.from({ length: 50 }, (_, i) => ({ container: 1_000 * n + i, protocol: 'tcp' as const })) })), /at most 128 ports/],
] as const) {
  test(`the last is refused, and no other: ${title}`, () => {
    const refusals = sharesOf(resources(2, 1_024), workloads).map(({ refusal }) => refusal);
    assert.ok(refusals.slice(0, -1).every((refusal) => refusal === null), String(refusals));
    assert.match(refusals.at(-1) ?? '', words);
  });
}

test('whatever is asked for, those that run have no more together than the contract', () => {
  const asked = fc.option(fc.record({ cpu_millis: fc.integer({ min: 10, max: 4_000 }), mru_mib: fc.integer({ min: 8, max: 4_096 }) }), { nil: undefined });
  fc.assert(fc.property(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: 8_192 }), fc.array(asked, { maxLength: 12 }), (cru, mru_mib, all) => {
    const running = sharesOf(resources(cru, mru_mib), all.map((limits) => one(limits === undefined ? {} : { limits }))).filter(({ refusal }) => refusal === null);
    assert.ok(running.reduce((sum, { limits }) => sum + Math.round(limits.cru * 1_000), 0) <= cru * 1_000);
    assert.ok(running.reduce((sum, { limits }) => sum + limits.mru_mib, 0) <= mru_mib);
  }));
});
