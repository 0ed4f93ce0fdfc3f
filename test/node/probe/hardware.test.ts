// What is read of a machine that is not this one: a tree of files as sysfs has it.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { cgroupsOf, disksOf, interfacesOf, isPublicAddress } from '../../../src/node/probe/hardware.js';

const sys = mkdtempSync(join(tmpdir(), '3bot-sys-'));
after(() => rmSync(sys, { recursive: true }));

function put(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(sys, name)), { recursive: true });
    writeFileSync(join(sys, name), `${text}\n`);
  }
}

put({
  'block/nvme0n1/size': '2000409264', 'block/nvme0n1/dev': '259:0', 'block/nvme0n1/device/model': 'Samsung SSD', 'block/nvme0n1/queue/rotational': '0',
  'block/nvme0n1/nvme0n1p1/dev': '259:1', 'block/nvme0n1/nvme0n1p2/dev': '259:2', 'block/nvme0n1/nvme0n1p2/holders/dm-0': '',
  'block/sda/size': '7814037168', 'block/sda/dev': '8:0', 'block/sda/device/model': 'ST4000', 'block/sda/queue/rotational': '1',
  'block/sdb/size': '0', 'block/sdb/dev': '8:16',
  'block/loop0/size': '8192', 'block/zram0/size': '8192', 'block/dm-0/size': '8192',
  'class/net/eth0/speed': '2500', 'class/net/eth0/device/vendor': '0x8086', 'class/net/eth1/speed': '-1', 'class/net/eth1/device/vendor': '0x8086', 'class/net/br0/speed': '10000', 'class/net/cni0/speed': '10000',
});

test('disks are found with what uses them; partitions, other layers and empty readers are no disks', async () => {
  const mountinfo = '22 1 259:1 / / rw shared:1 - ext4 /dev/nvme0n1p1 rw\n23 22 0:5 / /dev rw - devtmpfs udev rw\n';
  assert.deepEqual(await disksOf(sys, mountinfo), [
    { name: 'nvme0n1', model: 'Samsung SSD', rotational: false, size_mib: 976_762, uses: ['/', 'dm-0'] },
    { name: 'sda', model: 'ST4000', rotational: true, size_mib: 3_815_447, uses: [] },
  ]);
  assert.deepEqual(await disksOf(join(sys, 'nowhere'), ''), []);
});

test('interfaces that are hardware or have a public address are found, with public addresses alone', async () => {
  const one = (...addresses: string[]) => addresses.map((address) => ({ address, internal: false }));
  const up = { eth1: one('fe80::1', '2A02:1802:5E::1'), lo: [{ address: '127.0.0.1', internal: true }], eth0: one('192.168.1.4'), br0: one('185.69.166.7', '10.0.0.1'), cni0: one('10.88.0.1'), 'bad name': one('8.8.8.8') };
  assert.deepEqual(await interfacesOf(sys, up), [
    { name: 'br0', rate_mbit: 10_000, addresses: ['185.69.166.7'] },
    { name: 'eth0', rate_mbit: 2_500, addresses: [] },
    { name: 'eth1', rate_mbit: 0, addresses: ['2a02:1802:5e::1'] },
  ]);
});

for (const [address, isPublic] of [['8.8.8.8', true], ['10.1.2.3', false], ['100.64.0.1', false], ['172.32.0.1', true], ['203.0.113.9', false], ['224.0.0.1', false], ['2a02::1', true], ['2001:db8::1', false], ['fd00::1', false], ['fe80::1', false], ['::1', false], ['nonsense', false]] as const) {
  test(`${address} is ${isPublic ? 'a' : 'no'} public address`, () => assert.equal(isPublicAddress(address), isPublic));
}

test('control groups of each kind are told apart', async () => {
  assert.deepEqual(await cgroupsOf(sys), { version: 'none', controllers: [] });
  put({ 'fs/cgroup/memory/x': '', 'fs/cgroup/cpu/x': '', 'fs/cgroup/cpu,cpuacct/x': '', 'fs/cgroup/systemd/x': '' });
  assert.deepEqual(await cgroupsOf(sys), { version: '1', controllers: ['cpu', 'memory'] });
  put({ 'fs/cgroup/unified/x': '' });
  assert.deepEqual(await cgroupsOf(sys), { version: 'hybrid', controllers: ['cpu', 'memory'] });
  put({ 'fs/cgroup/cgroup.controllers': 'pids cpu memory' });
  assert.deepEqual(await cgroupsOf(sys), { version: '2', controllers: ['cpu', 'memory', 'pids'] });
});
