// Random histories, honest and hostile, through a home: every copy has the same rows, bit for bit, and any mutation of
// what is sent to a copy is found. What holds of money whatever is submitted stands in rules/money.test.ts.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { toBase64 } from '../../src/base/bytes.js';
import { isProblem } from '../../src/base/errors.js';
import { ingestBatch, type Batch } from '../../src/bcdb/copy.js';
import { Store } from '../../src/bcdb/store.js';
import { gridRules } from '../../src/rules/all.js';
import type { Line, Signature } from '../../src/schema/types.js';
import { identityBody, namedSigner, TestBook } from '../book.js';
import { seedOr } from '../random.js';

const NAMES = ['wallet', 'ann', 'bob', 'owner'];
const name = fc.constantFrom(...NAMES);
const step = fc.record({
  what: fc.constantFrom('transfer', 'transfer', 'faucet', 'identity'), from: name, to: name, amount: fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant(2 ** 52)),
  // Mostly the right one signs, and once.
  by: fc.oneof({ weight: 6, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: name }), twice: fc.oneof({ weight: 6, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function carryOut(book: TestBook, steps: readonly Step[]): Promise<void> {
  for (const { what, from, to, amount, by, twice } of steps) {
    const signer = namedSigner(from);
    const account = `account/${signer.key}`;
    const [chain, kind, body] = what === 'transfer' ? [account, 'transfer@1', { payers: [{ account: signer.key, amount_stroops: `${amount}` }], to: namedSigner(to).key, memo: '' }]
      : what === 'faucet' ? [account, 'faucet@1', { amount_stroops: '10000000000' }]
      : [`bot/${signer.key}`, 'identity@1', identityBody(signer, from)];
    const record = await book.sign(chain as string, kind as string, body as object, [namedSigner(by ?? from)]);
    await book.sequencer.append(twice ? [record, record] : [record]);
  }
}

/** Lines from `from` on, as a home sends them. */
function batch({ store }: TestBook, from: number, to: number): Batch {
  const checkpoint = store.checkpoint();
  assert.ok(checkpoint !== undefined);
  return { lines: [...store.lines(from, to)], trailer: { checkpoint: checkpoint.note, consistency: store.tree.consistencyProof(to, checkpoint.size).map(toBase64) } };
}

/** Every row of every table. */
function rows({ db }: Store): Record<string, unknown[]> {
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name").pluck().all() as string[];
  return Object.fromEntries(tables.map((table) => [table, db.prepare(`SELECT * FROM ${table} ORDER BY 1, 2`).all()]));
}

const MUTATIONS: readonly ((line: Line) => Line)[] = [
  (line) => ({ ...line, payload: line.payload.replace(/[0-9](?=[^0-9]*$)/, (digit) => `${(Number(digit) + 1) % 10}`) }),
  (line) => ({ ...line, at: line.at + 1 }),
  (line) => ({ ...line, signatures: line.signatures.map(({ by, sig }: Signature) => ({ by, sig: `${sig[0] === 'A' ? 'B' : 'A'}${sig.slice(1)}` })) }),
  (line) => ({ ...line, signatures: [] }),
];

test('copies agree with their home in every row, and any mutation on the way is found', async () => {
  let copies = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), fc.nat(), fc.nat(), fc.constantFrom(...MUTATIONS), async (steps, cut, place, change) => {
      await using book = await TestBook.create();
      await carryOut(book, steps);
      const { size } = book.store;
      const parts = { rules: gridRules, grid: book.store.grid as string, clock: Date.now };
      using copy = Store.open(join(book.folder, `copy-${copies++}.sqlite`));
      const middle = 1 + (cut % size);
      for (const [from, to] of [[0, middle], [middle, size]] as const) ingestBatch({ ...parts, store: copy }, batch(book, from, to));
      assert.deepEqual(rows(copy), rows(book.store));

      using other = Store.open(join(book.folder, `copy-${copies++}.sqlite`));
      const sent = batch(book, 0, size);
      const at = place % size;
      const mutated = sent.lines.map((line, i) => (i === at ? change(line) : line));
      assert.throws(() => ingestBatch({ ...parts, store: other }, { ...sent, lines: mutated }), (thrown) => isProblem(thrown));
      assert.equal(other.size, 0, 'nothing of it stays');
      assert.throws(() => ingestBatch({ ...parts, store: other }, { ...sent, lines: sent.lines.filter((_, i) => i !== at) }), (thrown) => isProblem(thrown));
    }),
    { numRuns: 40, seed: seedOr(1) },
  );
});
