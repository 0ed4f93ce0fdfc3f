import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { isProblem } from '../../../src/base/errors.js';
import { askLines, countLines } from '../../../src/bcdb/query/answer.js';
import { parseQuery } from '../../../src/bcdb/query/parse.js';
import { MadeBook } from './books.js';
import { anyLine, anyOrder, anyWhere, naiveAnswer } from './random.js';

/** All pages of a query. @param between called between two pages */
function allPages(book: MadeBook, text: string, limit: number, between = (): void => undefined): number[] {
  const ask = parseQuery(text);
  const lines: number[] = [];
  let cursor: string | undefined;
  do {
    const page = askLines(book.store, ask, { limit, cursor, scan: true, looks: 7 });
    assert.ok(page.lines.length <= limit);
    lines.push(...page.lines);
    cursor = page.next ?? undefined;
    if (cursor !== undefined) between();
  } while (cursor !== undefined);
  return lines;
}

function countAll(book: MadeBook, text: string): number {
  const ask = parseQuery(text);
  let total = 0;
  let cursor: string | undefined;
  do {
    const { count, next } = countLines(book.store, ask, { cursor, scan: true });
    total += count;
    cursor = next ?? undefined;
  } while (cursor !== undefined);
  return total;
}

test('any query on any book has the answer of a plain filter, served by indexes, looked at, or partly both', () => {
  fc.assert(fc.property(fc.array(anyLine, { maxLength: 25 }), fc.array(anyLine, { maxLength: 8 }), fc.array(fc.tuple(anyWhere, anyOrder, fc.integer({ min: 1, max: 9 })), { minLength: 4, maxLength: 8 }), (first, second, queries) => {
    using book = new MadeBook();
    book.add(first);
    book.store.index.catchUp(book.store.size);
    if (book.store.size > 0) book.store.index.addField('body.part.deep');
    // What comes now is kept from the index, as while another process writes it.
    const other = book.store.size === 0 ? undefined : new Database(join(book.folder, 'index.sqlite'));
    try {
      other?.exec('BEGIN IMMEDIATE');
      book.add(second);
      const lines = [...book.store.lines(0, book.store.size)];
      for (const [where, order, limit] of queries) {
        const expected = naiveAnswer(parseQuery(where + order), lines);
        assert.deepEqual(allPages(book, where + order, limit), expected, where + order);
        assert.equal(countAll(book, where + order), expected.length);
      }
    } finally {
      other?.close();
    }
  }), { numRuns: 60 });
});

test('pages go on exactly where they ended, however the book grows meanwhile', () => {
  fc.assert(fc.property(fc.array(anyLine, { minLength: 5, maxLength: 30 }), fc.array(anyLine, { minLength: 1, maxLength: 3 }), anyWhere, anyOrder, fc.integer({ min: 1, max: 4 }), (lines, more, where, order, limit) => {
    using book = new MadeBook();
    book.add(lines);
    const expected = naiveAnswer(parseQuery(where + order), [...book.store.lines(0, book.store.size)]);
    assert.deepEqual(allPages(book, where + order, limit, () => book.add(more)), expected, where + order);
  }), { numRuns: 60 });
});

test('a cursor is bound to its query and order, and says so', () => {
  using book = new MadeBook();
  book.add(fc.sample(anyLine, { numRuns: 10, seed: 1 }));
  const { next } = askLines(book.store, parseQuery('index >= 0'), { limit: 2 });
  assert.ok(next !== null);
  assert.deepEqual(askLines(book.store, parseQuery('index >= 0 limit 9'), { limit: 1, cursor: next }).lines, [7], 'another limit is the same query');
  for (const [query, cursor] of [['index >= 1', next], ['index >= 0 order by at asc', next], ['index >= 0', 'AAAA'], ['index >= 0', `${next}A`], ['index >= 0', '']] as const) {
    assert.throws(() => askLines(book.store, parseQuery(query), { cursor }), (thrown) => isProblem(thrown, 'usage', 'cursor'), query);
  }
});
