// How far a contract is, from what its node said.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { progressOf } from '../../src/consumer/contracts.js';
import type { ContractObject, WorkloadStatus } from '../../src/rules/objects.js';

const ID = 'c'.repeat(40);

for (const [title, said, progress, failed] of [
  ['runs is ready', { state: 'running' }, 'ready', null],
  ['runs and is not healthy yet is not ready', { state: 'running', health: 'starting' }, 'held', null],
  ['runs and is healthy is ready', { state: 'running', health: 'healthy' }, 'ready', null],
  ['runs and is no longer healthy is not ready', { state: 'running', health: 'unhealthy' }, 'held', null],
  ['is between two starts is as before', { state: 'running', restarts: 3, reason: 'ended with exit code 3: it is started again' }, 'ready', null],
  ['has done its work is ready', { state: 'exited', exit_code: 0 }, 'ready', null],
  ['was rolled back has failed, although what was before runs', { state: 'running', reason: 'rolled back: no such image' }, 'held', /^workload web rolled back: no such image; what ran before runs again$/],
  ['crashed too often has failed', { state: 'failed', exit_code: 3, reason: 'crash loop: it ended 3 times' }, 'held', /^workload web failed with code 3: crash loop/],
  ['is not there yet is not ready', undefined, 'held', null],
] as const satisfies readonly (readonly [string, (Partial<WorkloadStatus> & Pick<WorkloadStatus, 'state'>) | undefined, string, RegExp | null])[]) {
  test(`a contract whose workload ${title}`, () => {
    const status: WorkloadStatus[] = said === undefined ? [] : [{ name: 'web', reason: null, exit_code: null, ports: [], at: 0, ...said }];
    const objects = new Map<string, unknown>([[`run/${ID}`, { contract: ID, state: 'held', reason: null, at: 0, workloads: status }]]);
    const reader = { get: (id: string) => objects.get(id) } as unknown as Parameters<typeof progressOf>[0];
    const found = progressOf(reader, { id: ID, started_at: 1, workloads: [{ name: 'web' }] } as unknown as ContractObject);
    assert.equal(found.progress, progress);
    if (failed === null) assert.equal(found.failed, null);
    else assert.match(found.failed ?? '', failed);
  });
}
