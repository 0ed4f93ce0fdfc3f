// Folders of a volume that its tenant may have replaced.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { isProblem } from '../../../src/base/errors.js';
import { checkMounts, makeFolders } from '../../../src/node/drivers/podman-folders.js';
import { parseMounts } from '../../../src/node/mounts.js';
import { workload } from './support.js';

const DATA = '/srv/volumes/abc';
const spec = { data: DATA, workload: workload({ mounts: [{ path: '/up', folder: 'uploads', read_only: false }, { path: '/ro', folder: 'uploads', read_only: true }] }) };
const OWN = parseMounts('22 1 254:0 / / rw - ext4 /dev/vda rw\n30 22 7:3 / /srv/volumes/abc rw - ext4 /dev/loop3 rw\n31 22 7:4 / /srv/volumes/ab rw - ext4 /dev/loop4 rw\n');
const inside = (...roots: string[]) => parseMounts(['50 49 0:99 / / rw - overlay overlay rw', ...roots.map((root, i) => `${60 + i} 50 ${root} /up rw - ext4 x rw`)].join('\n'));

test('a container that sees the folders it is to see may be started', () => {
  checkMounts(spec, inside('7:3 /files/uploads', '7:3 /files/uploads'), OWN);
});

for (const [title, ...roots] of [
  ['another file system', '7:3 /files/uploads', '254:0 /files/uploads'],
  ['the farmer\'s own', '7:3 /files/uploads', '254:0 /etc'],
  ['another folder of the volume', '7:3 /files/uploads', '7:3 /roots/web/diff'],
  ['a folder below', '7:3 /files/uploads', '7:3 /files/uploads/x'],
  ['nothing', '7:3 /files/uploads'],
] as const) {
  test(`one that sees ${title} in the place of a folder may not`, () => {
    assert.throws(() => checkMounts(spec, inside(...roots), OWN), (thrown) => isProblem(thrown, 'refused', 'mount'));
  });
}

test('a volume that is a folder of the machine\'s own file system is found within that', () => {
  const own = parseMounts('22 1 254:0 /@root / rw - btrfs /dev/vda rw\n');
  checkMounts(spec, inside('254:0 /@root/srv/volumes/abc/files/uploads', '254:0 /@root/srv/volumes/abc/files/uploads'), own);
});

function volume(t: TestContext): string {
  const data = mkdtempSync(join(tmpdir(), '3bot-folders-'));
  t.after(() => rmSync(data, { recursive: true, force: true }));
  return data;
}

test('folders that are not there are made so that any user of the workload may write', async (t) => {
  const data = volume(t);
  await makeFolders({ ...spec, data });
  await makeFolders({ ...spec, data });
  assert.deepEqual(readdirSync(join(data, 'files')), ['uploads']);
  assert.equal(statSync(join(data, 'files', 'uploads')).mode & 0o777, 0o777);
});

test('a link or a file in the place of a folder is refused, and nothing is made behind it', async (t) => {
  const [data, outside] = [volume(t), volume(t)];
  await makeFolders({ data, workload: workload({}) });
  symlinkSync(join(outside, 'new'), join(data, 'files', 'uploads'));
  await assert.rejects(makeFolders({ ...spec, data }), (thrown) => isProblem(thrown, 'refused', 'mount'));
  assert.deepEqual(readdirSync(outside), []);
  rmSync(join(data, 'files', 'uploads'));
  writeFileSync(join(data, 'files', 'uploads'), '');
  await assert.rejects(makeFolders({ ...spec, data }), (thrown) => isProblem(thrown, 'refused', 'mount'));
});

test('a tenant who puts a link where a folder has just been made changes nothing behind it', async (t) => {
  const [data, outside] = [volume(t), volume(t)];
  const made = join(data, 'files', 'uploads');
  mkdirSync(join(data, 'files'));
  const words = 'for (;;) try { fs.renameSync(process.argv[1], process.argv[1] + "2"); fs.symlinkSync(process.argv[2], process.argv[1]); } catch {}';
  const tenant = spawn(process.execPath, ['-e', `const fs = require("node:fs"); console.log("begins"); ${words}`, made, outside], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => tenant.kill('SIGKILL'));
  await once(tenant.stdout, 'data');
  for (let i = 0; i < 100; i += 1) {
    await makeFolders({ ...spec, data }).catch((thrown: unknown) => assert.ok(isProblem(thrown, 'refused', 'mount'), String(thrown)));
    assert.equal(statSync(outside).mode & 0o777, 0o700);
    for (const path of [made, `${made}2`]) {
      try {
        rmSync(path, { recursive: true, force: true });
      } catch {
        // The tenant goes on meanwhile: it has become something else, and the next round begins with that.
      }
    }
  }
  // Nobody may change what is removed after the test.
  const ended = once(tenant, 'exit');
  tenant.kill('SIGKILL');
  await ended;
});
