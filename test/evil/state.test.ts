// A home that signs a state root which its lines do not make: any copy that looks, finds the line.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StateAudit } from '../../src/bcdb/audit.js';
import { StateFile } from '../../src/bcdb/statefile.js';
import { appendSigned } from '../../src/net/compose.js';
import { verifyGrid } from '../../src/net/check.js';
import type { Grid } from '../../src/net/grid.js';
import { gridRules } from '../../src/rules/all.js';
import { readGrid } from '../../src/rules/objects.js';
import { send, TestHome } from '../net/homes.js';
import { namedSigner } from '../book.js';

/** Has the home record a state root of all its lines. */
async function record(home: TestHome, grid: Grid, change: object = {}): Promise<number> {
  using file = StateFile.open('');
  const { size, root, buckets } = await file.advance(grid.reader, gridRules, grid.reader.size);
  const log = (await home.options.openKeyring('log', readGrid(grid.reader).nonce)).signer('log');
  const said = await appendSigned(grid, { chain: `state/${log.key}`, kind: 'state@1', body: { size, root: root.toString('hex'), buckets, ...change } }, [log]);
  return said.index;
}

const LIES: [string, object][] = [
  ['another root', { root: 'ab'.repeat(32) }],
  ['the root of another size', { size: 2 }],
  ['the root of another number of buckets', { buckets: 2 }],
];

for (const [what, lie] of LIES) {
  test(`a home that records ${what} is found by verify and by an audit, which name the line`, async () => {
    await using alice = await TestHome.create('alice');
    await using bob = await TestHome.create('bob');
    const id = await alice.create();
    const { url, grids } = await alice.daemon();
    const grid = grids.get(id) as Grid;
    await send(grid, alice.identity, namedSigner('bea').key);
    const line = await record(alice, grid, lie);
    await bob.join(url, grid.id);
    const named = new RegExp(`line ${line} says that the first`);
    await assert.rejects(verifyGrid(bob.home, undefined), { code: 'integrity', reason: 'state_root', message: named });
    const copy = await bob.grid();
    using file = StateFile.open('');
    await assert.rejects(new StateAudit(copy.reader, gridRules, file).check(copy.reader.size), { reason: 'state_root', message: named });
  });
}

test('true state roots hold, and verify counts them', async () => {
  await using alice = await TestHome.create('alice');
  await alice.create();
  const grid = await alice.grid();
  await send(grid, alice.identity, namedSigner('bea').key);
  await record(alice, grid);
  assert.equal((await verifyGrid(alice.home, undefined)).stateRoots, 1);
});
