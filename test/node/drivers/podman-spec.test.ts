// What podman is asked for, without podman.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { specDigest } from '../../../src/node/driver.js';
import { containerName, createBody, parseHardLimits } from '../../../src/node/drivers/podman-spec.js';
import { podmanSocket } from '../../../src/node/drivers/podman-service.js';
import { stateOf } from '../../../src/node/drivers/podman-state.js';
import type { Workload } from '../../../src/schema/types.js';
import { newScope, specOf, workload } from './support.js';

const scope = newScope();
const image = `docker.io/library/x@sha256:${'0'.repeat(64)}`;
const plenty = { nofile: 1_000_000, nproc: 1_000_000 };

test('hard limits are read as the kernel writes them', () => {
  const text = 'Limit                     Soft Limit           Hard Limit           Units     \nMax processes             1                    96365                processes \nMax open files            1024                 unlimited            files     \n';
  assert.deepEqual(parseHardLimits(text), { nofile: Number.MAX_SAFE_INTEGER, nproc: 96_365 });
  assert.deepEqual(parseHardLimits(''), { nofile: Number.MAX_SAFE_INTEGER, nproc: Number.MAX_SAFE_INTEGER });
});

test('a container is never asked for more open files than this process could have', () => {
  const body = createBody(scope, specOf({ workload: workload({ image }) }), image, { hard: { nofile: 20_000, nproc: 100 }, network: 'net', log: '/logs/now.log' });
  assert.deepEqual(body['r_limits'], [{ type: 'nofile', soft: 20_000, hard: 20_000 }, { type: 'nproc', soft: 100, hard: 100 }]);
});

test('memory is limited with swap, cpu as a quota, and no command means that of the image', () => {
  const body = createBody(scope, specOf({ workload: workload({ image }), limits: { cru: 3, mru_mib: 512, pids: 7 } }), image, { hard: plenty, network: 'net', log: '/logs/now.log' });
  assert.deepEqual(body['resource_limits'], { cpu: { period: 100_000, quota: 300_000 }, memory: { limit: 536_870_912, swap: 536_870_912 }, pids: { limit: 7 } });
  assert.deepEqual(body['Networks'], { net: {} });
  assert.ok(!('command' in body));
  assert.deepEqual(body['mounts'], []);
});

test('the digest changes with everything that is run, and not with where', () => {
  const spec = specOf({ workload: workload({ image }) });
  const same = specDigest(spec);
  assert.equal(specDigest({ ...spec, data: '/elsewhere', address: '10.0.0.1' } as typeof spec), same);
  for (const changed of [
    { ...spec, limits: { ...spec.limits, pids: 33 } },
    { ...spec, workload: { ...spec.workload, command: ['x'] } },
    { ...spec, workload: { ...spec.workload, env: [{ name: 'A', value: 'b' }] } },
    { ...spec, workload: { ...spec.workload, image: null } },
  ]) {
    assert.notEqual(specDigest(changed), same);
  }
});

test('names differ by node, contract and workload', () => {
  const names = new Set([containerName(scope, 'a'.repeat(40), 'web'), containerName(newScope(), 'a'.repeat(40), 'web'), containerName(scope, 'b'.repeat(40), 'web'), containerName(scope, 'a'.repeat(40), 'db1')]);
  assert.equal(names.size, 4);
});

test('the path of the socket is short and the same for every process of a home', () => {
  const home = `/home/somebody/${'deep/'.repeat(40)}`;
  assert.equal(podmanSocket(home), podmanSocket(home));
  assert.notEqual(podmanSocket(home), podmanSocket('/other'));
  assert.ok(podmanSocket(home).length < 100);
});

test('what ran when the machine went down is cut off, whatever podman calls it', () => {
  const table: readonly (readonly [state: string, ExitCode: number, StartedAt: number, ExitedAt: number, is: string])[] = [
    ['created', 0, -62_135_596_800, -62_135_596_800, 'created'], ['configured', 0, -62_135_596_800, -62_135_596_800, 'created'], ['created', 0, 1_795_416_962, -62_135_596_800, 'cut'],
    ['exited', 0, 1_795_416_962, -62_135_596_800, 'cut'], ['exited', 0, 1_795_416_962, 1_795_416_962, 'exited'], ['exited', 4, 1_795_416_962, 1_795_416_963, 'failed'],
    ['initialized', 0, -62_135_596_800, -62_135_596_800, 'created'], ['running', 0, 1_795_416_962, -62_135_596_800, 'running'], ['paused', 0, 1_795_416_962, -62_135_596_800, 'running'],
  ];
  for (const [State, ExitCode, StartedAt, ExitedAt, is] of table) assert.equal(stateOf({ State, ExitCode, StartedAt, ExitedAt }), is, State);
});

test('a container ends as its workload asks, else by SIGTERM within 10 s', () => {
  const of = (stop?: Workload['stop']): unknown[] => {
    const body = createBody(scope, specOf({ workload: workload({ image, ...(stop === undefined ? {} : { stop }) }) }), image, { hard: plenty, network: 'net', log: '/logs/now.log' });
    return [body['stop_signal'], body['stop_timeout']];
  };
  assert.deepEqual([of(), of({ signal: 'SIGINT', grace_ms: 1_500 })], [[15, 10], [2, 2]]);
});
