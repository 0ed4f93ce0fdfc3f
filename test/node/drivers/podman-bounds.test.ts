// What a container may do and use, measured from inside, on the real podman.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rename, rm, stat, statfs, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isProblem } from '../../../src/base/errors.js';
import { MAX_WORKLOAD_LOG_BYTES } from '../../../src/base/limits.js';
import { run } from '../../../src/node/children.js';
import type { StartSpec } from '../../../src/node/driver.js';
import { PodmanApi } from '../../../src/node/drivers/podman-api.js';
import { checkMounts } from '../../../src/node/drivers/podman-folders.js';
import { makeContainer, readyContainer, type MakeParts } from '../../../src/node/drivers/podman-make.js';
import { podmanSocket } from '../../../src/node/drivers/podman-service.js';
import { containerName } from '../../../src/node/drivers/podman-spec.js';
import { PodmanDriver } from '../../../src/node/drivers/podman.js';
import { Logs } from '../../../src/node/logs.js';
import { makeLocalImage, removeLocalImage } from '../../../src/node/localimage.js';
import { mountsSeenBy } from '../../../src/node/mounts.js';
import { LoopVolumes, mountedAt } from '../../../src/node/volume.js';
import { NO_PODMAN } from '../../e2e/here.js';
import { ended, newContract, newScope, refOf, seen, specOf, within, workload } from './support.js';

