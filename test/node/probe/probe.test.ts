// What a machine offers: from real measurements of this one, and from tables of what others would find.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isProblem } from '../../../src/base/errors.js';
import { Logs } from '../../../src/node/logs.js';
import { declared, hostShare, offerOf, probe, type Offer } from '../../../src/node/probe/probe.js';
import { ProcessDriver } from '../../../src/node/drivers/process.js';
import { FolderVolumes } from '../../../src/node/volume.js';
import { shapeError } from '../../../src/schema/validate.js';
import type { Check } from '../../../src/node/driver.js';
import type { Measured } from '../../../src/node/probe/measure.js';
import { gib } from '../../capacity/samples.js';
import { newScope, within } from '../drivers/support.js';

const machine: Measured = {
  cpu: { model: 'AMD EPYC', cores: 8 },
  memory_mib: 32_768,
  disk: { name: 'nvme0n1', model: 'nvme0n1', kind: 'ssd', size_mib: 1_024_000, free_mib: 500_000, ours_mib: 12_000 },
  disks: [{ name: 'nvme0n1', model: 'nvme0n1', size_mib: 1_024_000, kind: 'ssd', uses: ['/'] }, { name: 'sdb', model: 'ST4000', size_mib: 3_815_447, kind: 'hdd', uses: [] }],
  interfaces: [{ name: 'eth0', rate_mbit: 1_000, addresses: ['185.69.166.7'] }],
  cgroups: { version: '2', controllers: ['cpu', 'io', 'memory', 'pids'] },
  gpus: [{ model: 'NVIDIA\u202e Tesla\n', memory_mib: 16_384 }],
  virtualised: false,
  kernel: 'linux 6.1',
};
const fine = (...broken: string[]): Check[] => ['podman', 'limits', 'seccomp', 'storage', 'isolation', 'volumes'].map((name) => ({ name, ok: !broken.includes(name), evidence: 'seen', remedy: null }));
const podman = { driver: { runtime: 'podman' }, disk: null, declare: null } as const;

function assertAnnounceable(offer: Offer): void {
  const rest = { farm: 'a'.repeat(40), location: { country: null, region: null }, address: null, sealing_key: 'b'.repeat(64) };
  assert.equal(shapeError('announcement@1', { ...offer, ...rest }), null);
}

test('this machine is measured, and what it offers can be announced', async () => {
  const folder = await mkdtemp(join(tmpdir(), '3bot-probe-'));
  const driver = new ProcessDriver({ ...newScope(), folder: join(folder, 'run'), logs: new Logs(join(folder, 'logs')) });
  const volumes = new FolderVolumes(join(folder, 'volumes'));
  const { offer, checks } = await probe({ driver, volumes, folder: join(folder, 'volumes'), disk: 'ssd', declare: null }, within(60));
  assertAnnounceable(offer);
  assert.equal(offer.capacity.cru + offer.host_share.cru, cpus().length);
  assert.equal(offer.capacity.mru_mib + offer.host_share.mru_mib, Math.floor(totalmem() / 1_048_576));
  assert.equal(offer.devices.find((one) => one.class === 'ssd')?.size_mib !== undefined, true);
  assert.ok(checks.some((check) => check.name === 'isolation' && !check.ok));
  await rm(folder, { recursive: true });
});

test('the host keeps a core, a tenth of the memory, a tenth of the disk and 5 GiB; its volumes count as free', () => {
  const { offer } = offerOf(machine, fine(), podman);
  assertAnnounceable(offer);
  assert.deepEqual(offer.capacity, { cru: 7, mru_mib: 29_491, sru_mib: 512_000 - 51_200 - 5_120, hru_mib: 0, ipv4: 0 });
  assert.deepEqual(offer.host_share, { cru: 1, mru_mib: 3_277, sru_mib: 56_320, hru_mib: 0, ipv4: 0 });
  assert.deepEqual(offer.features, ['limits', 'seccomp', 'isolation', 'volumes']);
  assert.equal(offer.declared, false);
  assert.ok(offer.devices.every((device) => device.source === 'measured'));
  assert.equal(offer.devices.find((device) => device.class === 'gpu')?.model, 'NVIDIA Tesla');
});

test('each amount is accounted for: what was measured, what the host keeps and why, what is offered', () => {
  const { accounts } = offerOf(machine, fine(), podman);
  assert.deepEqual(accounts.map(({ resource, measured, kept, offered }) => [resource, measured, kept, offered]), [['cru', 8, 1, 7], ['mru_mib', 32_768, 3_277, 29_491], ['sru_mib', 512_000, 56_320, 455_680]]);
  for (const { measured, kept, offered } of accounts) assert.equal(measured, kept + offered);
  const unlimited = offerOf(machine, fine('limits'), podman).accounts;
  assert.deepEqual(unlimited.map(({ offered, why }) => [offered, /could not be limited/.test(why)]), [[0, true], [0, true], [455_680, false]]);
});

