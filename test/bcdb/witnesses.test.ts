// A change of witnesses counts only below the old quorum, and every later checkpoint needs the new one.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { toBase64 } from '../../src/base/bytes.js';
import { isProblem, Problem } from '../../src/base/errors.js';
import { signCheckpoint } from '../../src/bcdb/checkpoint.js';
import { ingestBatch, type Batch } from '../../src/bcdb/copy.js';
import { makeRecord, signRecord } from '../../src/bcdb/record.js';
import type { ToCosign } from '../../src/bcdb/publisher.js';
import { Sequencer } from '../../src/bcdb/sequencer.js';
import { Store } from '../../src/bcdb/store.js';
import { verifyBook } from '../../src/bcdb/verify.js';
import { SignaturePool } from '../../src/keys/pool.js';
import { Budget, linesText } from '../../src/net/answers.js';
import { readTrust, trustText } from '../../src/net/trustfile.js';
import { openCheckpoint } from '../../src/bcdb/checkpoint.js';
import { gridRules } from '../../src/rules/all.js';
import type { Line, SignedRecord, Trailer } from '../../src/schema/types.js';
import { genesisBody, identityBody, namedSigner, nextPayload } from '../book.js';
import { Cosigner } from '../cosigner.js';

const [log, clockSigner, owner, wallet] = ['log', 'clock', 'owner', 'wallet'].map(namedSigner) as [ReturnType<typeof namedSigner>, ReturnType<typeof namedSigner>, ReturnType<typeof namedSigner>, ReturnType<typeof namedSigner>];
const [first, second] = [new Cosigner('first'), new Cosigner('second')];
const FIRST = [first.line(), 'quorum first'];
const SECOND = [second.line(), 'quorum second'];

