import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProblem, Problem } from '../../src/base/errors.js';
import { openCheckpoint, signCheckpoint } from '../../src/bcdb/checkpoint.js';
import { ingestBatch } from '../../src/bcdb/copy.js';
import { judge, leafOf } from '../../src/bcdb/evidence.js';
import { trustOf } from '../../src/bcdb/pinned.js';
import { formatReceipt, verifyReceipt } from '../../src/bcdb/receipt.js';
import { makeRecord, signRecord } from '../../src/bcdb/record.js';
import { Sequencer } from '../../src/bcdb/sequencer.js';
import { updateConfig, readConfig } from '../../src/home.js';
import { seedSigner, type Signer } from '../../src/keys/ed25519.js';
import type { Keyring } from '../../src/keys/keyring.js';
import { SignaturePool } from '../../src/keys/pool.js';
import { verifyGrid } from '../../src/net/check.js';
import { nextPayload } from '../../src/net/compose.js';
import { isSignedByHome } from '../../src/net/evidence.js';
import { createGrid } from '../../src/net/genesis.js';
import { signStatement } from '../../src/net/governance.js';
import { openGrid } from '../../src/net/grid.js';
import { draftHandover, takeOver } from '../../src/net/handover.js';
import { checkTrust, readTrust, trustText } from '../../src/net/trustfile.js';
import { headPath, openStore } from '../../src/net/writer.js';
import { gridRules } from '../../src/rules/all.js';
import { readGrid } from '../../src/rules/objects.js';
import type { Evidence, Handover, Line, Payload } from '../../src/schema/types.js';
import { EvilHome } from '../evil/evilhome.js';
import { send, TestHome } from './homes.js';

const STRANGER = seedSigner(Buffer.alloc(32, 7)).key;

/** An old home, and two copies: the governor's, who may take over, and bob's. */
class Scene implements AsyncDisposable {
  readonly old: TestHome;
  readonly governor: TestHome;
  readonly bob: TestHome;
  readonly id: string;
  url: string;

  private constructor(old: TestHome, governor: TestHome, bob: TestHome, id: string, url: string) {
    [this.old, this.governor, this.bob, this.id, this.url] = [old, governor, bob, id, url];
  }

  static async set(): Promise<Scene> {
    const [old, governor, bob] = await Promise.all(['old', 'governor', 'bob'].map((name) => TestHome.create(name))) as [TestHome, TestHome, TestHome];
    const allocations = [bob, old].map(({ identity }) => ({ account: identity.public['wallet'] as string, amount_stroops: '10000000000' }));
    const { id } = await createGrid({ ...old.options, name: 'valley', dev: true, owner: governor.identity, allocations });
    const { url } = await old.daemon();
    await governor.join(url, id);
    await bob.join(url, id);
    return new Scene(old, governor, bob, id, url);
  }

  /** One more line, by somebody's own copy. */
  async write(by: TestHome, memo: string): Promise<{ id: string; index: number }> {
    await using grid = await openGrid(by.options);
    return await send(grid, by.identity, STRANGER, memo);
  }

  /** The governor's copy becomes the home; gives where it is served. */
  async takeOver(): Promise<number> {
    const { options, identity } = this.governor;
    await using grid = await openGrid(options);
    const file = await signStatement(grid, { record: await draftHandover(grid, options), signatures: [] }, identity);
    const { line } = await takeOver(this.id, file, options);
    this.url = (await this.governor.daemon()).url;
    return line;
  }

  async refresh(home: TestHome): Promise<void> {
    await using grid = await openGrid(home.options);
    await grid.refresh();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const home of [this.bob, this.governor, this.old]) await home[Symbol.asyncDispose]();
  }
}

