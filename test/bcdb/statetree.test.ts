import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { StateAudit } from '../../src/bcdb/audit.js';
import { ingest } from '../../src/bcdb/ingest.js';
import { StateFile } from '../../src/bcdb/statefile.js';
import { bucketLeaf, bucketOf, bucketsFor, BucketTree } from '../../src/bcdb/statetree.js';
import type { Signer } from '../../src/keys/ed25519.js';
import { gridRules } from '../../src/rules/all.js';
import { leafHash, verifyInclusion } from '../../src/tlog/merkle.js';
import { namedSigner, TestBook } from '../book.js';

const sha = (...parts: (string | Buffer)[]): Buffer => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();

/** JSON with keys in order: RFC 8785 for what a state holds. */
function spelled(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spelled).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, one]) => `${JSON.stringify(key)}:${spelled(one)}`).join(',')}}`;
}

/** The root as ARCHITECTURE.md describes it, written from that page alone. */
function naiveRoot(objects: readonly { id: string; value: object }[], buckets: number): string {
  const bits = Math.log2(buckets);
  const lists: [string, string][][] = Array.from({ length: buckets }, () => []);
  for (const { id, value } of objects) {
    const first = [...sha(id)].map((byte) => byte.toString(2).padStart(8, '0')).join('').slice(0, bits);
    lists[parseInt(first || '0', 2)]?.push([id, sha(spelled(value)).toString('hex')]);
  }
  let row = lists.map((list) => sha(Buffer.of(0), JSON.stringify(list.sort(([a], [b]) => (a < b ? -1 : 1)))));
  while (row.length > 1) row = row.flatMap((left, i) => (i % 2 === 0 ? [sha(Buffer.of(1), left, row[i + 1] as Buffer)] : []));
  return (row[0] as Buffer).toString('hex');
}

let at = Date.now();

/** Takes a record in, at a time of its own: a home's clock does not jump. */
async function take(book: TestBook, chain: string, kind: string, body: object, signer: Signer): Promise<void> {
  at += 10_000;
  const line = { ...(await book.sign(chain, kind, body, [signer], at)), at };
  book.store.transact((open) => ingest(open, gridRules, line, undefined));
}

async function transfers(book: TestBook, count: number): Promise<void> {
  const wallet = namedSigner('wallet');
  for (let i = 0; i < count; i += 1) {
    const body = { payers: [{ account: wallet.key, amount_stroops: '1' }], to: namedSigner(`stranger ${book.store.size}`).key, memo: '' };
    await take(book, `account/${wallet.key}`, 'transfer@1', body, wallet);
  }
}

test('the root is that of an implementation written from the description, at every size, moved forward or begun anew', async () => {
  await using book = await TestBook.create();
  using moving = StateFile.open('');
  for (let i = 0; i < 12; i += 1) {
    await transfers(book, 1 + (i % 3));
    const { size } = book.store;
    const objects = book.store.objects('', 1_000);
    const point = await moving.advance(book.store, gridRules, size);
    assert.equal(point.root.toString('hex'), naiveRoot(objects, point.buckets));
    using anew = StateFile.open('');
    for (const buckets of [1, 2, 16, 1_024]) assert.equal((await anew.advance(book.store, gridRules, size, buckets)).root.toString('hex'), naiveRoot(objects, buckets), `${buckets} buckets`);
  }
  assert.ok(bucketsFor(book.store.objects('', 1_000).length) > 1, 'more than one bucket was needed in the end');
});

test('a proof shows every object, and that there is no other', async () => {
  await using book = await TestBook.create();
  await transfers(book, 20);
  using file = StateFile.open('');
  assert.equal(file.prove('grid'), undefined, 'nothing was folded yet');
  const { size, root, buckets } = await file.advance(book.store, gridRules, book.store.size, 8);
  for (const id of [...book.store.objects('', 1_000).map((object) => object.id), 'account/nobody']) {
    const proof = file.prove(id);
    assert.ok(proof !== undefined);
    assert.equal(proof.size, size);
    assert.ok(verifyInclusion(bucketLeaf(proof.bucket), bucketOf(id, buckets), buckets, proof.proof, root));
    const entry = proof.bucket.find(([one]) => one === id);
    assert.equal(entry?.[1], proof.object === null ? undefined : sha(proof.object).toString('hex'));
    assert.deepEqual(proof.object === null ? undefined : JSON.parse(proof.object), book.store.get(id));
  }
});

test('a fold that is broken off leaves the file as it was', async () => {
  await using book = await TestBook.create();
  await transfers(book, 5);
  using file = StateFile.open('');
  const before = await file.advance(book.store, gridRules, 3);
  await assert.rejects(file.advance(book.store, gridRules, 99), { code: 'not_found' });
  assert.equal(file.size, 3);
  assert.deepEqual(await file.advance(book.store, gridRules, 3), before);
  const after = await file.advance(book.store, gridRules, 7);
  assert.deepEqual(await file.advance(book.store, gridRules, 3), before, 'a smaller size begins anew');
  assert.deepEqual(await file.advance(book.store, gridRules, 7), after);
});

test('a tree whose leaves change has the root and proofs of one that is made of them anew', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 6 }), fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 30 }), (bits, changes) => {
    const buckets = 2 ** bits;
    const leaves = Array.from({ length: buckets }, (_, i) => leafHash(`${i}`));
    const tree = BucketTree.of(buckets);
    leaves.forEach((leaf, i) => tree.set(i, leaf));
    tree.root();
    for (const [place, value] of changes) {
      leaves[place % buckets] = leafHash(`new ${value}`);
      tree.set(place % buckets, leaves[place % buckets] as Buffer);
      if (value % 2 === 0) tree.root();
    }
    const root = Buffer.from(tree.root());
    const anew = BucketTree.of(buckets);
    leaves.forEach((leaf, i) => anew.set(i, leaf));
    assert.deepEqual(root, anew.root());
    leaves.forEach((leaf, i) => assert.ok(verifyInclusion(leaf, i, buckets, tree.proof(i), root)));
  }));
});

test('an audit takes true state roots and names the line of the first that is false', async () => {
  await using book = await TestBook.create();
  const log = namedSigner('log');
  using file = StateFile.open('');
  using own = StateFile.open('');
  const audit = new StateAudit(book.store, gridRules, own);
  const say = async (change: object = {}): Promise<void> => {
    const { size, root, buckets } = await file.advance(book.store, gridRules, book.store.size);
    await take(book, `state/${log.key}`, 'state@1', { size, root: root.toString('hex'), buckets, ...change }, log);
  };
  await transfers(book, 3);
  await say();
  assert.equal(await audit.check(book.store.size), 1);
  await transfers(book, 3);
  await say();
  assert.equal(await audit.check(book.store.size), 1, 'what was checked before is not looked at again');
  await transfers(book, 1);
  await say({ root: '00'.repeat(32) });
  const line = book.store.size - 1;
  await transfers(book, 1);
  await assert.rejects(audit.check(book.store.size), { code: 'integrity', reason: 'state_root', message: new RegExp(`^line ${line} says`) });
});