/** A home whose book asks for the first witness; the ones that are there cosign whatever they are asked to. */
class Home implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), '3bot-witnesses-'));
  readonly store = Store.open(join(this.folder, 'home.sqlite'));
  readonly pool = new SignaturePool();
  readonly there = new Set([first, second]);
  readonly asked: [size: number, witness: string][] = [];
  sequencer!: Sequencer;
  #copies = 0;

  static async begin(): Promise<Home> {
    const home = new Home();
    home.sequencer = await Sequencer.open({ store: home.store, rules: gridRules, pool: home.pool, log, clockSigner, clock: Date.now, headPath: join(home.folder, 'head'), cosigning: home });
    const genesis = { ...genesisBody(owner, [{ account: wallet.key, amount_stroops: '1000' }]), witnesses: FIRST };
    await home.append(await home.record('grid', 'genesis@1', genesis));
    await home.append(await home.record(`bot/${owner.key}`, 'identity@1', identityBody(owner, 'owner')));
    return home;
  }

  async cosign({ policy, size, note }: ToCosign): Promise<string> {
    const asked = [...this.there].filter(({ key }) => policy.witnesses.some((one) => one.key.key === key.key));
    this.asked.push(...asked.map(({ name }): [number, string] => [size, name]));
    if (asked.length === 0) throw new Problem('unreachable', 'nobody is there', { reason: 'unwitnessed' });
    return asked.reduce((text, witness) => witness.cosign(text, Date.now()), note);
  }

  async record(chain: string, kind: string, body: object, signer = owner): Promise<SignedRecord> {
    return signRecord(makeRecord(nextPayload(this.store, chain, kind, body, Date.now())), [signer]);
  }

  transfer(): Promise<SignedRecord> {
    return this.record(`account/${wallet.key}`, 'transfer@1', { payers: [{ account: wallet.key, amount_stroops: '1' }], to: owner.key, memo: '' }, wallet);
  }

  async append(...records: SignedRecord[]): Promise<void> {
    for (const outcome of await this.sequencer.append(records)) if (!outcome.ok) throw outcome.problem;
  }

  change(to: string[] | null): Promise<SignedRecord> {
    return this.record('grid', 'witnesses@1', { witnesses: to });
  }

  /** What the home serves from a line on. */
  served(from: number): Batch {
    const kept = this.store.checkpoint();
    if (kept === undefined) throw new Error('no checkpoint');
    const rows = [...linesText(this.store, kept, from, 1_000, new Budget(1e9))].join('').split('\n').filter((row) => row !== '').map((row) => JSON.parse(row) as unknown);
    const trailer = rows.pop() as Trailer;
    return { lines: rows as Line[], trailer };
  }

  /** Lines up to some size below a checkpoint that the log has signed, and these witnesses. */
  async signed(from: number, size: number, witnesses: readonly Cosigner[]): Promise<Batch> {
    const note = await signCheckpoint({ origin: this.sequencer.pinned.origin, size, root: this.store.tree.root(size), time_ms: Date.now() }, log, clockSigner);
    return { lines: [...this.store.lines(from, size)], trailer: { checkpoint: witnesses.reduce((text, witness) => witness.cosign(text, Date.now()), note), consistency: this.store.tree.consistencyProof(size, size).map(toBase64) } };
  }

  /** An empty copy; `take` gives it a batch. */
  copy(): { store: Store; take: (batch: Batch) => number } {
    const store = Store.open(join(this.folder, `copy-${this.#copies++}.sqlite`));
    return { store, take: (batch) => ingestBatch({ store, rules: gridRules, grid: this.store.grid as string, clock: Date.now }, batch) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sequencer[Symbol.asyncDispose]();
    this.store[Symbol.dispose]();
    await this.pool[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const unwitnessed = (thrown: unknown): boolean => isProblem(thrown, 'integrity', 'unwitnessed');

test('the old witnesses cosign the change itself, the new ones all that follows, however it arrives', async () => {
  await using home = await Home.begin();
  const line = home.store.size;
  home.asked.length = 0;
  await home.append(await home.change(SECOND), await home.transfer());
  assert.deepEqual(home.asked, [[line + 1, 'first'], [line + 2, 'second']]);
  await home.append(await home.transfer());
  assert.deepEqual(home.asked.at(-1), [line + 3, 'second']);
});

test('a late copy is led over the change by the old witnesses, and then believes the new ones alone', async () => {
  await using home = await Home.begin();
  await home.append(await home.change(SECOND), await home.transfer());
  const change = 2;
  const { store, take } = home.copy();
  using _store = store;
  const batch = home.served(0);
  assert.equal(batch.trailer.more, true);
  take(batch);
  assert.equal(store.size, change + 1);
  assert.throws(() => take({ ...home.served(change + 1), trailer: batch.trailer }), { code: 'integrity' });
  take(home.served(change + 1));
  assert.equal(store.size, home.store.size);
  const { size } = await verifyBook({ store, rules: gridRules, grid: home.store.grid as string });
  assert.equal(size, store.size);
  // Both checkpoints open for whoever has the genesis file alone.
  const trust = readTrust(trustText(store));
  for (const { note } of [store.milestone(0), store.checkpoint()].filter((kept) => kept !== undefined)) openCheckpoint(note, trust);
  const genesisAlone = readTrust(JSON.stringify(store.line(0)));
  assert.throws(() => openCheckpoint(store.checkpoint()?.note ?? '', genesisAlone), unwitnessed);
  await assert.rejects(async () => take(await home.signed(store.size, store.size, [first])), unwitnessed);
});

test('a change that the old witnesses have not cosigned does not count, whoever else has', async () => {
  await using home = await Home.begin();
  await home.append(await home.change(SECOND), await home.transfer());
  const all = home.store.size;
  for (const [size, witnesses, reason] of [[all, [second], 'unwitnessed'], [all, [], 'unwitnessed'], [all - 1, [second], 'unwitnessed'], [all, [first, second], 'milestone']] as const) {
    const { store, take } = home.copy();
    using _store = store;
    const batch = await home.signed(0, size, witnesses);
    assert.throws(() => take(batch), (thrown) => isProblem(thrown, 'integrity', reason), `${size} lines by ${witnesses.map(({ name }) => name).join()}`);
    assert.equal(store.size, 0);
  }
});

test('with the old witnesses gone the home commits nothing, and goes on when they are back', async () => {
  await using home = await Home.begin();
  const before = home.store.checkpoint();
  home.there.delete(first);
  const change = await home.change(SECOND);
  await assert.rejects(home.append(change), (thrown) => isProblem(thrown, 'unreachable', 'unwitnessed'));
  await assert.rejects(home.append(await home.transfer()), (thrown) => isProblem(thrown, 'unreachable', 'unwitnessed'));
  assert.deepEqual([home.store.checkpoint(), home.store.milestone(0)], [before, undefined]);
  home.there.add(first);
  await home.append(await home.transfer());
  assert.deepEqual([home.store.milestone(0)?.size, home.store.checkpoint()?.size], [3, home.store.size]);
});

test('records that belong together are recorded together while the witnesses are away, and committed together when they are back', async () => {
  await using home = await Home.begin();
  home.there.clear();
  const one = await home.transfer();
  const other = await home.record(`bot/${owner.key}`, 'identity@1', identityBody(owner, 'again'));
  const { size } = home.store;
  const away = await home.sequencer.append([one, other], true);
  assert.deepEqual(away.map((outcome) => !outcome.ok && outcome.problem.reason), ['unwitnessed', 'unwitnessed']);
  assert.equal(home.store.size, size + 2);
  const refused = await home.sequencer.append([await home.transfer(), one, { ...other, payload: other.payload.replace('again', 'never') }], true);
  assert.deepEqual(refused.map((outcome) => !outcome.ok && outcome.problem.reason), ['together', 'unwitnessed', 'chain_conflict']);
  home.there.add(first);
  assert.deepEqual((await home.sequencer.append([one, other], true)).map((outcome) => outcome.ok && outcome.index), [size, size + 1]);
  assert.equal(home.store.checkpoint()?.size, size + 2);
});

test('a genesis file with a change that is altered, out of place or not of governance is refused', async () => {
  await using home = await Home.begin();
  await home.append(await home.change(SECOND), await home.transfer());
  const [genesis = '', change = ''] = trustText(home.store).split('\n');
  const row = JSON.parse(change) as { index: number; payload: string; signatures: { by: string; sig: string }[]; inclusion: string[] };
  const stranger = await home.record('grid', 'witnesses@1', { witnesses: null }, namedSigner('stranger'));
  const files: [string, object][] = [
    ['another place', { ...row, index: row.index + 1 }],
    ['another policy', { ...row, payload: row.payload.replace('quorum second', 'quorum secund') }],
    ['no signature of governance', { ...row, payload: stranger.payload, signatures: stranger.signatures }],
    ['a proof that leads elsewhere', { ...row, inclusion: row.inclusion.slice(1) }],
    ['no checkpoint of the old witnesses', { ...row, checkpoint: null }],
    ['a checkpoint of the new ones', { ...row, checkpoint: (await home.signed(0, 3, [second])).trailer.checkpoint }],
    ['a field more', { ...row, more: 1 }],
  ];
  for (const [what, changed] of files) assert.throws(() => readTrust(`${genesis}\n${JSON.stringify(changed)}\n`), (thrown) => isProblem(thrown, 'integrity'), what);
  assert.throws(() => readTrust(`${genesis}\n${change}\n${change}\n`), (thrown) => isProblem(thrown, 'integrity'), 'a change twice');
  assert.deepEqual(readTrust(`${genesis}\n${change}\n`).witnesses?.witnesses.map(({ name }) => name), ['second']);
});
