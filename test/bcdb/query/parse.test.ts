import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { isProblem, Problem } from '../../../src/base/errors.js';
import { MAX_QUERY_CHARS, MAX_QUERY_DEPTH, MAX_QUERY_TERMS, MAX_QUERY_WORDS } from '../../../src/base/limits.js';
import { askLines } from '../../../src/bcdb/query/answer.js';
import { expressionText } from '../../../src/bcdb/query/expression.js';
import { parseQuery } from '../../../src/bcdb/query/parse.js';
import { keyOf, MadeBook } from './books.js';
import { anyLine, anyWhere } from './random.js';

const KEY = keyOf(1);
const text = (query: string): string => {
  const { where, order, limit } = parseQuery(query);
  return `${where === null ? 'all' : expressionText(where)} | ${order.field} ${order.descending ? 'desc' : 'asc'} | ${limit ?? '-'}`;
};

const MEANINGS: readonly (readonly [query: string, meaning: string])[] = [
  ['', 'all | at desc | -'],
  ['limit 5', 'all | at desc | 5'],
  ['order by at asc', 'all | at asc | -'],
  ['ORDER BY body.total_stroops LIMIT 7', 'all | body.total_stroops desc | 7'],
  ['chain = grid', 'chain = "grid" | at desc | -'],
  ['kind = agreement@1', 'kind = "agreement@1" | at desc | -'],
  ['kind = agreement', 'kind prefix "agreement@" | at desc | -'],
  ['kind != run', 'not (kind prefix "run@") | at desc | -'],
  ['kind in (run, end@1)', '(kind prefix "run@") or (kind = "end@1") | at desc | -'],
  [`signer=${KEY}`, `signer = "${KEY}" | at desc | -`],
  ['chain = a or chain = b and chain = c', '(chain = "a") or ((chain = "b") and (chain = "c")) | at desc | -'],
  ['(chain = a or chain = b) and not chain = c', '((chain = "a") or (chain = "b")) and (not (chain = "c")) | at desc | -'],
  ['at >= 2026-01-31', 'at >= 1769817600000 | at desc | -'],
  ['at < 2026-01-31T12:00', 'at < 1769860800000 | at desc | -'],
  ['at < 2026-01-31T12:00+02:00', 'at < 1769853600000 | at desc | -'],
  ['index in (1, 2)', 'index in (1, 2) | at desc | -'],
  ['body.exec = true and body.term_ms > -5', '(body.exec = true) and (body.term_ms > -5) | at desc | -'],
  ['body.name = "5"', 'body.name = "5" | at desc | -'],
  ['body.name = 5', 'body.name = 5 | at desc | -'],
  ["body.memo = 'it\\'s \"so\"'", 'body.memo = "it\'s \\"so\\"" | at desc | -'],
  ['body.total_stroops = 9223372036854775807', 'body.total_stroops = 9223372036854775807 | at desc | -'],
  ['body.name exists and text match "nginx ghent*"', '(body.name exists) and (text match "nginx ghent*") | at desc | -'],
];

for (const [query, meaning] of MEANINGS) test(`means what it says: ${query || 'nothing'}`, () => assert.equal(text(query), meaning));

const MISTAKES: readonly (readonly [query: string, column: number, what: RegExp, allowed: RegExp])[] = [
  ['chian = grid', 1, /"chian" is no field/, /chain, kind, signer, tag/],
  ['chain grid', 7, /"grid" is no comparison/, /= != in prefix/],
  ['chain > grid', 7, /chain cannot be compared with >/, /= != in prefix/],
  ['chain =', 8, /the end is no value/, /a value for chain/],
  ['chain = and', 9, /"and" is no value/, /quotes/],
  ['(chain = grid', 14, /the end where \) should be/, /\)/],
  ['chain = grid chain = grid', 14, /"chain" is one too many/, /and, or, order by/],
  ['chain = grid limit 0', 20, /"0" is no limit/, /1 to 1000/],
  ['limit 5 limit 6', 9, /one too many/, /nothing more/],
  ['order by memo', 10, /"memo" is no field/, /body\.x\.y/],
  ['order by chain', 10, /nothing is ordered by chain/, /at, or a field/],
  ['signer = bob', 10, /is no key/, /64 hex digits/],
  ['at > yesterday', 6, /is no time/, /2026-01-31/],
  ['at > 2026-13-01', 6, /is no time/, /2026-01-31/],
  ['id = abcdef', 6, /is no record id/, /prefix/],
  ['index = -1', 9, /no number of a line/, /0, 1, 2/],
  ['body.total_stroops > 1.5', 22, /is no amount/, /stroops/],
  ['body.total_stroops > 9223372036854775808', 22, /is no amount/, /9223372036854775807/],
  ['body.meter = null', 14, /null is no value/, /not body\.meter exists/],
  ['body.Name = x', 1, /is no field/, /body\.x\.y/],
  ['body = x', 1, /is no field/, /body\.x\.y/],
  ['text match ab*', 12, /no word/, /3 letters/],
  ['text = nginx', 6, /cannot be compared/, /match/],
  ['body.name = "x', 13, /a quote that does not end/, /closing quote/],
  ['chain = a; DROP TABLE line', 10, /";" has no meaning/, /quote the text/],
];