test('a grid goes on under a new home; copies move, late ones come, receipts of both homes hold', async () => {
  await using scene = await Scene.set();
  const { old, governor, bob, id } = scene;
  const before = await scene.write(bob, 'under the old home');
  await scene.refresh(governor);
  await using grid = await openGrid(bob.options);
  const oldReceipt = grid.receipt(before.id);
  await old.close();

  const line = await scene.takeOver();
  assert.equal(line, grid.reader.size);
  await bob.join(scene.url, id);
  const after = await scene.write(bob, 'under the new home');
  assert.ok(after.index > line);
  grid.reader.refresh();
  for (const receipt of [oldReceipt, grid.receipt(before.id), grid.receipt(after.id)]) verifyReceipt(receipt, trustOf(grid.reader, id));

  // Somebody who never saw the old home, from the new one; and somebody from a copy of that.
  await using carol = await TestHome.create('carol');
  await using dave = await TestHome.create('dave');
  await carol.join(scene.url, id);
  await dave.join((await carol.daemon()).url, id);
  const roots = await Promise.all([governor, bob, carol, dave].map(async ({ home }) => (({ size, signed, root }) => ({ size, signed, root }))(await verifyGrid(home, id))));
  assert.deepEqual(roots, Array(4).fill(roots[0]));
  await using hers = await openGrid(carol.options);
  assert.equal(hers.reader.milestone(0)?.size, line, 'the old home\'s last checkpoint is kept');
  verifyReceipt(oldReceipt, trustOf(hers.reader));
});

test('the old home learns of it when it joins, and is a copy then', async () => {
  await using scene = await Scene.set();
  const { old, governor, bob, id } = scene;
  await scene.refresh(governor);
  await old.close();
  const line = await scene.takeOver();
  await bob.join(scene.url, id);
  const { entry, size } = await old.join(scene.url, id);
  assert.deepEqual([entry.url, size], [scene.url, line + 1]);
  assert.equal((await scene.write(old, 'as a copy')).index >= line, true);
  // Its keys sign nothing any more, whatever its config says.
  updateConfig(old.home, (config) => void (config.grids[0] = { ...entry, url: null }));
  using store = openStore(old.home, id);
  await using pool = new SignaturePool();
  const log = await old.options.openKeyring('log', readGrid(store).nonce);
  const opened = Sequencer.open({ store, rules: gridRules, pool, clock: Date.now, log: log.signer('log'), clockSigner: log.signer('clock'), headPath: headPath(old.home, id) });
  await assert.rejects(opened, (thrown) => isProblem(thrown, 'refused', 'handed_over'));
});

test('a copy that holds lines which only the old home signed is told so, and what to do', async () => {
  await using scene = await Scene.set();
  const { old, governor, bob, id } = scene;
  await scene.refresh(governor);
  // The governor's copy has not heard of this one.
  const lost = await scene.write(bob, 'too late');
  await old.close();
  const line = await scene.takeOver();
  assert.ok(lost.index >= line);
  await assert.rejects(bob.join(scene.url, id), (thrown) => isProblem(thrown, 'integrity', 'handed_over') && /handed grid .* over at line \d+; the \d+ lines/.test(thrown.message) && (thrown.hint ?? '').includes(`grid join ${scene.url} --genesis ${id}`));
  await assert.rejects(old.join(scene.url, id), (thrown) => isProblem(thrown, 'integrity', 'handed_over'));
  assert.equal(readConfig(bob.home).grids[0]?.url === scene.url, false, 'nothing was changed');
});

test('an old home that is alive does not record the hand-over, and is not disturbed by a draft of one', async () => {
  await using scene = await Scene.set();
  const { governor, bob } = scene;
  await using grid = await openGrid(governor.options);
  await grid.refresh();
  const { record, signatures } = await signStatement(grid, { record: await draftHandover(grid, governor.options), signatures: [] }, governor.identity);
  const [outcome] = await grid.submit([{ payload: record.text, signatures: [...signatures] }]);
  assert.ok(outcome?.ok === false && isProblem(outcome.problem, 'refused', 'handed_over'), JSON.stringify(outcome));
  await scene.write(bob, 'goes on');
});

test('a hand-over that was broken off after its line is completed by doing it again', async () => {
  await using scene = await Scene.set();
  const { old, governor, id } = scene;
  await scene.refresh(governor);
  await old.close();
  const { options, identity } = governor;
  await using grid = await openGrid(options);
  const file = await signStatement(grid, { record: await draftHandover(grid, options), signatures: [] }, identity);
  const first = await takeOver(id, file, options);
  // As if the config had not been written yet.
  updateConfig(governor.home, (config) => void (config.grids[0] = { id, name: 'valley', url: scene.url }));
  assert.deepEqual(await takeOver(id, file, options), first);
  grid.reader.refresh();
  const kept = grid.reader.checkpoint();
  assert.equal(openCheckpoint(kept?.note ?? '', trustOf(grid.reader)).size, first.line + 1);
});