describe('bounds of containers', { skip: NO_PODMAN, timeout: 180_000 }, () => {
  const scope = newScope();
  const imageName = `3bot-test-${scope.node.slice(0, 12)}`;
  const contract = newContract();
  let home: string;
  let image: string;
  let driver: PodmanDriver;
  let volumes: LoopVolumes;
  let data: string;
  const folder = (): string => join(home, 'podman');
  const shell = (script: string, said: Partial<StartSpec> = {}, more: Partial<StartSpec['workload']> = {}): StartSpec => specOf({ workload: workload({ image, command: ['/bin/sh', '-c', script], ...more }), ...said });
  const output = async (spec: StartSpec): Promise<string> => {
    await driver.start(spec, within(60));
    await ended(driver, refOf(spec));
    return driver.logsTail(refOf(spec), 65_536, within(20));
  };
  const mountsBelow = async (path: string): Promise<string[]> => [...mountedAt(await readFile('/proc/self/mountinfo', 'utf8'))].filter((point) => point.startsWith(`${path}/`) && !point.endsWith('/merged'));
  /** A container that is made and bounded, and not started. */
  const made = async (api: PodmanApi, spec: StartSpec): Promise<string> => {
    const logs = new Logs(join(home, 'logs'));
    const parts: MakeParts = {
      ...scope, api, folder: folder(), allowRegistries: ['localhost'], promised: async () => 0,
      around: async (one, signal) => ({ ...(await driver.networks.ensure(one.contract, one.workload, signal)), log: await logs.place(refOf(one)) }),
    };
    assert.equal(await makeContainer(parts, spec, {}, within(60)), true);
    const { Id } = (await api.json({ method: 'GET', path: `/containers/${containerName(scope, spec.contract, spec.workload.name)}/json`, signal: within(20) })) as { Id: string };
    assert.equal(await readyContainer(parts, Id, spec, true, within(20)), true);
    return Id;
  };

  before(async () => {
    home = await mkdtemp(join(tmpdir(), '3bot-bounds-'));
    image = await makeLocalImage(imageName, within(60));
    driver = new PodmanDriver({ ...scope, socket: podmanSocket(home), allowRegistries: ['localhost'], folder: folder(), logs: new Logs(join(home, 'logs')) });
    volumes = new LoopVolumes(join(home, 'volumes'), { overcommit: false });
    data = await volumes.ensure(contract, 24, within(60));
  });

  after(async () => {
    for (const one of await driver.list(within(20))) await driver.remove(one, within(30));
    await volumes.wipe(contract, within(30));
    await driver.networks.end(within(20));
    await driver[Symbol.asyncDispose]();
    assert.deepEqual(await mountsBelow(home), []);
    await removeLocalImage(imageName, within(30));
    await rm(home, { recursive: true, force: true });
  });

  test('user, folder, limits, rights and mounts are what was asked for, and nothing of the kernel can be written', async () => {
    const spec = shell(
      [
        'id -u; id -g; busybox pwd; ulimit -n; ulimit -Hn',
        "grep -E 'NoNewPrivs|Seccomp:|CapEff|CapBnd' /proc/self/status",
        'for file in /x /www/x /data/x /conf/x /proc/sys/kernel/hostname /proc/sysrq-trigger /sys/kernel/profiling; do (echo x > $file) 2>/dev/null && echo wrote $file; done',
        'for file in /tmp/x /up/x; do echo x > $file && echo may $file; done',
        'head -c 1 /proc/kcore 2>/dev/null | busybox wc -c; (busybox ls /proc/acpi; busybox ls /sys/firmware) 2>/dev/null | busybox wc -w',
        'busybox mount -t tmpfs x /www 2>/dev/null || echo no mount; busybox chroot / /bin/sh -c : 2>/dev/null || echo no chroot',
        'for space in -U -m -n "-U -n"; do busybox unshare $space /bin/sh -c : 2>/dev/null && echo made $space; done; busybox sh -c "busybox true | busybox true" && echo children',
        'dd if=/dev/zero of=/tmp/big bs=1024 count=4096; grep -E " (/tmp|/up|/conf) " /proc/mounts',
      ].join('; '),
      { contract, data },
      {
        name: 'rights', user: '1000:1001', directory: '/www', read_only: true, tmpfs: [{ path: '/tmp', size_mib: 2 }], ulimits: [{ name: 'nofile', soft: 100, hard: 200 }],
        mounts: [{ path: '/up', folder: 'uploads', read_only: false }, { path: '/conf', folder: 'conf', read_only: true }],
      },
    );
    const text = await output(spec);
    const lines = text.trim().split('\n');
    assert.deepEqual(lines.slice(0, 5), ['1000', '1001', '/www', '100', '200']);
    assert.match(text, /NoNewPrivs:\s+1\b/);
    assert.match(text, /Seccomp:\s+2\b/);
    assert.match(text, /CapEff:\s+0000000000000000\b/);
    assert.doesNotMatch(text, /^wrote/m);
    assert.match(text, /^may \/tmp\/x\nmay \/up\/x\n0\n0\nno mount\nno chroot\nchildren$/m);
    assert.match(text, /No space left/);
    for (const [path, options] of [['/tmp', 'rw,nosuid,nodev'], ['/up', 'rw,nosuid,nodev'], ['/conf', 'ro,nosuid,nodev']] as const) assert.match(text, new RegExp(` ${path} \\S+ ${options}`));
    assert.deepEqual(await readdir(join(data, 'files', 'uploads')), ['x']);
  });

  test('what is written outside of the volume is bounded by the volume, stays over a stop, and goes with the container', async () => {
    const spec = shell('dd if=/dev/zero of=/big bs=1048576 count=60; busybox stat -c %s /big; : > /dev/shm/done; exec sleep 60', { contract, data });
    await driver.start(spec, within(60));
    await driver.run(refOf(spec), ['/bin/sh', '-c', 'until [ -e /dev/shm/done ]; do busybox usleep 50000; done'], { timeout_ms: 20_000, max_bytes: 100 }, within(30));
    const text = await driver.logsTail(refOf(spec), 4_096, within(20));
    assert.match(text, /No space left on device/);
    const size = Number(text.trim().split('\n').at(-1));
    assert.ok(size > 8 * 1_048_576 && size < 24 * 1_048_576, text);
    const { bavail, bsize } = await statfs(data);
    assert.ok(bavail * bsize < 1_048_576);
    await driver.remove(refOf(spec), within(30));
    assert.ok(!existsSync(join(data, 'roots', 'web')));
  });

  test('without a volume it is bounded by half of the memory, and counts towards it', async () => {
    const spec = shell('dd if=/dev/zero of=/big bs=1048576 count=60; busybox stat -c %s /big');
    const text = await output(spec);
    assert.match(text, /No space left on device/);
    assert.ok(Number(text.trim().split('\n').at(-1)) <= 32 * 1_048_576, text);
    assert.equal((await mountsBelow(folder())).length, 1);
    await driver.remove(refOf(spec), within(30));
    assert.deepEqual(await mountsBelow(folder()), []);
  });

  test('a container whose memory went with a restart of the machine is made anew, and one whose volume is away does not start', async () => {
    await using api = new PodmanApi(podmanSocket(home));
    const spec = shell('echo again');
    const name = await made(api, spec);
    for (const point of await mountsBelow(folder())) await run('umount', [point], within(20));
    await assert.rejects(api.call({ method: 'POST', path: `/containers/${name}/start`, signal: within(20) }), (thrown) => isProblem(thrown, 'failed'));
    assert.equal(await output(spec), 'again\n');

    const kept = shell('echo here', { contract, data }, { name: 'kept' });
    const other = await made(api, kept);
    await rename(join(data, 'roots'), join(data, 'away'));
    await assert.rejects(api.call({ method: 'POST', path: `/containers/${other}/start`, signal: within(20) }), (thrown) => isProblem(thrown, 'failed'));
    await rename(join(data, 'away'), join(data, 'roots'));
    assert.equal(await output(kept), 'here\n');
  });

  test('a folder that is replaced between the look and the mount is seen before anything runs', async () => {
    await using api = new PodmanApi(podmanSocket(home));
    const spec = shell('cat /up/hostname', { contract, data }, { name: 'race', mounts: [{ path: '/up', folder: 'race', read_only: false }] });
    const name = await made(api, spec);
    await rename(join(data, 'files', 'race'), join(data, 'files', 'moved'));
    await symlink('/etc', join(data, 'files', 'race'));
    await api.call({ method: 'POST', path: `/containers/${name}/init`, signal: within(20) });
    const { State } = (await api.json({ method: 'GET', path: `/containers/${name}/json`, signal: within(20) })) as { State: { Pid: number } };
    assert.throws(() => checkMounts(spec, [], []), (thrown) => isProblem(thrown, 'failed'));
    const inside = await mountsSeenBy(State.Pid);
    assert.throws(() => checkMounts(spec, inside, []), (thrown) => isProblem(thrown, 'failed'));
    const own = await mountsSeenBy('self');
    assert.throws(() => checkMounts(spec, inside, own), (thrown) => isProblem(thrown, 'refused', 'mount'));
    await assert.rejects(driver.start(spec, within(20)), (thrown) => isProblem(thrown, 'refused', 'mount'));
    assert.equal((await seen(driver, refOf(spec)))?.state, 'created');
    await driver.remove(refOf(spec), within(20));
    await rm(join(data, 'files', 'race'));
  });

  test('cpu is held back to a part of a core, and a log stays small however much is printed', async () => {
    const spec = shell('i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; cat /sys/fs/cgroup/cpu/cpu.stat /sys/fs/cgroup/cpu.stat 2>/dev/null; busybox yes line | head -c 5000000; echo end', { limits: { cru: 0.25, mru_mib: 64, pids: 32 } });
    assert.match(await output(spec), /end\n$/);
    await using api = new PodmanApi(podmanSocket(home));
    const { HostConfig } = (await api.json({ method: 'GET', path: `/containers/${containerName(scope, spec.contract, 'web')}/json`, signal: within(20) })) as { HostConfig: { LogConfig: { Path: string }; CpuQuota: number } };
    assert.equal(HostConfig.CpuQuota, 25_000);
    const { size } = await stat(HostConfig.LogConfig.Path);
    assert.ok(size <= 2 * MAX_WORKLOAD_LOG_BYTES, String(size));
  });
});
