import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProblem } from '../../../src/base/errors.js';
import { parseQcow2 } from '../../../src/node/machines/disk.js';
import { seedOf } from '../../../src/node/machines/seed.js';
import { qemuWords } from '../../../src/node/machines/spec.js';
import { specOf, workload } from '../drivers/support.js';

/** A header of version 3, of a disk of 1 GiB. */
function header(change: (head: Buffer) => void = () => undefined): Buffer {
  const head = Buffer.alloc(104);
  head.writeUInt32BE(0x514649fb, 0);
  head.writeUInt32BE(3, 4);
  head.writeBigUInt64BE(1_073_741_824n, 24);
  change(head);
  return head;
}

test('a qcow2 says how large its disk is; anything else is a disk byte by byte', () => {
  assert.deepEqual(parseQcow2(header()), { virtual_bytes: 1_073_741_824n });
  assert.deepEqual(parseQcow2(header((head) => head.writeBigUInt64BE(0x8n, 72))), { virtual_bytes: 1_073_741_824n });
  assert.equal(parseQcow2(Buffer.alloc(104)), null);
  assert.equal(parseQcow2(Buffer.from('QFI')), null);
});

for (const [title, change] of [
  ['another file below it', (head: Buffer) => head.writeBigUInt64BE(512n, 8)],
  ['its data in another file', (head: Buffer) => head.writeBigUInt64BE(0x4n, 72)],
  ['a feature that nobody knows', (head: Buffer) => head.writeBigUInt64BE(0x100n, 72)],
  ['encryption', (head: Buffer) => head.writeUInt32BE(1, 32)],
  ['another version', (head: Buffer) => head.writeUInt32BE(9, 4)],
] as const) {
  test(`refused before any program opens it: a disk image with ${title}`, () => {
    assert.throws(() => parseQcow2(header(change)), (thrown) => isProblem(thrown, 'refused', 'image'));
  });
}

test('QEMU is told limits, ports and kernel, and has nothing that was not asked for', () => {
  const spec = specOf({ limits: { cru: 1.5, mru_mib: 512, pids: 64 }, workload: workload({ ports: [{ container: 22, protocol: 'tcp' }, { container: 53, protocol: 'udp' }], vm: {} }) });
  const words = qemuWords(spec, { disk: { folder: '/v', disk: 'a.raw', kernel: null }, accelerator: 'kvm' });
  const after = (word: string): string | undefined => words[words.indexOf(word) + 1];
  assert.deepEqual([after('-smp'), after('-m'), after('-accel'), after('-netdev')], ['2', '512', 'kvm', 'user,id=net,hostfwd=tcp::22-:22,hostfwd=udp::53-:53']);
  assert.ok(words.includes('-nodefaults') && words.includes('-sandbox') && !words.includes('-kernel'));
});

test('a secret goes to the machine as it is, or as its cloud configuration', () => {
  const spec = specOf({ workload: workload({ vm: { secret: 'cloud' } }) });
  assert.equal(seedOf(spec, Buffer.from('{"password":"x"}')).user, '#cloud-config\n{"password":"x"}\n');
  assert.equal(seedOf(spec, Buffer.from('#!/bin/sh\nid')).user, '#!/bin/sh\nid');
});
