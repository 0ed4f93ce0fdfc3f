import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PIECE_BYTES } from '../../src/base/limits.js';
import { fromBase64 } from '../../src/base/bytes.js';
import { verifyConsistency } from '../../src/tlog/merkle.js';
import { makeRecord, signRecord } from '../../src/bcdb/record.js';
import type { Records } from '../../src/bcdb/query/answer.js';
import type { StoredCheckpoint } from '../../src/bcdb/reader.js';
import { Budget, linesText, objectsAnswer, queryAnswer } from '../../src/net/answers.js';
import { nextPayload } from '../../src/net/compose.js';
import type { Grid } from '../../src/net/grid.js';
import type { SignedRecord, Trailer } from '../../src/schema/types.js';
import { TestHome } from './homes.js';

const COUNT = 400;
let alice: TestHome;
let grid: Grid;

before(async () => {
  alice = await TestHome.create('alice');
  await alice.create();
  grid = await alice.grid();
  const wallet = alice.identity.signer('wallet');
  const records: SignedRecord[] = [];
  let payload = nextPayload(grid, `account/${wallet.key}`, 'transfer@1', { payers: [{ account: wallet.key, amount_stroops: '1' }], to: 'ab'.repeat(32), memo: 'x'.repeat(100) }, Date.now());
  for (let i = 0; i < COUNT; i += 1) {
    const record = makeRecord(payload);
    records.push(await signRecord(record, [wallet]));
    payload = { ...payload, height: payload.height + 1, prev: record.id };
  }
  assert.ok((await grid.submit(records)).every(({ ok }) => ok));
});
after(() => alice[Symbol.asyncDispose]());

const pieces = (budget: Budget, from = 0): Generator<Buffer> => linesText(grid.reader, grid.reader.checkpoint() as StoredCheckpoint, from, 1_000, budget);
const rowsOf = (text: string): string[] => text.trim().split('\n');

test('lines come piece by piece, and no more than two of them are held for a reader that takes its time', () => {
  const budget = new Budget(1e9);
  let text = '';
  let count = 0;
  for (const piece of pieces(budget)) {
    text += piece.toString();
    count += 1;
    assert.ok(piece.length < PIECE_BYTES + 2_000 && budget.used < 2 * (PIECE_BYTES + 2_000));
  }
  assert.ok(count > 3);
  assert.deepEqual(rowsOf(text).slice(0, -1), Array.from(grid.reader.lines(0, grid.reader.size), (line) => JSON.stringify(line)));
  assert.equal(budget.used, 0, 'all is given back');
});

test('when too much waits for its readers an answer ends early, with the proof for what it holds', () => {
  const budget = new Budget(2 * PIECE_BYTES);
  const slow = [pieces(budget), pieces(budget)];
  for (const one of slow) one.next();
  assert.ok(budget.isFull);
  const from = 5;
  const rows = rowsOf(Buffer.concat([...pieces(budget, from)]).toString());
  assert.equal(rows.length, 2, 'one line always');
  const { consistency } = JSON.parse(rows.at(-1) ?? '') as Trailer;
  const { tree, size } = grid.reader;
  assert.ok(verifyConsistency(from + 1, size, tree.root(from + 1), tree.root(), consistency.map((hash) => fromBase64(hash, 32))));
  for (const one of slow) one.return(undefined);
  assert.equal(budget.used, 0, 'also by readers that went away');
});

for (const [limit, maxBytes] of [[3, 1e9], [64, 1e9], [100, 1e9], [1_000, 1e9], [1_000, 5_000], [1_000, 1]] as const) {
  test(`pages of up to ${limit} rows and ${maxBytes} bytes have everything once, and one row at least`, () => {
    const { reader } = grid;
    const ids: string[] = [];
    for (let from: string | null | undefined; from !== null; ) {
      const { objects, next } = objectsAnswer(reader, '', limit, from, maxBytes);
      assert.ok(objects.length <= limit && (objects.length <= 1 || JSON.stringify(objects).length < maxBytes + 1_000));
      ids.push(...objects.map(({ id }) => id));
      from = next;
    }
    assert.deepEqual(ids, reader.objects('', 1_000).map(({ id }) => id));
    const found: number[] = [];
    for (let after: string | undefined; ; ) {
      const { records, next } = queryAnswer(reader, { query: 'kind = transfer', limit, ...(after === undefined ? {} : { after }) }, maxBytes) as Records;
      assert.ok(records.length <= limit && (records.length === 1 || JSON.stringify(records).length < maxBytes + 1_000));
      found.push(...records.map(({ index }) => index));
      if (next === null) break;
      after = next;
    }
    assert.deepEqual(found, [...Array.from({ length: COUNT }, (_, i) => grid.reader.size - 1 - i)]);
  });
}
