// An auditing witness: no cosignature for a book that breaks a rule, or is dated as it was not.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isProblem } from '../../src/base/errors.js';
import { AUDIT_CLOCK_SKEW_MS } from '../../src/base/limits.js';
import { signCheckpoint } from '../../src/bcdb/checkpoint.js';
import { makeRecord, signRecord } from '../../src/bcdb/record.js';
import type { Keyring } from '../../src/keys/keyring.js';
import { ensureIdentity } from '../../src/net/compose.js';
import type { Grid } from '../../src/net/grid.js';
import { readGrid } from '../../src/rules/objects.js';
import type { Line } from '../../src/schema/types.js';
import { formatVkey } from '../../src/tlog/note.js';
import { formatAddCheckpoint, type Answer } from '../../src/tlog/witness.js';
import { Auditor, checkTimes } from '../../src/witness/audit.js';
import { Ledger } from '../../src/witness/ledger.js';
import { Witness } from '../../src/witness/witness.js';
import { namedSigner } from '../book.js';
import { EvilHome, treeOf } from '../evil/evilhome.js';
import { send, TestHome } from '../net/homes.js';

const SIGNER = namedSigner('auditor');

/** An honest book of five lines, and a home with its keys that serves whatever it is given, to an auditing witness. */
class Scene implements AsyncDisposable {
  readonly alice: TestHome;
  readonly grid: Grid;
  readonly evil: EvilHome;
  readonly ledger: Ledger;
  readonly witness: Witness;
  readonly lines: readonly Line[];
  readonly #log: Keyring;
  readonly #watcher: TestHome;
  readonly #auditor: Auditor;

