import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Json } from '../../src/base/canonical.js';
import { changes } from '../../src/base/changes.js';

const CASES: [string, Json | undefined, Json | undefined, [string, Json | undefined, Json | undefined][]][] = [
  ['equal values do not differ', { a: [1, { b: null }] }, { a: [1, { b: null }] }, []],
  ['a member that differs is named by its path', { a: { b: [1, 2] } }, { a: { b: [1, 3] } }, [['a.b[1]', 2, 3]]],
  ['what is new is one place, however large', { a: 1 }, { a: 1, b: { c: [1, 2] } }, [['b', undefined, { c: [1, 2] }]]],
  ['what is gone is one place', { a: [1, 2] }, { a: [1] }, [['a[1]', 2, undefined]]],
  ['another type is one place', { a: [1] }, { a: { b: 1 } }, [['a', [1], { b: 1 }]]],
  ['null is a value', { a: null }, { a: 0 }, [['a', null, 0]]],
  ['a whole value has an empty path', undefined, { a: 1 }, [['', undefined, { a: 1 }]]],
];

for (const [what, before, after, expected] of CASES) {
  test(what, () => {
    assert.deepEqual(changes(before, after).map((change) => [change.path, change.before, change.after]), expected);
  });
}
