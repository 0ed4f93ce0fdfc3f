import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProblem } from '../../src/base/errors.js';
import { changedKeys, type KeyChange } from '../../src/market/keys.js';
import type { Quorum } from '../../src/schema/types.js';

const [OWN, ANN, BEN] = ['a', 'b', 'c'].map((digit) => digit.repeat(64)) as [string, string, string];
const quorum = (threshold: number, ...members: [string, number][]): Quorum => ({ threshold, members: members.map(([key, weight]) => ({ of: `account/${key}`, weight })) });
const change = (asked: Partial<KeyChange>): KeyChange => ({ add: [], weight: 1, remove: [], ...asked });

for (const [what, now, asked, then] of [
  ['a second key and a threshold', undefined, { add: [ANN], threshold: 2 }, quorum(2, [OWN, 1], [ANN, 1])],
  ['a heavier key', quorum(2, [OWN, 1], [ANN, 1]), { add: [BEN], weight: 3 }, quorum(2, [OWN, 1], [ANN, 1], [BEN, 3])],
  ['another weight of a key that is there', quorum(2, [OWN, 1], [ANN, 1]), { add: [ANN], weight: 2 }, quorum(2, [OWN, 1], [ANN, 2])],
  ['an own key of no weight', quorum(1, [OWN, 1], [ANN, 1]), { own: 0 }, quorum(1, [OWN, 0], [ANN, 1])],
  ['one key less', quorum(1, [OWN, 1], [ANN, 1], [BEN, 1]), { remove: [BEN] }, quorum(1, [OWN, 1], [ANN, 1])],
  ['the last further key gone', quorum(1, [OWN, 1], [ANN, 1]), { remove: [ANN] }, null],
] as const) {
  test(`${what} makes the keys that it says`, () => assert.deepEqual(changedKeys(OWN, now, change(asked)), then));
}

for (const [what, now, asked] of [
  ['a threshold that nobody can reach', undefined, { threshold: 2 }],
  ['an own key of no weight, alone', undefined, { own: 0 }],
  ['a threshold of nothing', undefined, { add: [ANN], threshold: 0 }],
  ['a key that is not there', undefined, { remove: [ANN] }],
  ['a key less than the threshold needs', quorum(2, [OWN, 1], [ANN, 1]), { remove: [ANN] }],
  ['keys in groups', { threshold: 1, members: [quorum(1, [ANN, 1])] }, { add: [BEN] }],
] as [string, Quorum | undefined, Partial<KeyChange>][]) {
  test(`${what} is refused before anybody signs`, () => {
    assert.throws(() => changedKeys(OWN, now, change(asked)), (thrown) => isProblem(thrown, 'usage'));
  });
}
