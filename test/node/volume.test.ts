// Real volumes on loop devices: the size holds, they come back after a restart, and nothing outside is touched.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, open, readdir, readFile, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isProblem } from '../../src/base/errors.js';
import { FolderVolumes, LoopVolumes, mountedAt } from '../../src/node/volume.js';
import { within } from './drivers/support.js';

const newId = (): string => randomBytes(20).toString('hex');
const skip = (process.platform !== 'linux' || process.getuid?.() !== 0) && process.env['CI'] === undefined ? 'a loop mount needs Linux and root' : false;

/** Writes until the disk is full; gives the bytes that went in. */
async function fill(path: string): Promise<number> {
  const block = randomBytes(65_536);
  let written = 0;
  await using file = await open(path, 'w');
  for (;;) {
    try {
      written += (await file.write(block)).bytesWritten;
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
      return written;
    }
    assert.ok(written < 64 * 1_048_576, 'the size is not enforced');
  }
}

describe('volumes on loop devices', { skip, timeout: 120_000 }, () => {
  let folder: string;
  let volumes: LoopVolumes;

  before(async () => {
    folder = join(await realpath(await mkdtemp(join(tmpdir(), '3bot volumes-'))), 'v');
    volumes = new LoopVolumes(folder, { overcommit: false });
  });

  after(async () => {
    for (const { contract } of await volumes.list()) await volumes.wipe(contract, within(20));
    await rm(join(folder, '..'), { recursive: true, force: true });
  });

  test('a volume takes just what was sold, and the next one is not touched by it', async () => {
    const [full, other] = [newId(), newId()];
    const path = await volumes.ensure(full, 32, within(30));
    const beside = await volumes.ensure(other, 16, within(30));
    assert.deepEqual(await readdir(path), []);
    const written = await fill(join(path, 'big'));
    assert.ok(written > 20 * 1_048_576 && written < 32 * 1_048_576, `${written} bytes`);
    await writeFile(join(beside, 'small'), randomBytes(1_048_576));
    const disk = await stat(join(folder, `${full}.img`));
    assert.equal(disk.size, 32 * 1_048_576);
  });

  test('it comes back with its data after a restart of the machine, once', async () => {
    const id = newId();
    const path = await volumes.ensure(id, 16, within(30));
    await writeFile(join(path, 'kept'), 'still here');
    execFileSync('umount', [path]);
    assert.deepEqual((await volumes.list()).find((one) => one.contract === id), { contract: id, size_mib: 16, path: null });
    const again = new LoopVolumes(folder, { overcommit: false });
    assert.equal(await again.ensure(id, 16, within(30)), path);
    assert.equal(await again.ensure(id, 16, within(30)), path);
    assert.equal(await readFile(join(path, 'kept'), 'utf8'), 'still here');
    assert.deepEqual((await again.list()).find((one) => one.contract === id), { contract: id, size_mib: 16, path });
    const mounts = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').filter((line) => line.includes(id));
    assert.equal(mounts.length, 1);
    assert.match(mounts[0] ?? '', /nosuid,nodev/);
  });

  test('a program with the set-user bit does not rise on it', async () => {
    const path = await volumes.ensure(newId(), 16, within(30));
    await writeFile(join(path, 'id'), execFileSync('cat', ['/usr/bin/id']));
    await chmod(join(path, 'id'), 0o4755);
    for (const open of [path, folder, join(folder, '..')]) await chmod(open, 0o755);
    // As nobody: off this volume the bit would make it 0.
    assert.equal(execFileSync(join(path, 'id'), ['-u'], { encoding: 'utf8', uid: 65_534, gid: 65_534, cwd: '/' }).trim(), '65534');
  });

  test('what was cut short while it was made is made anew', async () => {
    const id = newId();
    await volumes.list();
    await volumes.ensure(newId(), 16, within(30));
    await writeFile(join(folder, `${id}.img.new`), 'half a file system');
    const path = await volumes.ensure(id, 16, within(30));
    await writeFile(join(path, 'x'), 'x');
    assert.ok(!existsSync(join(folder, `${id}.img.new`)));
  });

  test('wiping unmounts, frees the device and deletes; twice is fine', async () => {
    const id = newId();
    await volumes.ensure(id, 16, within(30));
    await volumes.wipe(id, within(30));
    await volumes.wipe(id, within(30));
    assert.deepEqual((await readdir(folder)).filter((name) => name.includes(id)), []);
    assert.ok(!execFileSync('losetup', ['--list', '--noheadings', '--output', 'BACK-FILE'], { encoding: 'utf8' }).includes(id));
  });

  test('a volume in use is not wiped, and its data stays', async () => {
    const id = newId();
    const path = await volumes.ensure(id, 16, within(30));
    const file = await open(join(path, 'busy'), 'w');
    await assert.rejects(volumes.wipe(id, within(30)), (error) => isProblem(error, 'failed') && /busy/.test(error.message));
    await file.close();
    assert.ok(existsSync(join(path, 'busy')));
    await volumes.wipe(id, within(30));
  });

  test('what a tenant links to outside stays when the volume is wiped', async () => {
    const id = newId();
    const path = await volumes.ensure(id, 16, within(30));
    const outside = join(folder, '..', 'outside');
    await writeFile(outside, 'not theirs');
    await symlink(outside, join(path, 'link'));
    await volumes.wipe(id, within(30));
    assert.equal(await readFile(outside, 'utf8'), 'not theirs');
  });

  test('it grows and keeps its data; also when growing was cut short; it never shrinks', async () => {
    const id = newId();
    const path = await volumes.ensure(id, 16, within(30));
    await writeFile(join(path, 'kept'), 'still here');
    // Where the kernel lets it, while it is in use.
    const used = volumes.growsInUse ? await open(join(path, 'kept'), 'r') : undefined;
    assert.equal(await volumes.ensure(id, 32, within(30)), path);
    const room = async (): Promise<number> => Number(execFileSync('stat', ['--file-system', '--format', '%b', path], { encoding: 'utf8' })) * Number(execFileSync('stat', ['--file-system', '--format', '%S', path], { encoding: 'utf8' }));
    const grown = await room();
    assert.ok(grown > 20 * 1_048_576, `${grown} bytes`);
    await used?.close();
    await writeFile(join(folder, `${id}.grow`), '');
    assert.equal((await volumes.list()).find((one) => one.contract === id)?.path, null);
    await volumes.ensure(id, 48, within(30));
    assert.ok((await room()) > grown);
    await volumes.ensure(id, 16, within(30));
    assert.deepEqual((await volumes.list()).find((one) => one.contract === id), { contract: id, size_mib: 48, path });
    assert.equal(await readFile(join(path, 'kept'), 'utf8'), 'still here');
  });

  test('too small a size, or more than the disk has is refused', async () => {
    const id = newId();
    await volumes.ensure(id, 16, within(30));
    await assert.rejects(volumes.ensure(id, 1_000_000_000, within(30)), (error) => isProblem(error, 'refused', 'disk'));
    assert.notEqual((await volumes.list()).find((one) => one.contract === id)?.path, null);
    await assert.rejects(volumes.ensure(newId(), 0, within(30)), (error) => isProblem(error, 'refused', 'size'));
    await assert.rejects(volumes.ensure(newId(), 1_000_000_000, within(30)), (error) => isProblem(error, 'refused', 'disk'));
  });

  test('what others were promised and have not taken yet counts as taken', async () => {
    const df = execFileSync('stat', ['--file-system', '--format', '%a %S', folder], { encoding: 'utf8' }).trim().split(' ').map(Number);
    const free_mib = Math.floor(((df[0] ?? 0) * (df[1] ?? 0)) / 1_048_576);
    const most = Math.floor(free_mib * 0.6);
    const id = newId();
    await volumes.ensure(id, most, within(60));
    await assert.rejects(volumes.ensure(newId(), most, within(60)), (error) => isProblem(error, 'refused', 'disk'));
    const declared = new LoopVolumes(folder, { overcommit: true });
    const more = newId();
    await declared.ensure(more, most, within(60));
    await declared.wipe(more, within(30));
    await declared.wipe(id, within(30));
  });

  for (const name of ['', '..', '../x', 'A'.repeat(40), `${'a'.repeat(40)}/..`, 'a'.repeat(39), `${'a'.repeat(40)}\n`]) {
    test(`the name ${JSON.stringify(name)} never becomes a path`, async () => {
      await assert.rejects(volumes.ensure(name, 16, within(5)), (error) => isProblem(error, 'malformed'));
      await assert.rejects(volumes.wipe(name, within(5)), (error) => isProblem(error, 'malformed'));
      const plain = new FolderVolumes(folder);
      await assert.rejects(plain.ensure(name), (error) => isProblem(error, 'malformed'));
      await assert.rejects(plain.wipe(name), (error) => isProblem(error, 'malformed'));
    });
  }

  test('the check makes one for real and leaves nothing behind', async () => {
    const before = await volumes.list();
    const files = await readdir(folder);
    const checks = await Promise.all([volumes.check(within(30)), volumes.check(within(30))]);
    for (const [check] of checks) assert.equal(check?.ok, true, check?.evidence);
    assert.deepEqual(await volumes.list(), before);
    assert.deepEqual(await readdir(folder), files);
  });
});

test('mount points are read as the kernel writes them', () => {
  const points = mountedAt('42 27 7:0 / /srv/a\\040b\\134c rw,nosuid - ext4 /dev/loop0 rw\n1 2 0:3 / /x rw - proc proc rw\n');
  assert.deepEqual([...points], ['/srv/a b\\c', '/x']);
});

test('plain folders are made, found and wiped, and say that nothing is enforced', async () => {
  const folder = await mkdtemp(join(tmpdir(), '3bot-folders-'));
  const volumes = new FolderVolumes(folder);
  const id = newId();
  const path = await volumes.ensure(id);
  await writeFile(join(path, 'x'), 'x');
  assert.deepEqual(await volumes.list(), [{ contract: id, size_mib: null, path }]);
  assert.match((await volumes.check())[0]?.evidence ?? '', /not enforced/);
  await volumes.wipe(id);
  await volumes.wipe(id);
  assert.deepEqual(await volumes.list(), []);
  await rm(folder, { recursive: true });
});