for (const [query, column, what, allowed] of MISTAKES) {
  test(`a mistake is named with its column and what is allowed: ${query}`, () => {
    assert.throws(() => parseQuery(query), (thrown) => {
      assert.ok(isProblem(thrown, 'usage', 'query'));
      const [first = '', line = '', caret = ''] = thrown.message.split('\n');
      assert.match(first, what);
      assert.match(thrown.hint ?? '', allowed);
      assert.equal(first.startsWith(`column ${column}: `), true, first);
      assert.equal(caret.indexOf('^'), column - 1 + 2, `${line}\n${caret}`);
      return true;
    });
  });
}

test('a query is bounded in length, values, words and depth', () => {
  const value = (n: number): string => `index in (${Array.from({ length: n }, (_, i) => i).join(', ')})`;
  const deep = (n: number): string => `${'('.repeat(n)}chain = grid${')'.repeat(n)}`;
  const nots = (n: number): string => `${'not '.repeat(n)}chain = grid`;
  const words = (n: number): string => `text match "${'a '.repeat(n - 1)}" and not text match b`;
  for (const good of [words(MAX_QUERY_WORDS), value(MAX_QUERY_TERMS), deep(MAX_QUERY_DEPTH - 1), nots(MAX_QUERY_DEPTH - 1)]) parseQuery(good);
  for (const bad of [words(MAX_QUERY_WORDS + 1), value(MAX_QUERY_TERMS + 1), deep(MAX_QUERY_DEPTH), nots(MAX_QUERY_DEPTH), '('.repeat(8_000), ' '.repeat(MAX_QUERY_CHARS + 1)]) {
    assert.throws(() => parseQuery(bad), (thrown) => isProblem(thrown, 'usage'));
  }
});

const PIECES = ['chain', 'kind', 'signer', 'tag', 'id', 'at', 'index', 'text', 'body.x', 'body.total_stroops', '=', '!=', '<', '>=', 'in', 'prefix', 'exists', 'match', '(', ')', ',', 'and', 'or', 'not', 'order', 'by', 'asc', 'limit', '5', '"a b"', "'", '\\', '%', '--', ';', '\u0000', '\u{1f600}', '2026-01-31', KEY, '*'];

test('whatever is typed is understood or refused as usage, and what is understood can be run', () => {
  using book = new MadeBook();
  book.add(fc.sample(anyLine, { numRuns: 12, seed: 7 }));
  const typed = fc.oneof(fc.string({ unit: 'binary' }), fc.array(fc.constantFrom(...PIECES), { maxLength: 14 }).map((pieces) => pieces.join(' ')), anyWhere.chain((where) => fc.nat(where.length).map((at) => where.slice(0, at) + where.slice(at + 1))));
  fc.assert(fc.property(typed, (query) => {
    try {
      askLines(book.store, parseQuery(query));
    } catch (thrown) {
      assert.ok(thrown instanceof Problem && thrown.code === 'usage', String(thrown));
    }
  }), { numRuns: 1_500 });
});

test('an expression has one text, which means the same', () => {
  fc.assert(fc.property(anyWhere, (query) => {
    const { where } = parseQuery(query);
    assert.ok(where !== null);
    assert.deepEqual(parseQuery(expressionText(where)).where, where);
  }), { numRuns: 300 });
});

test('what looks like SQL is a value like any other', () => {
  using book = new MadeBook();
  const line = { chain: 'grid', kind: 'genesis@1', signers: [KEY], later: 1 };
  const hostile = ["' OR 1=1 --", '"; DROP TABLE line; --', 'x) UNION SELECT * FROM book.record --', '" OR words:* NOT "', 'NEAR(a b)'];
  book.add(hostile.map((memo, i) => ({ ...line, chain: `farm/${keyOf(i).slice(24)}`, body: { memo } })));
  book.store.index.catchUp(book.store.size);
  book.store.index.addField('body.memo');
  for (const [i, memo] of hostile.entries()) {
    for (const query of [`body.memo = ${JSON.stringify(memo)}`, `body.memo prefix ${JSON.stringify(memo.slice(0, -1))}`, `text match ${JSON.stringify(memo)}`]) {
      assert.deepEqual(askLines(book.store, parseQuery(query)).lines, [i], query);
    }
    for (const field of ['chain', 'kind', 'tag']) assert.deepEqual(askLines(book.store, parseQuery(`${field} = ${JSON.stringify(memo)}`)).lines, []);
  }
  assert.equal(askLines(book.store, parseQuery('')).lines.length, hostile.length, join(book.folder));
});
