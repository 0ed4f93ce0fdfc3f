// The link to the release that runs: where a process dies between two steps, the next supervisor puts things right.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { testHook } from '../../../src/base/effect.js';
import { openHome, type Home } from '../../../src/home.js';
import { release } from '../../../src/net/release.js';
import { run } from '../../../src/node/children.js';
import { Releases } from '../../../src/node/release/releases.js';

const folders: string[] = [];
afterEach(() => {
  testHook.reach = undefined;
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A home with these releases unpacked. */
function homeWith(...versions: string[]): Home {
  const folder = mkdtempSync(join(tmpdir(), '3bot-releases-'));
  folders.push(folder);
  for (const version of versions) place(folder, version);
  return openHome(folder);
}

function place(folder: string, version: string): void {
  mkdirSync(join(folder, 'releases', version, 'bin'), { recursive: true });
  writeFileSync(join(folder, 'releases', version, 'bin', '3bot.js'), '');
}

test('a release that is asked for is tried, stays, and those before the last are deleted', () => {
  const home = homeWith();
  const releases = new Releases(home);
  assert.deepEqual([releases.current, releases.version, releases.program, releases.asked()], [null, release(), null, null]);
  for (const version of ['0.2.0', '0.3.0', '0.4.0']) {
    place(home.path, version);
    releases.ask(version);
    assert.equal(releases.asked(), version);
    releases.begin(version);
    assert.deepEqual([releases.asked(), releases.version, releases.state.trial?.version], [null, version, version]);
    releases.settle(1);
  }
  assert.equal(releases.state.trial, null);
  assert.equal(existsSync(releases.program ?? ''), true);
  assert.deepEqual(readdirSync(join(home.path, 'releases')).sort(), ['0.3.0', '0.4.0', 'current', 'state.json']);
  assert.deepEqual(releases.state.outcomes.map(({ version, problem }) => [version, problem]), [['0.4.0', null], ['0.3.0', null], ['0.2.0', null]]);
});

test('what was never unpacked, or is no version, is not tried', () => {
  const home = homeWith('0.2.0');
  const releases = new Releases(home);
  for (const version of ['0.9.0', '../../etc', 'current']) {
    releases.ask(version);
    assert.equal(releases.asked(), null);
  }
});

for (const [point, from] of [['release_switched:before', null], ['release_switched:after', null], ['release_switched:before', '0.2.0'], ['release_switched:after', '0.2.0']] as const) {
  test(`a supervisor that dies at ${point} of a trial leaves ${from ?? 'the installed program'} to the next one`, () => {
    const home = homeWith('0.2.0', '0.3.0');
    const releases = new Releases(home);
    if (from !== null) {
      releases.begin(from);
      releases.settle(1);
    }
    testHook.reach = (reached) => {
      if (reached === point) throw new Error('killed here');
    };
    assert.throws(() => releases.begin('0.3.0'), /killed here/);
    testHook.reach = undefined;
    const next = new Releases(home);
    assert.deepEqual(next.rollBack('broken off', 2), { version: '0.3.0', problem: 'broken off', at: 2 });
    assert.deepEqual([next.current, next.state.trial, next.asked()], [from, null, null]);
    assert.equal(next.rollBack('again', 3), null);
  });
}

test('a bundle that was cut short while it was put in its place is unpacked again; what was asked for is asked for once', async () => {
  const home = homeWith('0.2.0');
  const releases = new Releases(home);
  const source = join(home.path, 'package');
  mkdirSync(join(source, 'bin'), { recursive: true });
  writeFileSync(join(source, 'bin', '3bot.js'), '');
  writeFileSync(join(source, 'package.json'), '{"version":"0.3.0"}');
  const bundle = join(home.path, 'bundle.tgz');
  await run('tar', ['--create', '--gzip', '--file', bundle, '--directory', home.path, 'package'], AbortSignal.timeout(30_000));
  for (const point of ['release_unpacked:before', 'release_unpacked:after', 'release_asked:before', 'release_asked:after']) {
    rmSync(join(home.path, 'releases', '0.3.0'), { recursive: true, force: true });
    rmSync(join(home.path, 'releases', 'next.json'), { force: true });
    testHook.reach = (reached) => {
      if (reached === point) throw new Error('killed here');
    };
    const upgrade = async (): Promise<void> => {
      await releases.unpack(bundle, '0.3.0', AbortSignal.timeout(30_000));
      releases.ask('0.3.0');
    };
    await assert.rejects(upgrade(), /killed here/, point);
    testHook.reach = undefined;
    assert.deepEqual([releases.current, releases.asked()], [null, point === 'release_asked:after' ? '0.3.0' : null], point);
    await upgrade();
    assert.equal(releases.asked(), '0.3.0', point);
    assert.deepEqual(readdirSync(join(home.path, 'releases')).sort(), ['0.2.0', '0.3.0', 'next.json'], point);
  }
});
