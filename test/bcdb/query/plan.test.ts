import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProblem } from '../../../src/base/errors.js';
import { MAX_LOOKED_AT, MAX_OPEN_LINES, MAX_QUERY_WORDS, MAX_WORD_REACH } from '../../../src/base/limits.js';
import { askLines, explain } from '../../../src/bcdb/query/answer.js';
import { parseQuery } from '../../../src/bcdb/query/parse.js';
import { planOf } from '../../../src/bcdb/query/plan.js';
import { idOf, keyOf, MadeBook, type Made } from './books.js';

const FARM = `farm/${idOf(3)}`;

/** 40 transfers, every tenth line an agreement about FARM. */
function madeBook(): MadeBook {
  const book = new MadeBook();
  const lines = Array.from({ length: 40 }, (_, i): Made => (i % 10 === 9
    ? { chain: `contract/${idOf(i)}`, kind: 'agreement@1', signers: [keyOf(1), keyOf(2)], body: { farm: idOf(3), total_stroops: `${i}`, order: `web ${i}` }, later: 1_000 }
    : { chain: `account/${keyOf(1)}`, kind: 'transfer@1', signers: [keyOf(1)], body: { memo: `n ${i}`, to: keyOf(2) }, later: 1_000 }));
  book.add(lines);
  return book;
}

const ALL = 'lines 0 to 39, 2026-01-01T00:00:01.000Z to 2026-01-01T00:00:40.000Z';

const PLANS: readonly (readonly [query: string, plan: object])[] = [
  ['', { query: 'every line', order: 'at desc', served_by: `the order of the book, ${ALL}`, lines: 40, checked_by_index: null, looked_at: null }],
  [`signer = ${keyOf(2)}`, { query: `signer = "${keyOf(2)}"`, order: 'at desc', served_by: `the index of signer, ${ALL}`, lines: 4, checked_by_index: null, looked_at: null }],
  [`kind = transfer@1 and tag = ${FARM} and signer = ${keyOf(1)}`, {
    query: `(kind = "transfer@1") and (tag = "${FARM}") and (signer = "${keyOf(1)}")`, order: 'at desc', served_by: `the index of tag, ${ALL}`, lines: 4,
    checked_by_index: `(kind = "transfer@1") and (signer = "${keyOf(1)}")`, looked_at: null }],
  ['kind = agreement and at >= 2026-01-01T00:00:25Z', {
    query: '(kind prefix "agreement@") and (at >= 1767225625000)', order: 'at desc', served_by: 'the index of kind, lines 24 to 39, 2026-01-01T00:00:25.000Z to 2026-01-01T00:00:40.000Z', lines: 2,
    checked_by_index: null, looked_at: null }],
  ['kind = agreement and body.order = "web 9"', {
    query: '(kind prefix "agreement@") and (body.order = "web 9")', order: 'at desc', served_by: `the index of kind, ${ALL}`, lines: 4, checked_by_index: null, looked_at: 'body.order = "web 9"' }],
  ['text match web order by body.total_stroops', {
    query: 'text match "web"', order: 'body.total_stroops desc', served_by: `the index of body.total_stroops, ${ALL}`, lines: 40, checked_by_index: 'text match "web"', looked_at: null }],
  [`chain prefix contract/ or chain = account/${keyOf(1)}`, {
    query: `(chain prefix "contract/") or (chain = "account/${keyOf(1)}")`, order: 'at desc', served_by: `the index of chain, ${ALL}`, lines: 40, checked_by_index: null, looked_at: null }],
];

test('explain says which index serves a query, what it checks and what is looked at', () => {
  using book = madeBook();
  for (const [query, plan] of PLANS) assert.deepEqual(explain(book.store, parseQuery(query)), plan, query);
});

test('what no index serves is refused with the command that makes the index, and answered with it, or by a scan', () => {
  using book = madeBook();
  const asks = ['body.memo = "n 3"', 'not body.memo = "n 3" and chain prefix account/ or body.memo exists', 'signer != abc or body.memo = "n 3"'.replace('abc', keyOf(2))];
  for (const query of asks) {
    assert.throws(() => askLines(book.store, parseQuery(query)), (thrown) => {
      assert.ok(isProblem(thrown, 'usage', 'unindexed'));
      assert.equal(thrown.hint, '3bot bcdb index add body.memo; or look at every line with --scan');
      return true;
    }, query);
  }
  const scanned = asks.map((query) => askLines(book.store, parseQuery(query), { scan: true }).lines);
  assert.deepEqual(scanned[0], [3]);
  book.store.index.addField('body.memo');
  assert.deepEqual(asks.map((query) => askLines(book.store, parseQuery(query)).lines), scanned);
  book.store.index.dropField(book.store.index.fields().find(({ path }) => path === 'body.memo')?.num ?? -1);
  assert.throws(() => askLines(book.store, parseQuery(asks[0] ?? '')), (thrown) => isProblem(thrown, 'usage', 'unindexed'));
});

