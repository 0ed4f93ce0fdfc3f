// How far a contract is, from what its node said.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { delaysOf, progressOf, workloadState } from '../../src/market/contract.js';
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

for (const [said, state, delays] of [
  [{ state: 'running' }, 'running', []],
  [{ state: 'running', health: 'starting' }, 'running', []],
  [{ state: 'running', health: 'unhealthy' }, 'unhealthy', ['web: unhealthy']],
  [{ state: 'running', restarts: 1, reason: 'ended with exit code 1: it is started again' }, 'restarting', ['web: ended with exit code 1: it is started again (once so far)']],
  [{ state: 'running', restarts: 0, reason: 'ended: it is started again' }, 'restarting', ['web: ended: it is started again']],
  [{ state: 'running', restarts: 3 }, 'running', []],
  [{ state: 'pulling', reason: 'image: 3 of 9 MiB' }, 'pulling', ['web: image: 3 of 9 MiB']],
  [{ state: 'running', reason: 'rolled back: no such image' }, 'running, rolled back', ['web: rolled back: no such image']],
  [{ state: 'exited', exit_code: 0, reason: 'done' }, 'exited', []],
] as const satisfies readonly (readonly [Partial<WorkloadStatus> & Pick<WorkloadStatus, 'state'>, string, readonly string[]])[]) {
  test(`of a workload whose node says ${JSON.stringify(said)} people read ${state}`, () => {
    const status: WorkloadStatus = { name: 'web', reason: null, exit_code: null, ports: [], at: 0, ...said };
    assert.equal(workloadState({ ...status, health: status.health ?? null }), state);
    const reader = { get: (id: string) => (id === `run/${ID}` ? { contract: ID, state: 'held', reason: null, at: 0, workloads: [status] } : undefined) } as unknown as Parameters<typeof delaysOf>[0];
    assert.deepEqual(delaysOf(reader, { id: ID, workloads: [{ name: 'web' }] } as unknown as ContractObject), delays);
  });
}