  private constructor(alice: TestHome, grid: Grid, evil: EvilHome, lines: readonly Line[], log: Keyring, watcher: TestHome) {
    this.alice = alice;
    this.grid = grid;
    this.evil = evil;
    this.lines = lines;
    this.#log = log;
    this.#watcher = watcher;
    this.ledger = Ledger.create(watcher.home.witnessLedger('auditor'), { key_name: 'auditor', audits: true });
    this.#auditor = new Auditor({ home: watcher.home, name: 'auditor', ledger: this.ledger, clock: () => watcher.clock(), signal: watcher.stop.signal });
    this.witness = new Witness({ ledger: this.ledger, signer: SIGNER, clock: () => watcher.clock(), audit: (known, checkpoint) => this.#auditor.refusalOf(known, checkpoint) });
    const { origin } = readGrid(grid.reader);
    this.ledger.trust({ origin, vkey: formatVkey({ name: origin, type: 'ed25519', key: log.public['log'] ?? '' }), source: { grid: grid.id, url: evil.url } });
  }

  static async set(): Promise<Scene> {
    const alice = await TestHome.create('alice');
    await alice.create();
    const grid = await alice.grid();
    await ensureIdentity(grid, alice.identity);
    for (const memo of ['one', 'two', 'three']) await send(grid, alice.identity, 'ab'.repeat(32), memo);
    const lines = [...grid.reader.lines(0, grid.reader.size)];
    const log = await alice.options.openKeyring('log', readGrid(grid.reader).nonce);
    return new Scene(alice, grid, await EvilHome.start([], log), lines, log, await TestHome.create('watcher'));
  }

  /** The home asks for a cosignature on a book, and serves it. */
  async ask(lines: readonly Line[], old = this.ledger.logs()[0]?.size ?? 0): Promise<Answer> {
    this.evil.lines = [...lines];
    this.evil.time_ms = Math.max(this.evil.time_ms, lines.at(-1)?.at ?? 0);
    return this.witness.addCheckpoint(await this.request(lines, old));
  }

  /** What asks for a cosignature; whoever has the checkpoint can make it. */
  async request(lines: readonly Line[], old: number): Promise<Buffer> {
    const tree = treeOf(lines);
    const { origin } = readGrid(this.grid.reader);
    const checkpoint = await signCheckpoint({ origin, size: tree.size, root: tree.root(), time_ms: this.evil.time_ms }, this.#log.signer('log'), this.#log.signer('clock'));
    return Buffer.from(formatAddCheckpoint({ old, proof: tree.consistencyProof(old), checkpoint }));
  }

  /** A line that nobody but the home has seen. */
  async faucet(name: string, amount_stroops: string, at: number): Promise<Line> {
    const signer = namedSigner(name);
    const record = makeRecord({ v: 1, grid: this.grid.id, chain: `account/${signer.key}`, height: 0, prev: null, kind: 'faucet@1', time: at, body: { amount_stroops } });
    return { ...(await signRecord(record, [signer])), at };
  }

  /** A record of the log itself about the state of all lines. */
  async stateRoot(root: string): Promise<Line> {
    const log = this.#log.signer('log');
    const at = Date.now();
    const record = makeRecord({ v: 1, grid: this.grid.id, chain: `state/${log.key}`, height: 0, prev: null, kind: 'state@1', time: at, body: { size: this.lines.length, root, buckets: 1 } });
    return { ...(await signRecord(record, [log])), at };
  }

  set clock(clock: () => number) {
    this.#watcher.clock = clock;
    this.evil.time_ms = clock();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#auditor[Symbol.asyncDispose]();
    this.ledger[Symbol.dispose]();
    await this.evil[Symbol.asyncDispose]();
    await this.#watcher[Symbol.asyncDispose]();
    await this.alice[Symbol.asyncDispose]();
  }
}

test('a book that holds is cosigned as it grows, whether others have cosigned it or not', async () => {
  await using scene = await Scene.set();
  assert.equal((await scene.ask(scene.lines.slice(0, 3))).status, 200);
  assert.equal((await scene.ask(scene.lines)).status, 200);
  assert.equal((await scene.ask(scene.lines)).status, 200, 'a renewal');
});

const now = Date.now();

test('a checkpoint that a stranger hands in again does not make lines too old that the home has taken in since', async () => {
  await using scene = await Scene.set();
  const start = Date.now();
  scene.clock = () => start;
  assert.equal((await scene.ask(scene.lines)).status, 200);
  const [replay, late] = [await scene.request(scene.lines, 5), await scene.faucet('x', '10000000000', start + 1_000)];
  scene.clock = () => start + AUDIT_CLOCK_SKEW_MS + 10_000;
  scene.evil.lines = [...scene.lines, late];
  assert.equal((await scene.witness.addCheckpoint(replay)).status, 200);
  assert.equal((await scene.ask([...scene.lines, late])).status, 200);
  // What comes then must be dated after the last look, which the home itself has answered.
  const { status, body } = await scene.ask([...scene.lines, late, await scene.faucet('y', '10000000000', start + 2_000)]);
  assert.deepEqual([status, /line 6 is dated .* it was not in the book/.test(body)], [422, true], body);
});

test('a home that hands in checkpoints and gives nothing out is not cosigned: it could date lines as it likes later', async () => {
  await using scene = await Scene.set();
  assert.equal((await scene.ask(scene.lines)).status, 200);
  const replay = await scene.request(scene.lines, 5);
  await scene.evil[Symbol.asyncDispose]();
  assert.equal((await scene.witness.addCheckpoint(replay)).status, 503);
});

const MISDEEDS: [what: string, line: (scene: Scene) => Promise<Line> | Line, message: RegExp][] = [
  ['TFT out of nothing', (scene) => scene.faucet('rich', '99999999999999', Date.now()), /line 5 does not hold/],
  ['a forged signature', async (scene) => { const line = await scene.faucet('x', '10000000000', Date.now()); return { ...line, signatures: line.signatures.map(({ by }) => ({ by, sig: `${'A'.repeat(86)}==` })) }; }, /line 5 does not hold: signature/],
  ['a state root that is not that of the state', (scene) => scene.stateRoot('ab'.repeat(32)), /line 5 says that the first 5 lines make a state with root abab/],
  ['a line twice', ({ lines }) => lines[4] as Line, /line 5 does not hold/],
  ['a line that is dated before the witness saw the book without it', (scene) => scene.faucet('x', '10000000000', now + 3_600_000 - AUDIT_CLOCK_SKEW_MS - 60_000), /line 5 is dated .* it was not in the book/],
  ['a line that is dated after now', (scene) => scene.faucet('x', '10000000000', now + 3_600_000 + AUDIT_CLOCK_SKEW_MS + 60_000), /line 5 is dated .* and it is/],
];

describe('an auditing witness does not cosign', () => {
  for (const [what, line, message] of MISDEEDS) {
    test(what, async () => {
      await using scene = await Scene.set();
      const later = what.includes('dated');
      if (later) scene.clock = () => now + 3_600_000;
      assert.equal((await scene.ask(scene.lines)).status, 200);
      const { status, body } = await scene.ask([...scene.lines, await line(scene)]);
      assert.deepEqual([status, message.test(body)], [422, true], body);
      assert.equal(scene.ledger.logs()[0]?.size, 5);
      assert.equal((await scene.ask([...scene.lines, await line(scene)])).status, 422, 'also when it is asked again');
      // A state root is a line that the rules let in: what is false in it stays in this witness' copy.
      if (what.includes('state root')) return;
      // What has not been done may still be done honestly.
      const honest = await scene.faucet('honest', '10000000000', later ? now + 3_600_000 : Date.now());
      assert.equal((await scene.ask([...scene.lines, honest])).status, 200);
    });
  }

  test('a book that the home does not give out', async () => {
    await using scene = await Scene.set();
    assert.equal((await scene.ask(scene.lines.slice(0, 3))).status, 200);
    const tree = treeOf(scene.lines);
    const checkpoint = scene.grid.reader.checkpoint()?.note ?? '';
    scene.evil.lines = scene.lines.slice(0, 3);
    const answer = await scene.witness.addCheckpoint(Buffer.from(formatAddCheckpoint({ old: 3, proof: tree.consistencyProof(3), checkpoint })));
    assert.deepEqual([answer.status, /no lines after 3/.test(answer.body)], [503, true], answer.body);
  });
});

test('a witness that was away accepts lines of that time, and no others', () => {
  const checks = (at: number, seen_ms: number | null): boolean => {
    try {
      checkTimes([{ at }], 7, seen_ms, 10_000_000);
      return true;
    } catch (thrown) {
      assert.ok(isProblem(thrown, 'integrity', 'time'));
      return false;
    }
  };
  const rows: [at: number, seen: number | null, holds: boolean][] = [
    [10_000_000, 9_990_000, true],
    [10_120_000, 9_990_000, true],
    [10_120_001, 9_990_000, false],
    [9_870_000, 9_990_000, true],
    [9_869_999, 9_990_000, false],
    [5_000_000, 4_000_000, true],
    [1, null, true],
    [10_120_001, null, false],
  ];
  for (const [at, seen, holds] of rows) assert.equal(checks(at, seen), holds, `${at} ${seen}`);
});