test('nothing is ordered by a field without an index, not even by a scan', () => {
  using book = madeBook();
  assert.throws(() => askLines(book.store, parseQuery('order by body.memo'), { scan: true }), (thrown) => isProblem(thrown, 'usage', 'unindexed') && thrown.hint === '3bot bcdb index add body.memo');
});

test('lines are looked at only where an index leaves few of them', () => {
  using book = new MadeBook();
  const rare = `account/${keyOf(2)}`;
  book.add(Array.from({ length: MAX_LOOKED_AT + 1 }, (_, i) => ({ chain: i === 7 ? rare : `account/${keyOf(1)}`, kind: 'transfer@1', signers: [keyOf(1)], body: { memo: 'm' }, later: 1 })));
  assert.deepEqual(askLines(book.store, parseQuery(`chain = ${rare} and body.memo = m`)).lines, [7]);
  assert.deepEqual(askLines(book.store, parseQuery('index < 9 and index > 6 and body.memo = m')).lines, [8, 7]);
  assert.throws(() => askLines(book.store, parseQuery('kind = transfer and body.memo = m')), (thrown) => isProblem(thrown, 'usage', 'unindexed') && /leaves more than 20000 lines/.test(thrown.message));
});

test('one answer looks at a bounded number of lines, and the next goes on', () => {
  using book = madeBook();
  const ask = parseQuery('body.memo = "n 0"');
  const first = askLines(book.store, ask, { scan: true, looks: 10 });
  assert.deepEqual(first.lines, []);
  assert.ok(first.next !== null);
  let cursor: string | undefined = first.next;
  const found: number[] = [];
  while (cursor !== undefined) {
    const page = askLines(book.store, ask, { scan: true, looks: 10, cursor });
    found.push(...page.lines);
    cursor = page.next ?? undefined;
  }
  assert.deepEqual(found, [0]);
});

test('words are looked up once a statement, not once a line', () => {
  using book = madeBook();
  const { index, size } = book.store;
  index.catchUp(size);
  for (const query of ['not text match web*', 'not text match "web 9"', `signer = ${keyOf(2)} and (text match web* or not text match "n 3")`]) {
    const { filter } = planOf(index, parseQuery(query), size, { scan: false });
    assert.ok(filter !== undefined && filter.sql.includes('MATCH'));
    const steps = index.all<{ detail: string }>(`EXPLAIN QUERY PLAN SELECT l.idx FROM line l WHERE ${filter.sql}`, ...filter.params, { from: 0, before: size }).map(({ detail }) => detail);
    assert.deepEqual(steps.filter((step) => step.startsWith('CORRELATED')), [], query);
  }
});

test('a word that is open to too many is not looked up: few lines are looked at, and else it is refused', () => {
  using book = new MadeBook();
  const words = (line: number): string => Array.from({ length: 2_000 }, (_, i) => `aaa${line}x${i}`).join(' ');
  book.add(Array.from({ length: MAX_OPEN_LINES / 2_000 + 1 }, (_, i) => ({ chain: `account/${keyOf(i % 10)}`, kind: 'transfer@1', signers: [keyOf(1)], body: { memo: words(i) }, later: 1 })));
  for (const query of ['text match aaa*', 'not text match aaa*', 'kind = transfer or text match aaa*']) {
    assert.throws(() => askLines(book.store, parseQuery(query)), (thrown) => isProblem(thrown, 'usage', 'unindexed') && thrown.hint === 'give more of the word; or look at every line with --scan', query);
  }
  const narrowed = parseQuery(`chain = account/${keyOf(3)} and text match "aaa* aaa13x*"`);
  assert.equal(explain(book.store, narrowed).looked_at, 'text match "aaa* aaa13x*"');
  assert.deepEqual(askLines(book.store, narrowed).lines, [13]);
  assert.deepEqual(askLines(book.store, parseQuery('text match "aaa7x5 aaa*"')).lines, [7]);
  assert.deepEqual(askLines(book.store, parseQuery('text match aaa7x*')).lines, [7]);
});

test('words that are in many lines are held against others within a bounded part of the book, and the next answer goes on', () => {
  using book = new MadeBook();
  book.add(Array.from({ length: MAX_WORD_REACH / MAX_QUERY_WORDS + 9 }, (_, i) => ({ chain: `account/${keyOf(1)}`, kind: 'transfer@1', signers: [keyOf(1)], body: { memo: i === 7 ? 'x' : 'm' }, later: 1 })));
  const ask = parseQuery(`index >= 0 and not text match "${'m '.repeat(MAX_QUERY_WORDS)}"`);
  const counted: number[] = [];
  let cursor: string | undefined;
  do {
    const { lines, next } = askLines(book.store, ask, { cursor });
    counted.push(lines.length);
    cursor = next ?? undefined;
  } while (cursor !== undefined);
  assert.equal(counted.at(-1), 1);
  assert.equal(askLines(book.store, parseQuery('text match m and not text match x')).lines.length, 100);
  assert.throws(() => askLines(book.store, parseQuery('text match m order by body.name')), (thrown) => isProblem(thrown, 'usage', 'unindexed'));
});
