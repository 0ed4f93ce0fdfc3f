// What a farm may mint, and why not yet; and minting it through a home.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProblem } from '../../src/base/errors.js';
import { FARMING_PERIOD_MS } from '../../src/capacity/farming.js';
import { dueNow, mintAll, mintPeriod, periodsOf, standingOf, uncertified } from '../../src/farmer/mint.js';
import { openSecret } from '../../src/keys/keyring.js';
import { appendSigned, ensureIdentity } from '../../src/net/compose.js';
import { createGrid } from '../../src/net/genesis.js';
import type { Grid } from '../../src/net/grid.js';
import { chainId } from '../../src/bcdb/record.js';
import type { DirectoryState } from '../../src/market/directory.js';
import { namedSigner } from '../book.js';
import { balance, TestHome } from '../net/homes.js';
import { all, announcementOf, certificateOf, farmId, farmSays, gib, HOUR, key, market, statusOf, type World } from '../rules/world.js';

const DAY = 24 * HOUR;
const PERIOD = 672;
const BEGIN = PERIOD * FARMING_PERIOD_MS;
const END = BEGIN + FARMING_PERIOD_MS;
/** So long that two statuses confirm a whole period. */
const BEAT = 25 * DAY;

/** A certified node with a status a day before the period; and at `last`, if that is given. */
function world(last?: number): World {
  const made = market({ rules: 2, certifiers: all(`bot/${key('alice')}`), heartbeat_ms: BEAT });
  made.submit(announcementOf(made, { capacity: gib(8, 32, 1_000) }));
  made.at = BEGIN - DAY;
  made.submit(certificateOf(made, { capacity: gib(8, 32, 1_000) }));
  made.submit(statusOf(made));
  if (last === undefined) return made;
  made.at = last;
  made.submit(statusOf(made));
  return made;
}

/** A World as commands read it: with lists. */
function listed(of: World): DirectoryState {
  return {
    get: (id) => of.get(id),
    objects: (prefix, limit, after = '') => [...of.objects].filter(([id]) => id.startsWith(prefix) && id > after).sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, limit).map(([id, value]) => ({ id, value })),
  };
}

for (const [what, last, at, state] of [
  ['under way', END - DAY, END - 1, 'running'],
  ['over, and a status that confirms its end may still come', END - DAY, END, 'awaited'],
  ['over, and none came in time', END - DAY, END - DAY + BEAT * 1.5, 'due'],
  ['over and confirmed to its end', END + DAY, END + DAY, 'due'],
  ['over, with too little time', BEGIN + 26 * DAY, BEGIN + 26 * DAY + BEAT * 1.5, 'nothing'],
] as const) {
  test(`a period that is ${what}: ${state}`, () => {
    const book = world(last);
    const [period] = periodsOf(listed(book), farmId(book), null).filter((one) => one.period === PERIOD);
    assert.ok(period);
    assert.equal(standingOf(listed(book), period, at).state, state);
  });
}

test('a farm sees the periods of its nodes, oldest first; those of a node that left it when it names that node', () => {
  const book = world(END + DAY);
  const mine = (node: string | null): number[] => periodsOf(listed(book), farmId(book), node).map(({ period }) => period);
  // The gap is longer than a period, so what is before the last two of them is not counted.
  assert.deepEqual(mine(null), [PERIOD, PERIOD + 1]);
  assert.deepEqual(periodsOf(listed(book), 'ff'.repeat(20), null), []);
  book.put(`node/${key('node')}`, { ...book.node(), farm: 'ff'.repeat(20) } as never);
  assert.deepEqual([mine(null), mine(key('node'))], [[], [PERIOD, PERIOD + 1]]);
});

test('what can be minted now is told for the newest period that is over, to the farm whose node it was', () => {
  const book = world(END + DAY);
  assert.equal(dueNow(listed(book), farmId(book), END + DAY), 2_825_000_000n);
  assert.deepEqual([dueNow(listed(book), 'ff'.repeat(20), END + DAY), dueNow(listed(book), farmId(book), END - 1), dueNow(listed(world(END - DAY)), farmId(book), END)], [0n, 0n, 0n]);
});

