// What a bot that serves a grid says of the state, and what of it a light client takes: whatever is changed is refused.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { FRESH_MS, MAX_STATE_AGE_MS } from '../../src/base/limits.js';
import { Problem } from '../../src/base/errors.js';
import { sha256Hex } from '../../src/base/hash.js';
import { pinnedBy, type Pinned } from '../../src/bcdb/pinned.js';
import { parseReceipt } from '../../src/bcdb/receipt.js';
import { verifyStateProof, type Seen } from '../../src/bcdb/stateproof.js';
import { Client } from '../../src/net/client.js';
import type { Grid } from '../../src/net/grid.js';
import { verifyGrid } from '../../src/net/check.js';
import type { StateProof } from '../../src/schema/types.js';
import { namedSigner } from '../book.js';
import { send, TestHome, until } from './homes.js';

/** A served grid with a few accounts, and proofs of one of them. */
class Scene implements AsyncDisposable {
  readonly alice: TestHome;
  readonly client: Client;
  readonly grid: Grid;
  readonly pinned: Pinned;

  private constructor(alice: TestHome, client: Client, grid: Grid) {
    this.alice = alice;
    this.client = client;
    this.grid = grid;
    this.pinned = pinnedBy(grid.reader.line(0));
  }

  static async set(): Promise<Scene> {
    const alice = await TestHome.create('alice');
    const id = await alice.create();
    const { url, grids } = await alice.daemon();
    const grid = grids.get(id) as Grid;
    for (const name of ['ann', 'bea', 'cid']) await send(grid, alice.identity, namedSigner(name).key);
    return new Scene(alice, new Client({ url }), grid);
  }

  get account(): string {
    return `account/${this.alice.identity.public['wallet'] ?? ''}`;
  }

  ask(id: string, from = 0): Promise<StateProof> {
    return this.client.state(this.grid.id, id, from);
  }

