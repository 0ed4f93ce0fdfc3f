// What podman is asked for, without podman.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProblem } from '../../../src/base/errors.js';
import { specDigest } from '../../../src/node/driver.js';
import { parseHardLimits } from '../../../src/node/drivers/podman-limits.js';
import { containerName, createBody } from '../../../src/node/drivers/podman-spec.js';
import { podmanSocket } from '../../../src/node/drivers/podman-service.js';
import { stateOf } from '../../../src/node/drivers/podman-state.js';
import type { Workload } from '../../../src/schema/types.js';
import { newScope, specOf, workload } from './support.js';

const scope = newScope();
const image = `docker.io/library/x@sha256:${'0'.repeat(64)}`;
const around = { hard: parseHardLimits(''), network: 'net', address: '198.18.0.126', hosts: '/hosts/x', log: '/logs/now.log' };
const hostsMount = { type: 'bind', source: '/hosts/x', destination: '/etc/hosts', options: ['bind', 'rprivate', 'ro', 'nosuid', 'nodev', 'noexec'] };

test('memory is limited with swap, cpu as a quota, and no command means that of the image', () => {
  const body = createBody(scope, specOf({ workload: workload({ image }), limits: { cru: 2.25, mru_mib: 512, pids: 7 } }), { name: image, user: '' }, around);
  assert.deepEqual(body['resource_limits'], { cpu: { period: 100_000, quota: 225_000 }, memory: { limit: 536_870_912, swap: 536_870_912 }, pids: { limit: 7 } });
  for (const field of ['command', 'entrypoint', 'user', 'work_dir']) assert.ok(!(field in body), field);
  assert.deepEqual([body['Networks'], body['use_image_hosts']], [{ net: { static_ips: ['198.18.0.126'], static_mac: '02:3b:c6:12:00:7e' } }, true]);
  assert.deepEqual([body['mounts'], body['read_only_filesystem'], body['image_volume_mode'], body['shm_size']], [[hostsMount], false, 'ignore', 64 * 1_048_576]);
});

test('what a workload says of itself is what podman is asked for', () => {
  const said = workload({
    image, entrypoint: ['/init'], command: ['-v'], user: 'www:33', directory: '/srv', read_only: true, tmpfs: [{ path: '/tmp', size_mib: 8 }], ulimits: [{ name: 'core', soft: 0, hard: 0 }, { name: 'nofile', soft: 10, hard: 20 }],
    mounts: [{ path: '/srv/up', folder: 'uploads', read_only: false }, { path: '/all', folder: null, read_only: true }],
  });
  const body = createBody(scope, specOf({ workload: said, data: '/volumes/x' }), { name: image, user: '' }, around);
  assert.deepEqual([body['entrypoint'], body['command'], body['user'], body['work_dir'], body['read_only_filesystem']], [['/init'], ['-v'], 'www:33', '/srv', true]);
  assert.deepEqual(body['r_limits'], [{ type: 'nofile', soft: 10, hard: 20 }, { type: 'nproc', soft: 32_768, hard: 32_768 }, { type: 'core', soft: 0, hard: 0 }]);
  assert.deepEqual(body['mounts'], [
    { type: 'bind', source: '/volumes/x/files/uploads', destination: '/srv/up', options: ['bind', 'rprivate', 'rw', 'nosuid', 'nodev'] },
    { type: 'bind', source: '/volumes/x/files', destination: '/all', options: ['bind', 'rprivate', 'ro', 'nosuid', 'nodev'] },
    { type: 'tmpfs', destination: '/tmp', options: ['size=8m', 'mode=1777', 'nosuid', 'nodev'] },
    hostsMount,
  ]);
});

for (const [user, inImage, isRoot] of [[undefined, '', true], [undefined, 'root', true], [undefined, '0:0', true], ['0', 'www', true], [undefined, 'www', false], ['1000:0', '', false], ['rooty', '', false], [undefined, '01000', false]] as const) {
  test(`user ${user ?? 'of the image'} (${inImage}) has ${isRoot ? 'what root needs to become another' : 'no capability at all'}`, () => {
    const body = createBody(scope, specOf({ workload: workload({ image, ...(user === undefined ? {} : { user }) }) }), { name: image, user: inImage }, around);
    assert.deepEqual([body['cap_drop'], (body['cap_add'] as string[]).length > 0], [['ALL'], isRoot]);
  });
}

test('folders in memory are no larger than the memory', () => {
  const spec = specOf({ workload: workload({ image, tmpfs: [{ path: '/a', size_mib: 40 }, { path: '/b', size_mib: 40 }] }) });
  assert.throws(() => createBody(scope, spec, { name: image, user: '' }, around), (thrown) => isProblem(thrown, 'refused', 'limits') && /80 MiB, its memory has 64/.test(thrown.message));
});

test('the digest changes with everything that is run, and not with where', () => {
  const spec = specOf({ workload: workload({ image }) });
  const same = specDigest(spec);
  assert.equal(specDigest({ ...spec, data: '/elsewhere', address: '10.0.0.1' } as typeof spec), same);
  for (const changed of [
    { ...spec, limits: { ...spec.limits, pids: 33 } },
    { ...spec, limits: { ...spec.limits, cru: 1.5 } },
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
    const body = createBody(scope, specOf({ workload: workload({ image, ...(stop === undefined ? {} : { stop }) }) }), { name: image, user: '' }, around);
    return [body['stop_signal'], body['stop_timeout']];
  };
  assert.deepEqual([of(), of({ signal: 'SIGINT', grace_ms: 1_500 })], [[15, 10], [2, 2]]);
});