test('nodes without a certificate in force are named', () => {
  const book = world();
  assert.deepEqual(uncertified(listed(book), farmId(book), book.at), []);
  assert.deepEqual(uncertified(listed(book), farmId(book), book.at + 367 * DAY), [key('node')]);
  book.submit(farmSays(book, 'retire@1'));
  assert.deepEqual(uncertified(listed(book), farmId(book), book.at + 367 * DAY), [], 'but those that are retired');
});

test('minting pays the farm\'s payout account once, and says why it does not pay again', async () => {
  await using home = await TestHome.create('farmer');
  const farm = await openSecret('farm', 'sunny', Buffer.alloc(32, 7));
  const node = namedSigner('node');
  const bot = home.identity.signer('bot');
  const payout = namedSigner('payout').key;
  const capacity = gib(8, 32, 1_000);
  let id = '';
  /** Lets the home be there at a time, with a clock that goes on from then. */
  const at = async (time: number, act: (grid: Grid) => Promise<void>): Promise<void> => {
    const ahead = time - Date.now();
    home.clock = () => Date.now() + ahead;
    if (id === '') await createGrid({ ...home.options, name: 'test-grid', dev: true, owner: home.identity, heartbeat_ms: BEAT });
    const grid = await home.grid();
    id = chainId(grid.id, bot.key, '00'.repeat(16));
    await act(grid);
    await home.close();
  };
  const status = async (grid: Grid): Promise<unknown> => appendSigned(grid, { chain: `meter/${node.key}`, kind: 'status@1', body: (reader) => ({ node: node.key, seen: { size: reader.size, root: reader.tree.root().toString('hex') } }) }, [node]);
  await at(BEGIN - DAY, async (grid) => {
    await ensureIdentity(grid, home.identity);
    const put = (chain: string, kind: string, body: object, ...signers: Parameters<typeof appendSigned>[2]): Promise<unknown> => appendSigned(grid, { chain, kind, body }, signers);
    await put(`farm/${id}`, 'farm@1', { by: bot.key, nonce: '00'.repeat(16), owner: `bot/${bot.key}`, farm_key: farm.signer('farm').key, sealing_key: farm.public['sealing'], endpoint: null, payout, name: 'sunny', place: '' }, farm.signer('farm'), bot);
    await put(`farm/${id}`, 'admit@1', { node: node.key }, farm.signer('farm'));
    await put(`node/${node.key}`, 'announcement@1', { farm: id, declared: true, capacity, host_share: gib(0, 0, 0), devices: [], platform: 'linux/amd64', runtime: 'podman', features: [], virtualised: true, location: { country: null, region: null }, address: null, sealing_key: 'ab'.repeat(32) }, node);
    await put(`certify/${node.key}`, 'certificate@1', { capacity, kind: 'diy', tft_musd: 80, until: END + 9 * DAY, violation: null }, bot);
    await status(grid);
  });
  await at(END + DAY, async (grid) => {
    await status(grid);
    const [due] = periodsOf(grid.reader, id, null).filter((one) => standingOf(grid.reader, one, grid.clock()).state === 'due');
    assert.ok(due);
    const { id: record } = await mintPeriod(grid, farm, due);
    assert.equal(balance(grid, payout), '282.5000000');
    const [after] = periodsOf(grid.reader, id, null).filter((one) => one.period === PERIOD);
    assert.ok(after);
    assert.deepEqual(standingOf(grid.reader, after, grid.clock()), { state: 'minted', amount_stroops: 2_825_000_000n, record });
    await assert.rejects(mintPeriod(grid, farm, due), (thrown) => isProblem(thrown, 'refused', 'period'));
    const { done, refused } = await mintAll(grid, farm, [due, { ...due, period: PERIOD + 1 }]);
    assert.deepEqual([[...done], refused.map(({ reason }) => reason)], [[], ['period', 'period']], 'the one was minted, the other is not over');
  });
});