  /** Writes another line and waits until the home would record another state root. */
  async goOn(): Promise<void> {
    await send(this.grid, this.alice.identity, namedSigner('dan').key);
    const at = this.grid.reader.lastAt;
    await until(() => Date.now() > at + 1_000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client[Symbol.asyncDispose]();
    await this.alice[Symbol.asyncDispose]();
  }
}

test('every object of the state is proven, and that there is no other; asking again makes no line', async () => {
  await using scene = await Scene.set();
  const { grid, pinned } = scene;
  const objects = grid.reader.objects('', 100);
  for (const { id, value } of objects) assert.deepEqual(verifyStateProof(await scene.ask(id), id, pinned, undefined, Date.now).value, value);
  assert.equal(verifyStateProof(await scene.ask('account/nobody'), 'account/nobody', pinned, undefined, Date.now).value, undefined);
  assert.equal(grid.reader.size, 6, 'one state root and no more');
  assert.equal((await verifyGrid(scene.alice.home, undefined)).stateRoots, 1);
});

test('a copy proves what the home has recorded, and what came later after the next root', async () => {
  await using scene = await Scene.set();
  await using bob = await TestHome.create('bob');
  await bob.join(scene.client.name);
  const { url } = await bob.daemon();
  await using copy = new Client({ url });
  await assert.rejects(copy.state(scene.grid.id, 'grid', 0), { code: 'busy', reason: 'state_root' });
  const at = verifyStateProof(await scene.ask(scene.account), scene.account, scene.pinned, undefined, Date.now);
  await until(async () => (await copy.grids())[0]?.size === scene.grid.reader.size);
  assert.deepEqual(verifyStateProof(await copy.state(scene.grid.id, scene.account, 0), scene.account, scene.pinned, undefined, Date.now), at);
  await scene.goOn();
  const later = verifyStateProof(await scene.ask(scene.account, at.seen.checkpoint.size), scene.account, scene.pinned, at.seen, Date.now);
  assert.ok(later.state.size > at.state.size);
  assert.deepEqual(later.value, scene.grid.reader.get(scene.account));
});

type Lie = (answer: StateProof, id: string) => StateProof;
const other = (hash: string): string => (hash.startsWith('A') ? `B${hash.slice(1)}` : `A${hash.slice(1)}`);
const recordOf = (receipt: string, change: (payload: string) => string): string => {
  const [first, extra, ...rest] = receipt.split('\n') as [string, string, ...string[]];
  const line = JSON.parse(Buffer.from(extra.slice('extra '.length), 'base64').toString()) as { payload: string };
  const changed = JSON.stringify({ ...line, payload: change(line.payload) }, ['at', 'payload', 'signatures', 'by', 'sig']);
  return [first, `extra ${Buffer.from(changed).toString('base64')}`, ...rest].join('\n');
};

const LIES: [string, Lie, RegExp][] = [
  ['an altered object', (answer) => ({ ...answer, object: (answer.object ?? '').replace(/"balance_stroops":"\d+"/, '"balance_stroops":"1"') }), /is not what was given/],
  ['an object that is withheld', (answer) => ({ ...answer, object: null }), /is in the state, and was not given/],
  ['an object that is left out of its bucket', (answer, id) => ({ ...answer, object: null, bucket: answer.bucket.filter(([one]) => one !== id) }), /bucket .* is not that of the state/],
  ['an altered object with a bucket to suit', (answer, id) => ({ ...answer, object: '{}', bucket: answer.bucket.map(([one, hash]) => [one ?? '', one === id ? '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a' : hash ?? '']) }), /bucket .* is not that of the state/],
  ['a bucket in another order', (answer) => ({ ...answer, bucket: [...answer.bucket, ['account/zzz', 'ab'.repeat(32)], ['account/aaa', 'ab'.repeat(32)]] }), /bucket .* is not that of the state/],
  ['another path', (answer) => ({ ...answer, proof: [...answer.proof, 'A'.repeat(43) + '='] }), /bucket .* is not that of the state/],
  ['another root in the record', (answer) => ({ ...answer, receipt: recordOf(answer.receipt, (payload) => payload.replace(/"root":"[0-9a-f]{4}/, '"root":"abcd')) }), /record is not line/],
  ['another checkpoint', (answer) => ({ ...answer, receipt: answer.receipt.replace(/\n3bot\/(.*)\n(\d+)\n(.{4})/, '\n3bot/$1\n$2\nAAAA') }), /signature does not hold|does not hold/],
];

for (const [what, lie, says] of LIES) {
  test(`${what} is refused`, async () => {
    await using scene = await Scene.set();
    const answer = await scene.ask(scene.account);
    assert.throws(() => verifyStateProof(lie(answer, scene.account), scene.account, scene.pinned, undefined, Date.now),
      (thrown) => thrown instanceof Problem && thrown.code === 'integrity' && says.test(thrown.message));
  });
}

test('the bucket of another object, a record that is no state root and another grid are refused', async () => {
  await using scene = await Scene.set();
  await using elsewhere = await Scene.set();
  // Enough objects for more than one bucket.
  for (let i = 0; i < 30; i += 1) await send(scene.grid, scene.alice.identity, namedSigner(`many ${i}`).key);
  const answer = await scene.ask('grid');
  const another = scene.grid.reader.objects('account/', 100).find(({ id }) => !answer.bucket.some(([one]) => one === id));
  assert.ok(another !== undefined);
  assert.throws(() => verifyStateProof(answer, another.id, scene.pinned, undefined, Date.now), /bucket .* is not that of the state/);
  const receipt = await scene.client.receipt(scene.grid.id, scene.grid.reader.head(scene.account)?.id ?? '');
  assert.throws(() => verifyStateProof({ ...answer, receipt }, 'grid', scene.pinned, undefined, Date.now), /is no state root/);
  assert.throws(() => verifyStateProof(answer, 'grid', elsewhere.pinned, undefined, Date.now), { code: 'integrity' });
});

test('an older root, a log that went back, a fork and a stale answer are refused', async () => {
  await using scene = await Scene.set();
  const { pinned, account } = scene;
  const old = await scene.ask(account);
  const first = verifyStateProof(old, account, pinned, undefined, Date.now);
  await scene.goOn();
  const answer = await scene.ask(account, first.seen.checkpoint.size);
  const { seen } = verifyStateProof(answer, account, pinned, first.seen, Date.now);
  const reason = (given: StateProof, before: Seen, clock = Date.now): string | undefined => {
    try {
      verifyStateProof(given, account, pinned, before, clock);
      return 'taken';
    } catch (thrown) {
      return thrown instanceof Problem ? thrown.reason : String(thrown);
    }
  };
  assert.equal(reason(old, seen), 'rewound', 'the log went back');
  assert.equal(reason({ ...old, receipt: await scene.client.receipt(scene.grid.id, recordId(old)), consistency: [] }, seen), 'rewound', 'an older root under the newest checkpoint');
  assert.equal(reason({ ...answer, consistency: answer.consistency.map(other) }, first.seen), 'fork');
  assert.equal(reason(answer, { ...first.seen, checkpoint: { ...first.seen.checkpoint, root: Buffer.alloc(32) } }), 'fork');
  assert.equal(reason(answer, first.seen, () => Date.now() + FRESH_MS), 'stale');
  assert.equal(reason(answer, first.seen, () => Date.now() - 2 * FRESH_MS), 'clocks');
});

test('an old state below a checkpoint of today is stale, unless nothing was written since', async () => {
  await using alice = await TestHome.create('alice');
  const start = Date.now();
  let passed = 0;
  alice.clock = () => start + passed;
  const id = await alice.create();
  const account = `account/${alice.identity.public['wallet'] ?? ''}`;
  await using first = new Client({ url: (await alice.daemon()).url });
  const old = await first.state(id, account, 0);
  await alice.close();
  passed = MAX_STATE_AGE_MS + 60_000;
  const { url, grids } = await alice.daemon();
  const grid = grids.get(id) as Grid;
  await using client = new Client({ url });
  const pinned = pinnedBy(grid.reader.line(0));
  const verified = (answer: StateProof): number => verifyStateProof(answer, account, pinned, undefined, alice.clock).state.line;
  const below = async (): Promise<StateProof> => ({ ...old, receipt: await client.receipt(id, recordId(old)) });
  assert.equal(verified(await below()), grid.reader.size - 1, 'nothing was written since');
  await send(grid, alice.identity, namedSigner('dan').key);
  const lie = await below();
  assert.throws(() => verified(lie), { code: 'unreachable', reason: 'stale', message: /^the newest state that is shown is of/ });
  assert.equal(verified(await client.state(id, account, 0)), grid.reader.size - 1, 'the home shows a new one');
});

const DAMAGES: [string, (path: string, bot: string) => void][] = [
  ['lacks an object', (path, bot) => changeFile(path, (db) => void db.prepare('DELETE FROM object WHERE id = ?').run(bot))],
  ['is no database', (path) => writeFileSync(path, 'no database'.repeat(1_000))],
];

for (const [what, damage] of DAMAGES) {
  test(`a state file that ${what} is made again, and the home signs no false root`, async () => {
    await using alice = await TestHome.create('alice');
    const id = await alice.create();
    const account = `account/${alice.identity.public['wallet'] ?? ''}`;
    await using first = new Client({ url: (await alice.daemon()).url });
    await first.state(id, account, 0);
    await alice.close();
    damage(alice.home.gridState(id), `bot/${alice.identity.public['bot'] ?? ''}`);
    const { url, grids } = await alice.daemon();
    const grid = grids.get(id) as Grid;
    await send(grid, alice.identity, namedSigner('ann').key);
    await until(() => Date.now() > grid.reader.lastAt + 1_000);
    await using client = new Client({ url });
    assert.deepEqual(verifyStateProof(await client.state(id, account, 0), account, pinnedBy(grid.reader.line(0)), undefined, Date.now).value, grid.reader.get(account));
    assert.equal((await verifyGrid(alice.home, undefined)).stateRoots, 2);
  });
}

function changeFile(path: string, change: (db: Database.Database) => void): void {
  const db = new Database(path);
  change(db);
  db.close();
}

/** Id of the state root's record. */
function recordId({ receipt }: StateProof): string {
  return sha256Hex(parseReceipt(receipt).line.payload);
}
