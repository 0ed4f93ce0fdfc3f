import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isProblem } from '../../src/base/errors.js';
import { openHome, readConfig, updateConfig } from '../../src/home.js';
import { MARK, markVolumes, volumesFolder } from '../../src/node/mark.js';
import { seeMachine } from '../../src/node/see.js';
import { openTools } from '../../src/node/tools.js';
import type { NodeConfig } from '../../src/schema/types.js';

const KEY = 'b'.repeat(64);
const HELD = 'c'.repeat(40);
const root = mkdtempSync(join(tmpdir(), '3bot-mark-'));
after(() => rmSync(root, { recursive: true, force: true }));

const disk = (sru_mib: number) => ({ agreement: { resources: { cru: 1, mru_mib: 64, sru_mib, hru_mib: 0, ipv4: 0 } }, started_at: 1, periods: [] });
type State = Parameters<typeof markVolumes>[2];
const book = (contract: object | undefined): State => ({ get: (id: string) => (id === `contract/${HELD}` ? contract : undefined) }) as unknown as State;

let count = 0;
/** A home with a node whose data folder is its own. */
function node(): { home: ReturnType<typeof openHome>; config: NodeConfig; folder: string } {
  const home = openHome(join(root, `home-${(count += 1)}`));
  const config: NodeConfig = { key: KEY, grid: 'a'.repeat(64), farm: 'f'.repeat(40), runtime: 'process', allow_registries: [], allow_consumers: [], address: null, data: join(root, `data-${count}`) };
  updateConfig(home, (all) => void (all.node = config));
  return { home, config, folder: volumesFolder(config) };
}

for (const [what, contract, hasVolumes, isMarked] of [
  ['a new node', undefined, false, true],
  ['a node whose contracts have no volumes', disk(0), false, true],
  ['a node that was not held to one yet', { ...disk(9), started_at: null }, false, true],
  ['a node of an earlier release, with its volumes', disk(9), true, true],
  ['a node of an earlier release, without the disk of its volumes', disk(9), false, false],
] as const) {
  test(`${what} ${isMarked ? 'gets its mark' : 'gets no mark, and waits'}`, async () => {
    const { home, config, folder } = node();
    const settled = await markVolumes(home, config, book(contract), [HELD], hasVolumes);
    assert.equal(existsSync(join(folder, MARK)), isMarked);
    assert.equal(readConfig(home).node?.marked, folder);
    assert.equal((await openTools(home, settled, true).volumes.missing()) === null, isMarked);
  });
}

test('without its mark nothing is made or wiped, until the disk is back', async () => {
  const { home, config, folder } = node();
  const { driver, volumes } = openTools(home, await markVolumes(home, config, book(undefined), [], false), true);
  await using _driver = driver;
  const within = AbortSignal.timeout(30_000);
  const path = await volumes.ensure(HELD, 8, within);
  writeFileSync(join(path, 'kept'), 'data');
  // As a disk that is not mounted any more: an empty mount point.
  renameSync(folder, `${folder}-away`);
  mkdirSync(folder);
  const isMissing = (thrown: unknown): boolean => isProblem(thrown, 'unreachable', 'volumes') && (thrown.hint ?? '').includes(join(folder, MARK));
  await assert.rejects(volumes.ensure(HELD, 8, within), isMissing);
  await assert.rejects(volumes.wipe(HELD, within), isMissing);
  assert.ok(isMissing((await seeMachine(driver, volumes, within)).missing));
  const [check] = await volumes.check(within);
  assert.deepEqual([check?.name, check?.ok], ['volumes', false]);
  assert.equal(existsSync(join(folder, HELD)), false);
  rmSync(folder, { recursive: true });
  renameSync(`${folder}-away`, folder);
  const seen = await seeMachine(driver, volumes, within);
  assert.deepEqual([seen.missing, [...seen.volumes.keys()]], [null, [HELD]]);
  assert.equal(readFileSync(join(await volumes.ensure(HELD, 8, within), 'kept'), 'utf8'), 'data');
  await volumes.wipe(HELD, within);
  assert.equal(existsSync(path), false);
});

test('the mark of another node is not its own, and a marked folder is marked once', async () => {
  const { home, config, folder } = node();
  const settled = await markVolumes(home, config, book(undefined), [], false);
  writeFileSync(join(folder, MARK), `${'d'.repeat(64)}\n`);
  assert.equal(await markVolumes(home, settled, book(undefined), [], false), settled);
  assert.match((await openTools(home, settled, true).volumes.missing())?.message ?? '', /another node/);
});
