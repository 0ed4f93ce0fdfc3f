import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonical } from '../../src/base/canonical.js';
import { foldTo, linesUntil } from '../../src/bcdb/fold.js';
import { historyOf } from '../../src/bcdb/history.js';
import type { Objects } from '../../src/bcdb/rulebook.js';
import { gridRules } from '../../src/rules/all.js';
import { namedSigner, TestBook } from '../book.js';

const NAMES = ['ann', 'bea', 'cid'];

type Deed = { readonly what: 'faucet'; readonly who: number } | { readonly what: 'send'; readonly who: number; readonly to: number; readonly tft: number };
const deed: fc.Arbitrary<Deed> = fc.oneof(
  fc.record({ what: fc.constant('faucet' as const), who: fc.nat(2) }),
  fc.record({ what: fc.constant('send' as const), who: fc.nat(2), to: fc.nat(2), tft: fc.integer({ min: 1, max: 600 }) }),
);

/** Plays it on the book; what a rule refuses leaves no line. */
async function play(book: TestBook, done: Deed): Promise<void> {
  const wallet = namedSigner(NAMES[done.who] as string);
  const account = wallet.key;
  const [kind, body] = done.what === 'faucet'
    ? ['faucet@1', { amount_stroops: '10000000000' }] as const
    : ['transfer@1', { payers: [{ account, amount_stroops: `${done.tft}0000000` }], to: namedSigner(NAMES[done.to] as string).key, memo: '' }] as const;
  await book.try(await book.sign(`account/${account}`, kind, body, [wallet]));
}

/** All objects, in the one spelling. */
function stateOf(state: Objects): string {
  return canonical(state.objects('', 1_000));
}

test('the fold of a prefix is exactly the state that the book had then, whatever happened', async () => {
  await fc.assert(fc.asyncProperty(fc.array(deed, { minLength: 1, maxLength: 12 }), async (deeds) => {
    await using book = await TestBook.create();
    const then = new Map([[book.store.size, stateOf(book.store)]]);
    for (const one of deeds) {
      await play(book, one);
      then.set(book.store.size, stateOf(book.store));
    }
    for (const [size, state] of then) assert.equal(stateOf(await foldTo(book.store, gridRules, size)), state);
    const accounts = (await foldTo(book.store, gridRules, book.store.size)).objects('account/', 2, 'account/1');
    assert.deepEqual(accounts, book.store.objects('account/', 2, 'account/1'));
  }), { numRuns: 12 });
});

test('a moment is found by its time: the lines taken in until then, that included', async () => {
  await using book = await TestBook.create();
  for (const who of [0, 1, 2]) await play(book, { what: 'faucet', who });
  const times = [...book.store.lines(0, book.store.size)].map(({ at }) => at);
  for (const at of [0, ...times, ...times.map((time) => time - 1), Infinity]) {
    assert.equal(linesUntil(book.store, at), times.filter((time) => time <= at).length);
  }
});

test('a book that has fewer lines has no such state', async () => {
  await using book = await TestBook.create();
  await assert.rejects(foldTo(book.store, gridRules, 3), { code: 'not_found' });
});

test("a chain's history says of each record which objects it changed, and from what to what", async () => {
  await using book = await TestBook.create();
  const [ann, bea] = [namedSigner('ann').key, namedSigner('bea').key];
  await play(book, { what: 'faucet', who: 0 });
  await play(book, { what: 'faucet', who: 1 });
  await play(book, { what: 'send', who: 0, to: 1, tft: 250 });
  const steps = await historyOf(book.store, gridRules, `account/${ann}`);
  assert.deepEqual(steps.map(({ found }) => found.index), [2, 4]);
  assert.deepEqual(steps[0]?.changed.find(({ object }) => object === `account/${ann}`)?.isNew, true);
  const sent = steps[1]?.changed.map(({ object, isNew, changes }) => ({ object, isNew, changes }));
  assert.deepEqual(sent, [
    { object: `account/${ann}`, isNew: false, changes: [{ path: 'balance_stroops', before: '10000000000', after: '7500000000' }] },
    { object: `account/${bea}`, isNew: false, changes: [{ path: 'balance_stroops', before: '10000000000', after: '12500000000' }] },
  ]);
  await assert.rejects(historyOf(book.store, gridRules, 'account/none'), { code: 'not_found' });
});