test('a draft is the same as often as it is made, and is not made from half a copy', async () => {
  await using scene = await Scene.set();
  const { governor, old, id } = scene;
  await scene.refresh(governor);
  await using grid = await openGrid(governor.options);
  const now = Date.now();
  const clock = (): number => now;
  const draft = await draftHandover(grid, { ...governor.options, clock });
  assert.equal((await draftHandover(grid, { ...governor.options, clock, createKeyring: () => Promise.reject(new Problem('usage', 'it is there', { reason: 'exists' })) })).id, draft.id);
  await old.close();
  const file = await signStatement(grid, { record: draft, signatures: [] }, governor.identity);
  const other = { ...governor.options, openKeyring: async () => scene.bob.options.createKeyring('log', 'other') };
  await assert.rejects(takeOver(id, file, other), (thrown) => isProblem(thrown, 'refused', 'key'));
  await assert.rejects(signStatement(grid, file, scene.bob.identity), (thrown) => isProblem(thrown, 'refused', 'key'));
});

/** A hand-over at the end of the old home's book, as a server would give it out. */
async function statement(scene: Scene, seen: Partial<Handover['seen']>, log: Keyring, signers: readonly Signer[]): Promise<Line> {
  await using grid = await openGrid(scene.governor.options);
  const { reader } = grid;
  const { log: log_key = '', clock: clock_key = '' } = log.public;
  const body: Handover = { seen: { size: reader.size, root: reader.tree.root().toString('hex'), ...seen }, log_key, clock_key };
  const at = Date.now();
  return { ...(await signRecord(makeRecord(nextPayload(grid, 'grid', 'handover@1', body, at)), [...signers])), at };
}

test('a hand-over that is none is believed by no copy, and by nobody who has no copy', async () => {
  await using scene = await Scene.set();
  const { governor, bob, id } = scene;
  await scene.refresh(governor);
  const log = await governor.options.createKeyring('log', 'evil');
  const [real, other] = [governor, bob].map(({ identity }) => identity.signer('bot')) as [Signer, Signer];
  using store = openStore(bob.home, id);
  const lines = [...store.lines(0, store.size)];
  const size = lines.length;
  const genesis = lines[0] as Line;
  const cases: [what: string, line: Line, copy: RegExp, alone: RegExp | null][] = [
    ['made for other lines', await statement(scene, { root: 'ab'.repeat(32) }, log, [real]), /have seen 2 lines that are not the first 2/, null],
    ['made for another place', await statement(scene, { size: size - 1, root: store.tree.root(size - 1).toString('hex') }, log, [real]), /line \d+ does not hold: .*hand/, /hand/],
    ['signed by somebody', await statement(scene, {}, log, [other]), /line \d+ does not hold: .*sign/, /sign/],
    ['with a signature that does not hold', await statement(scene, {}, log, [real]).then(({ signatures, ...line }) => ({ ...line, signatures: signatures.map(({ by }) => ({ by, sig: `${'A'.repeat(86)}==` })) })), /line \d+ does not hold: signature/, /signature by .* does not hold/],
  ];
  for (const [what, line, copy, alone] of cases) {
    await using evil = await EvilHome.start([...lines, line], log);
    await assert.rejects(bob.join(evil.url, id), (thrown) => isProblem(thrown, 'integrity') && copy.test(thrown.message) || assert.fail(`${what}: ${String(thrown)}`));
    if (alone === null) continue;
    const said = { genesis, changes: [{ index: size, ...line, inclusion: [], checkpoint: null }] };
    assert.throws(() => checkTrust(said, id), (thrown) => isProblem(thrown, 'integrity') && alone.test(thrown.message) || assert.fail(`${what}: ${String(thrown)}`));
  }
  store.refresh();
  assert.equal(store.size, size, 'nothing was taken in');
  const { pinned } = checkTrust({ genesis, changes: [{ index: size, ...(await statement(scene, {}, log, [real])), inclusion: [], checkpoint: null }] }, id);
  assert.equal(pinned.log_key, log.public['log'], 'and the true one is believed');
});

