// A grid with witnesses gets a new home, over real sockets: who moves by itself, and what nobody believes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { openCheckpoint } from '../../src/bcdb/checkpoint.js';
import { freshness } from '../../src/bcdb/copy.js';
import { trustOf } from '../../src/bcdb/pinned.js';
import { verifyReceipt } from '../../src/bcdb/receipt.js';
import { exportTiles } from '../../src/bcdb/mirror.js';
import type { Reader } from '../../src/bcdb/reader.js';
import { openHome } from '../../src/home.js';
import { createGrid } from '../../src/net/genesis.js';
import { exportGrid } from '../../src/net/export.js';
import { signStatement } from '../../src/net/governance.js';
import { openGrid, type Grid } from '../../src/net/grid.js';
import { draftHandover, takeOver } from '../../src/net/handover.js';
import { importGrid } from '../../src/net/import.js';
import { readLight } from '../../src/net/light/file.js';
import type { Basis } from '../../src/net/light/reader.js';
import { readTrust } from '../../src/net/trustfile.js';
import { formatVkey, parseVkey } from '../../src/tlog/note.js';
import { Auditor } from '../../src/witness/audit.js';
import { movedLog } from '../../src/witness/logs.js';
import { send, TestHome } from '../net/homes.js';
import { StaticServer } from '../net/static.js';
import { bot, botJson, tempHome } from '../script.js';
import { ServedWitness } from './grid.js';

const STRANGER = 'ab'.repeat(32);

/** An old home, a governor's copy that will take over, a bystander's copy; two witnesses, one of which audits, and all must cosign. */
class Scene implements AsyncDisposable {
  readonly old: TestHome;
  readonly governor: TestHome;
  readonly bob: TestHome;
  readonly watcher: TestHome;
  readonly auditor: Auditor;
  readonly witnesses: readonly ServedWitness[];
  id = '';
  url = '';
  /** At the new home. */
  served: Grid | undefined;

  private constructor(homes: readonly TestHome[]) {
    [this.old, this.governor, this.bob, this.watcher] = homes as [TestHome, TestHome, TestHome, TestHome];
    const { home, stop: { signal } } = this.watcher;
    const moved = movedLog.bind(undefined, { home, signal });
    const audits = new ServedWitness('auditor', { moved, audit: (log, checkpoint) => this.auditor.refusalOf(log, checkpoint) });
    this.auditor = new Auditor({ home, name: 'auditor', ledger: audits.memory.ledger, clock: Date.now, signal });
    this.witnesses = [new ServedWitness('plain', { moved }), audits];
  }

  static async set(): Promise<Scene> {
    const scene = new Scene(await Promise.all(['old', 'governor', 'bob', 'watcher'].map((name) => TestHome.create(name))));
    const { old, governor, bob, witnesses } = scene;
    for (const witness of witnesses) await witness.start();
    const allocations = [{ account: bob.identity.public['wallet'] as string, amount_stroops: '10000000000' }];
    const policy = [...witnesses.map(({ line }) => line), 'group g all plain auditor', 'quorum g'];
    const { id, vkey } = await createGrid({ ...old.options, name: 'valley', dev: true, owner: governor.identity, allocations, witnesses: policy });
    const daemon = await old.daemon();
    for (const { memory } of witnesses) memory.ledger.trust({ origin: parseVkey(vkey).name, vkey, source: { grid: id, url: daemon.url } });
    await daemon.grids.get(id)?.refresh();
    [scene.id, scene.url] = [id, daemon.url];
    await governor.join(daemon.url, id);
    await bob.join(daemon.url, id);
    return scene;
  }

  /** The old home ends, the governor's copy takes over; gives the number of the hand-over's line. */
  async handOver(): Promise<number> {
    const { options, identity } = this.governor;
    await using grid = await openGrid(options);
    await grid.refresh();
    await this.old.close();
    const file = await signStatement(grid, { record: await draftHandover(grid, options), signatures: [] }, identity);
    const { line } = await takeOver(this.id, file, options);
    const daemon = await this.governor.daemon();
    [this.url, this.served] = [daemon.url, daemon.grids.get(this.id)];
    return line;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const home of [this.bob, this.governor, this.old]) await home[Symbol.asyncDispose]();
    for (const witness of this.witnesses) await witness[Symbol.asyncDispose]();
    await this.auditor[Symbol.asyncDispose]();
    await this.watcher[Symbol.asyncDispose]();
  }
}

