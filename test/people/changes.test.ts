import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_COMPARED_ROWS } from '../../src/base/limits.js';
import { rowChanges } from '../../src/people/changes.js';
import type { Row } from '../../src/people/kinds.js';
import { randomFrom, seedOr } from '../random.js';

const rows = (text: string): Row[] => [...text].map((letter) => ['', letter]);
const shown = (before: string, after: string): string => rowChanges(rows(before), rows(after)).map(([sign, [, text]]) => sign + text).join('');

const CASES: readonly [before: string, after: string, changes: string][] = [
  ['abc', 'abc', ''],
  ['', 'ab', '+a+b'],
  ['ab', '', '-a-b'],
  ['abc', 'axc', '-b+x'],
  ['abcde', 'acdxe', '-b+x'],
  ['ab', 'ba', '-a+a'],
  ['aXbYc', 'abc', '-X-Y'],
  ['abc', 'aXbYc', '+X+Y'],
];
for (const [before, after, changes] of CASES) test(`${before || 'nothing'} becomes ${after || 'nothing'}: ${changes || 'no change'}`, () => assert.equal(shown(before, after), changes));

test('what is shown as changed makes the one of the other, whatever they are', () => {
  const random = randomFrom(seedOr(7));
  for (let round = 0; round < 200; round += 1) {
    const [before, after] = [0, 1].map(() => Array.from({ length: random.below(12) }, () => 'abcd'[random.below(4)] ?? '').join('')) as [string, string];
    const left = [...before];
    for (const [sign, [, text]] of rowChanges(rows(before), rows(after))) if (sign === '-') left.splice(left.indexOf(text), 1);
    const added = rowChanges(rows(before), rows(after)).flatMap(([sign, [, text]]) => (sign === '+' ? [text] : []));
    assert.deepEqual([...left, ...added].sort(), [...after].sort(), `${before} ${after}`);
  }
});

test('large changes are shown as a whole, and quickly', () => {
  const many = (letter: string): Row[] => Array.from({ length: MAX_COMPARED_ROWS + 1 }, (_, i) => [letter, String(i)]);
  assert.equal(rowChanges(many('a'), many('b')).length, 2 * (MAX_COMPARED_ROWS + 1));
});