test('other disks, interfaces, kernel and release are announced; of other disks none is offered, and how to offer one is said', () => {
  const { offer, checks } = offerOf(machine, fine(), podman);
  assert.deepEqual(offer.devices.filter((device) => device.class === 'hdd').map(({ model, size_mib }) => [model, size_mib]), [['ST4000', 3_815_447]]);
  assert.equal(offer.capacity.hru_mib, 0);
  const other = checks.find((check) => check.name === 'other disk');
  assert.match(other?.evidence ?? '', /sdb, ST4000, 3815447 MiB HDD: nothing uses it; not offered/);
  assert.match(other?.remedy ?? '', /mkfs\.ext4 \/dev\/sdb/);
  assert.deepEqual(offer.interfaces, machine.interfaces);
  assert.equal(offer.kernel, 'linux 6.1, cgroups 2 (cpu io memory pids)');
  assert.match(checks.find((check) => check.name === 'network')?.evidence ?? '', /eth0 1000 Mbit\/s; public: 185\.69\.166\.7/);
});

for (const [whole, kept] of [['2/4/0/0', '0/1/0/0'], ['4/8/0/0', '1/1/0/0'], ['1/0/0/0', '0/0/0/0'], ['64/100/0/1000', '1/10/0/105'], ['3/0/3/0', '1/0/3/0']] as const) {
  test(`of ${whole} the host keeps ${kept}`, () => {
    assert.deepEqual(hostShare(gib(whole)), gib(kept));
  });
}

for (const [broken, lost, words] of [
  ['limits', ['cru', 'mru_mib'], /no cpu and no memory/],
  ['storage', ['cru', 'mru_mib'], /no cpu and no memory/],
  ['isolation', ['cru', 'mru_mib'], /no cpu and no memory/],
  ['podman', ['cru', 'mru_mib'], /no cpu and no memory/],
  ['volumes', ['sru_mib', 'hru_mib'], /no disk space/],
] as const) {
  test(`without ${broken} what it would enforce is not offered, and a check says so`, () => {
    const { offer, checks } = offerOf(machine, fine(broken), podman);
    for (const name of ['cru', 'mru_mib', 'sru_mib'] as const) assert.equal(offer.capacity[name] === 0, (lost as readonly string[]).includes(name), name);
    assert.match(checks.find((check) => check.name === broken)?.evidence ?? '', words);
    assert.ok(!offer.features.includes(broken));
  });
}

const unclear: Measured = { ...machine, virtualised: true, disk: { ...machine.disk, name: 'vda', model: 'vda', kind: null }, disks: [] };

test('a disk of which nobody can tell the kind is not offered, and the check names the flag', () => {
  const { offer, checks } = offerOf(unclear, fine(), podman);
  assert.equal(offer.capacity.sru_mib + offer.capacity.hru_mib, 0);
  assert.match(checks.find((check) => check.name === 'disk')?.remedy ?? '', /--disk/);
  assert.ok(!offer.devices.some((device) => device.class === 'ssd' || device.class === 'hdd'));
});

for (const disk of ['ssd', 'hdd'] as const) {
  test(`when a person says it is ${disk}, it is offered as that and recorded as said by a person`, () => {
    const { offer } = offerOf(unclear, fine(), { ...podman, disk });
    assertAnnounceable(offer);
    assert.equal(offer.capacity[disk === 'ssd' ? 'sru_mib' : 'hru_mib'] > 0, true);
    assert.equal(offer.capacity[disk === 'ssd' ? 'hru_mib' : 'sru_mib'], 0);
    assert.equal(offer.devices.find((device) => device.class === disk)?.source, 'person');
  });
}

test('declared capacity replaces what was measured, and says so', () => {
  const { offer, checks } = offerOf(unclear, fine('volumes'), { ...podman, declare: declared('8/16/500/0') });
  assertAnnounceable(offer);
  assert.deepEqual(offer.capacity, gib('8/16/500/0'));
  assert.equal(offer.declared, true);
  assert.ok(checks.some((check) => /not measured/.test(check.evidence)));
});

for (const text of ['', '8', '8/16/500', '8/16/500/0/0', '0/16/500/0', '8.5/16/1/0', '-1/1/1/1', '8/16/x/0', '8/1000000TiB/0/0', '100000/1/1/1']) {
  test(`${JSON.stringify(text)} is no capacity`, () => {
    assert.throws(() => declared(text), (error) => isProblem(error, 'usage'));
  });
}