test('a hand-over that the old home has numbered itself, with lines on both sides, is taken by no copy', async () => {
  await using scene = await Scene.set();
  const { old, governor, bob, id } = scene;
  using copy = openStore(bob.home, id);
  const { size } = copy;
  await using grid = await openGrid(governor.options);
  await send(grid, old.identity, STRANGER, 'bob has not heard of this line');
  const handed = await signStatement(grid, { record: await draftHandover(grid, governor.options), signatures: [] }, governor.identity);
  const above = await signRecord(makeRecord(nextPayload(grid, `account/${bob.identity.public['wallet']}`, 'transfer@1', { payers: [{ account: bob.identity.public['wallet'], amount_stroops: '1' }], to: STRANGER, memo: '' }, Date.now())), [bob.identity.signer('wallet')]);
  const at = Date.now();
  const lines: Line[] = [...grid.reader.lines(0, grid.reader.size), { payload: handed.record.text, signatures: [...handed.signatures], at }, { ...above, at }];
  await old.close();
  const log = await old.options.openKeyring('log', readGrid(grid.reader).nonce);
  await using evil = await EvilHome.start(lines, log);
  await assert.rejects(bob.join(evil.url, id), (thrown) => isProblem(thrown, 'integrity', 'milestone'));
  copy.refresh();
  assert.equal(copy.size, size, 'nothing was taken in');
});

test('an old home that has heard of nothing and goes on stamping takes nothing back: its word is no news, and no evidence against the new one', async () => {
  await using scene = await Scene.set();
  const { old, governor, bob, id } = scene;
  await scene.refresh(governor);
  await old.close();
  const size = await scene.takeOver();
  await bob.join(scene.url, id);
  await scene.write(bob, 'under the new home');
  using store = openStore(bob.home, id);
  const log = await old.options.openKeyring('log', readGrid(store).nonce);
  const trust = trustOf(store);
  const stamped = (time_ms: number): Promise<string> => signCheckpoint({ origin: trust.origin, size, root: store.tree.root(size), time_ms }, log.signer('log'), log.signer('clock'));
  const note = await stamped(Date.now() + 3_000);
  const batch = { lines: [], trailer: { checkpoint: note, consistency: [] } };
  assert.equal(ingestBatch({ store, rules: gridRules, grid: id, clock: Date.now }, batch), store.size);
  assert.equal(isSignedByHome(store, id, batch), false);
  const kept = store.checkpoint()?.note ?? '';
  const judged = (kind: Evidence['kind'], other: string): Promise<unknown> => judge({ v: 1, grid: id, kind, found_ms: Date.now(), notes: [kept, other], places: [], consistency: [] }, trust, () => Promise.resolve(undefined));
  await assert.rejects(judged('rewound', note), (thrown) => isProblem(thrown, 'integrity', 'handed_over'));
  await assert.rejects(judged('lines', await stamped(Date.now() - 60_000)), /of two homes/);
});

test('with the key of an old home, money that never was can be shown to nobody who knows of the hand-over', async () => {
  await using scene = await Scene.set();
  const { old, governor, bob, id } = scene;
  await scene.refresh(governor);
  await old.close();
  await scene.takeOver();
  using store = openStore(governor.home, id);
  const log = await old.options.openKeyring('log', readGrid(store).nonce);
  const wallet = bob.identity.signer('wallet');
  const payload: Payload = { v: 1, grid: id, chain: `account/${wallet.key}`, height: 77, prev: 'ab'.repeat(32), kind: 'transfer@1', time: Date.now(), body: { payers: [{ account: wallet.key, amount_stroops: '999000000000' }], to: STRANGER, memo: '' } };
  const line: Line = { ...(await signRecord(makeRecord(payload), [wallet])), at: Date.now() };
  const receipt = async (time_ms: number): Promise<string> => formatReceipt({ line, index: 0, proof: [], checkpoint: await signCheckpoint({ origin: trustOf(store).origin, size: 1, root: leafOf(line), time_ms }, log.signer('log'), log.signer('clock')) });
  const late = await receipt(Date.now() + 2_000);
  assert.throws(() => verifyReceipt(late, trustOf(store)), (thrown) => isProblem(thrown, 'integrity', 'handed_over'));
  assert.throws(() => verifyReceipt(late, readTrust(trustText(store))), (thrown) => isProblem(thrown, 'integrity', 'handed_over'), 'by a genesis file');
  // Who has the key of the log has that of its clock: what it dates back is the old home's word, and called so.
  const { notProven } = verifyReceipt(await receipt(Date.now() - 3_600_000), trustOf(store));
  assert.ok(notProven.some((one) => /another home since/.test(one)), notProven.join('\n'));
});