test('a grid with witnesses goes on under a new home: witnesses, copies and light clients move, receipts of both homes hold', async () => {
  await using scene = await Scene.set();
  const { bob, id } = scene;
  // A process of its own: while a light client asks, it does nothing else.
  const carol = { home: tempHome() };
  const joinLight = (): Promise<{ basis: Basis | null }> => botJson(['grid', 'join', '--light', scene.url, '--genesis', id], carol);
  await joinLight();
  const copy = await bob.grid();
  const before = await send(copy, bob.identity, STRANGER, 'under the old home');
  const receipt = copy.receipt(before.id);
  await bob.close();

  const line = await scene.handOver();
  // The witnesses know no address but the old home's; their bot learns of the new one.
  await scene.watcher.join(scene.url, id);
  await scene.served?.refresh();

  await bob.join(scene.url, id);
  const moved = await bob.grid();
  const after = await send(moved, bob.identity, STRANGER, 'under the new home');
  assert.ok(after.index > line && freshness(moved.reader, Date.now).fresh);
  const pinned = trustOf(moved.reader, id);
  for (const one of [receipt, moved.receipt(before.id), moved.receipt(after.id)]) verifyReceipt(one, pinned);
  assert.equal(openCheckpoint(moved.reader.checkpoint()?.note ?? '', pinned).size, moved.reader.size, 'with the cosignatures of both');
  for (const { memory } of scene.witnesses) assert.deepEqual(memory.ledger.logs().map(({ vkey, source }) => [vkey, source?.url]), [[formatVkey({ name: pinned.origin, type: 'ed25519', key: pinned.log_key }), scene.url]]);

  const { basis } = await joinLight();
  assert.ok((basis?.line ?? 0) > line, 'proven by a state root of the new log key');
  const wallet = `account/${bob.identity.public['wallet'] ?? ''}`;
  assert.deepEqual((await botJson<{ value: unknown }>(['bcdb', 'state', wallet], carol)).value, moved.reader.get(wallet));
  assert.deepEqual(readLight(openHome(carol.home), id).trust.pinned, pinned, 'it is kept');
  const file = join(dirname(carol.home), 'genesis.json');
  await bot(['grid', 'show', '--genesis-file', file], carol);
  assert.deepEqual(readTrust(readFileSync(file, 'utf8')), pinned);

  // All of it from files that any web server gives out, and from a backup.
  const [sizes, trusted] = [milestones(moved.reader), trustOf(moved.reader)];
  assert.deepEqual(sizes, [line]);
  const folder = join(bob.home.path, 'mirror');
  await exportTiles(moved.reader, folder, { signal: bob.stop.signal });
  await bob.close();
  await using server = await StaticServer.start(folder);
  for (const url of [server.url, `${scene.url}/log/${id}`]) {
    await using dave = await TestHome.create('dave');
    await dave.join(url, id);
    const { reader } = await dave.grid();
    assert.deepEqual([milestones(reader), trustOf(reader)], [sizes, trusted], url);
  }
  await exportGrid({ home: bob.home, signal: bob.stop.signal, file: join(bob.home.path, 'backup') });
  await using erin = await TestHome.create('erin');
  await importGrid({ ...erin.options, file: join(bob.home.path, 'backup'), url: scene.url });
  const { reader } = await erin.grid();
  assert.deepEqual([milestones(reader), trustOf(reader)], [sizes, trusted]);
});

function milestones(reader: Reader): number[] {
  const sizes: number[] = [];
  for (let one = reader.milestone(0); one !== undefined; one = reader.milestone(one.size)) sizes.push(one.size);
  return sizes;
}
