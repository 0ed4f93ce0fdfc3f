// A node whose disk is full: a small file system of its own is where it keeps its data.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeLocalImage, removeLocalImage } from '../../src/node/localimage.js';
import { NO_PODMAN } from '../e2e/here.js';
import { LocalGrid, until } from '../node/local.js';

const within = (): AbortSignal => AbortSignal.timeout(120_000);
const MIB = 1_048_576;

/** A folder on a file system of its own. */
function smallDisk(size_mib: number): Disposable & { readonly path: string } {
  const folder = mkdtempSync(join(tmpdir(), '3bot-disk-'));
  const path = join(folder, 'disk');
  mkdirSync(path);
  execFileSync('truncate', ['--size', `${size_mib}M`, `${path}.img`]);
  execFileSync('mkfs.ext4', ['-q', '-m', '0', `${path}.img`]);
  execFileSync('mount', ['-o', 'loop', `${path}.img`, path]);
  return {
    path,
    [Symbol.dispose]() {
      execFileSync('umount', [path]);
      rmSync(folder, { recursive: true });
    },
  };
}

test('while the disk is full nothing begins and the node says why; once there is room the contract goes on', { skip: NO_PODMAN, timeout: 240_000 }, async (t) => {
  const name = `3bot-test-${randomBytes(6).toString('hex')}`;
  t.after(() => removeLocalImage(name, within()));
  const image = await makeLocalImage(name, within());
  using disk = smallDisk(32);
  await using local = await LocalGrid.start(within(), 'podman', ['localhost']);
  local.config = { ...local.config, data: join(disk.path, 'data') };
  mkdirSync(join(disk.path, 'data', 'volumes'), { recursive: true });
  const filler = join(disk.path, 'filler');
  assert.throws(() => writeFileSync(filler, Buffer.alloc(64 * MIB)), { code: 'ENOSPC' });

  await using node = await local.watch({ interval_ms: 200 });
  const contract = await local.deal([{ name: 'web', image, command: ['/bin/sleep', '1000'], env: [], ports: [], secrets: [] }], { resources: { cru: 1, mru_mib: 64, sru_mib: 16, hru_mib: 0, ipv4: 0 } });
  await until('the node to say why', () => node.events.some((event) => event.event === 'step_failed' && /space/.test(event.reason)));
  assert.deepEqual([await node.driver.list(within()), local.run(contract)?.workloads ?? []], [[], []]);

  rmSync(filler);
  await until('it to run', () => local.said(contract) === 'running');
  assert.deepEqual((await node.volumes.list()).map(({ size_mib, path }) => [size_mib, path !== null]), [[16, true]]);
});
