import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MIN_STATE_ROOT_MS } from '../../src/base/limits.js';
import type { RefusalReason } from '../../src/rules/refusal.js';
import { genesisOf, key, TFT, World, type Submission } from './world.js';

/** A grid with a genesis and nothing more. */
function world(): World {
  const grid = new World();
  grid.submit(genesisOf());
  return grid;
}

const body = { size: 1, root: 'ab'.repeat(32), buckets: 1 };
const root = (change: object = {}, more: Partial<Submission> = {}): Submission => ({ chain: `state/${key('log')}`, kind: 'state@1', body: { ...body, ...change }, by: ['log'], ...more });

function transfer(grid: World): void {
  grid.submit({ chain: `account/${key('purse')}`, kind: 'transfer@1', body: { payers: [{ account: key('purse'), amount_stroops: TFT.toString() }], to: key('bea'), memo: '' }, by: ['purse'] });
}

const REFUSED: [string, Submission, RefusalReason | 'malformed'][] = [
  ['by another key on its own chain', root({}, { chain: `state/${key('ann')}`, by: ['ann'] }), 'key'],
  ['by another key on the chain of the log', root({}, { by: ['ann'] }), 'signatures'],
  ["on another kind's chain", root({}, { chain: `account/${key('log')}` }), 'chain'],
  ['of lines that are still to come', root({ size: 9 }), 'state_root'],
  ['of no line', root({ size: 0 }), 'malformed'],
  ['with a number of buckets that is no power of two', root({ buckets: 3 }), 'state_root'],
  ['with too many buckets', root({ buckets: 131_072 }), 'malformed'],
];

for (const [what, submission, reason] of REFUSED) {
  test(`a state root ${what} is refused`, () => assert.equal(world().refusal(submission), reason));
}

test("the log's key records a state root once something else was written, and not too often", () => {
  const grid = world();
  grid.submit(root());
  assert.equal(grid.refusal(root({ size: grid.index })), 'state_root', 'nothing new');
  transfer(grid);
  assert.equal(grid.refusal(root({ size: grid.index })), 'state_root', 'too early');
  grid.at += MIN_STATE_ROOT_MS;
  assert.equal(grid.refusal(root({ size: grid.index - 1 })), 'state_root', 'of lines without the new one');
  grid.submit(root({ size: grid.index }));
  assert.deepEqual(grid.object('state', key('log')), { size: grid.index - 1, root: body.root, line: grid.index - 1, at: grid.at });
});
