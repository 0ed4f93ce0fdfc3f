// Minting: the published vectors through records, every way to mint what is not due, and the bounds of a grid.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FARMING_PERIOD_MS, farmingStroops } from '../../src/capacity/farming.js';
import { mintable } from '../../src/rules/mint.js';
import { read, readGrid } from '../../src/rules/objects.js';
import type { Announcement, Certificate, Genesis, Mint, Resources } from '../../src/schema/types.js';
import { all, announcementOf, certificateOf, farmId, farmSays, gib, HOUR, identityOf, key, market, policyOf, some, statusOf, TFT, type Submission, type World } from './world.js';

const PERIOD = 672;
const BEGIN = PERIOD * FARMING_PERIOD_MS;
const END = BEGIN + FARMING_PERIOD_MS;
const BEAT = 12 * HOUR;
const CERTIFIERS = all(`bot/${key('alice')}`);

/** How a node lives through a period. */
interface Life {
  capacity?: Resources;
  /** The part of the period at which its last status is taken in. */
  up?: number;
  certificate?: Partial<Certificate>;
  genesis?: Partial<Genesis>;
  announcement?: Partial<Announcement>;
  /** Whose statuses there are; the node's own if left out. */
  meter?: string;
  /** Instead of the status of this number, counted from 0. */
  instead?: [number, (world: World) => void];
}

/** A farm's node, certified, with a status every twelve hours and a bit; the time is then a minute after the end of the period. */
function farmland({ capacity = gib(8, 32, 1000), up = 1, certificate = {}, genesis = {}, announcement = {}, meter = 'node', instead }: Life = {}): World {
  const world = market({ rules: 2, certifiers: CERTIFIERS, heartbeat_ms: BEAT, max_supply_stroops: (1_000_000n * TFT).toString(), ...genesis });
  world.submit(announcementOf(world, { capacity, ...announcement }));
  world.at = BEGIN - BEAT;
  world.submit(certificateOf(world, { capacity, ...certificate }));
  const span = BEAT / 2 + Math.round(FARMING_PERIOD_MS * up);
  const times = Math.floor(span / BEAT);
  for (let n = 0; n <= times; n += 1) {
    world.at = BEGIN - BEAT / 2 + Math.round((span * n) / times);
    if (n === instead?.[0]) instead[1](world);
    else world.submit(statusOf(world, meter));
  }
  world.at = END + 60_000;
  return world;
}

const mintOf = (world: World, amount: bigint | string, { node = 'node', period = PERIOD, by = ['farm'] } = {}): Submission => ({
  chain: `farm/${farmId(world)}`, kind: 'mint@1', body: { node: key(node), period, amount_stroops: amount.toString() }, by,
});

for (const [sizes, certificate, up, stroops] of [
  [gib(8, 32, 1000), {}, 1, 2_825_000_000n],
  [gib(24, 128, 2000, 24_000), {}, 1, 13_025_000_000n],
  [gib(8, 32, 1000), { kind: 'certified' }, 1, 3_531_250_000n],
  [gib(8, 32, 1000), { tft_musd: 40 }, 1, 5_650_000_000n],
  [gib(8, 32, 1000), {}, 0.95, 2_683_750_000n],
  [gib(8, 32, 1000), { kind: 'certified' }, 0.98, 3_460_625_000n],
  // The smaller of what is announced and what is certified.
  [gib(24, 128, 2000, 24_000), { capacity: gib(8, 32, 1000) }, 1, 2_825_000_000n],
  [gib(8, 32, 1000), { capacity: gib(24, 128, 2000, 24_000, 9) }, 1, 2_825_000_000n],
] as [Resources, Partial<Certificate>, number, bigint][]) {
  test(`a node of ${sizes.cru}/${sizes.mru_mib / 1024}/${sizes.sru_mib / 1024}/${sizes.hru_mib / 1024}, certificate ${JSON.stringify(certificate)}, up ${up * 100} %: its farm mints ${stroops} stroops`, () => {
    const world = farmland({ capacity: sizes, certificate, up });
    const [money, supply] = [world.money, BigInt(readGrid(world).supply_stroops)];
    const record = world.submit(mintOf(world, stroops));
    assert.equal(world.balance('payout'), stroops);
    assert.equal(world.money - money, stroops);
    assert.equal(BigInt(readGrid(world).supply_stroops) - supply, stroops);
    assert.equal(readGrid(world).minted_stroops, stroops.toString());
    assert.deepEqual(world.object('minted', `${PERIOD}`), { period: PERIOD, amount_stroops: stroops.toString(), count: 1 });
    assert.deepEqual(world.object('uptime', `${key('node')}/${PERIOD}`).minted, { record: record.id, at: world.at, amount_stroops: stroops.toString() });
  });
}

const DUE = 2_825_000_000n;
const due = (world: World): Submission => mintOf(world, DUE);

for (const [what, world, submission, reason] of [
  ['a stroop more', {}, (w) => mintOf(w, DUE + 1n), 'amount'],
  ['a stroop less', {}, (w) => mintOf(w, DUE - 1n), 'amount'],
  ['for certified hardware that is not', {}, (w) => mintOf(w, 3_531_250_000n), 'amount'],
  ['nothing', {}, (w) => mintOf(w, 0n), 'amount'],
  ['an amount beyond what can exist', {}, (w) => mintOf(w, 2n ** 63n), 'malformed'],
  ['signed by the owner', {}, (w) => mintOf(w, DUE, { by: ['farmer'] }), 'signatures'],
  ['signed by the node', {}, (w) => mintOf(w, DUE, { by: ['node'] }), 'signatures'],
  ['signed by nobody', {}, (w) => mintOf(w, DUE, { by: [] }), 'signatures'],
  ['by a farm that does not exist', {}, (w) => ({ ...due(w), chain: `farm/${'ab'.repeat(20)}` }), 'not_found'],
  ['on a chain that is not a farm\'s', {}, (w) => ({ ...due(w), chain: `node/${key('node')}` }), 'chain'],
  ['for a node that does not exist', {}, (w) => mintOf(w, DUE, { node: 'nobody' }), 'not_found'],
  ['for a period before', {}, (w) => mintOf(w, DUE, { period: PERIOD - 1 }), 'uptime'],
  ['for a period of long ago', {}, (w) => mintOf(w, DUE, { period: 0 }), 'not_found'],
  ['for a period to come', {}, (w) => mintOf(w, DUE, { period: PERIOD + 1 }), 'not_found'],
  ['a millisecond before the period is over', {}, (w) => ((w.at = END - 1), due(w)), 'period'],
  ['twice', {}, (w) => (w.submit(due(w)), due(w)), 'period'],
  ['with too little uptime', { up: 0.9499 }, (w) => mintOf(w, (DUE * 9_499n) / 10_000n), 'uptime'],
  ['with too little uptime for certified hardware', { up: 0.9799, certificate: { kind: 'certified' } }, due, 'uptime'],
  ['where a third bot alone confirmed the time', { meter: 'other' }, due, 'not_found'],
  ['of the whole where one status is missing, and a day unconfirmed', { instead: [20, () => undefined] }, due, 'amount'],
  ['where a day is unconfirmed of certified hardware', { instead: [20, () => undefined], certificate: { kind: 'certified' } }, due, 'uptime'],
  ['where the clock of one status was 121 s ahead', { instead: [20, (w) => w.submit({ ...statusOf(w), time: w.at + 121_000 })] }, due, 'uptime'],
  ['where the clock of one status was 120 s behind', { instead: [20, (w) => w.submit({ ...statusOf(w), time: w.at - 120_000 })] }, due, 'taken'],
  ['for a virtual machine', { genesis: { dev: false, faucet_stroops: null } }, due, 'uptime'],
  ['for a virtual machine on a development grid', { announcement: { virtualised: true } }, due, 'taken'],
  ['for a machine of metal', { genesis: { dev: false, faucet_stroops: null }, announcement: { virtualised: false } }, due, 'taken'],
  ['where more was announced within the period', { announcement: { capacity: gib(4, 16, 500) }, instead: [50, (w) => w.submit(announcementOf(w, { capacity: gib(8, 32, 1000) }))] }, due, 'amount'],
  ['where the certificate ended', { certificate: { until: BEGIN + FARMING_PERIOD_MS * 0.9 } }, due, 'uptime'],
  ['for a machine without capacity', { capacity: gib(1, 0, 0) }, due, 'amount'],
  ['for a period in which certifiers found a violation', {}, (w) => (w.submit(certificateOf(w, { violation: { period: PERIOD, reason: 'a tape of a machine' } })), due(w)), 'uptime'],
  ['above what the policy allows for a period', {}, (w) => (w.submit(policyOf({ rules: 2, mint_cap_stroops: (DUE - 1n).toString() })), due(w)), 'supply'],
  ['up to what the policy allows', {}, (w) => (w.submit(policyOf({ rules: 2, mint_cap_stroops: DUE.toString() })), due(w)), 'taken'],
  ['above the maximum supply', { genesis: { max_supply_stroops: (1_000n * TFT + DUE - 1n).toString() } }, due, 'supply'],
  ['up to the maximum supply', { genesis: { max_supply_stroops: (1_000n * TFT + DUE).toString() } }, due, 'taken'],
  ['after the farm has retired the node', {}, (w) => (w.submit(farmSays(w, 'retire@1')), due(w)), 'taken'],
  ['after the certificate was ended', {}, (w) => (w.submit(certificateOf(w, { capacity: gib(8, 32, 1000), until: 0 })), due(w)), 'taken'],
] as [string, Parameters<typeof farmland>[0], (world: World) => Submission, string][]) {
  test(`a mint ${what}: ${reason}`, () => {
    const played = farmland(world);
    assert.equal(played.refusal(submission(played)), reason);
  });
}

test('a node that went to another farm has left its period with the first', () => {
  const world = farmland();
  world.put(`uptime/${key('node')}/${PERIOD}`, { ...world.object('uptime', `${key('node')}/${PERIOD}`), farm: 'cd'.repeat(20) } as never);
  assert.equal(world.refusal(due(world)), 'not_sellable');
});

test('without certifiers nothing is certified, and nothing minted', () => {
  const world = market({ rules: 2, certifiers: null });
  assert.equal(world.refusal(certificateOf(world)), 'certificate');
  assert.equal(world.refusal(due(world)), 'certificate');
});

test('under rules 1 there is neither', () => {
  const world = market({ rules: 1, certifiers: CERTIFIERS });
  assert.deepEqual([world.refusal(certificateOf(world)), world.refusal(due(world))], ['later_release', 'later_release']);
});

for (const [what, submission, reason] of [
  ['by the certifiers\' quorum', (w) => certificateOf(w), 'taken'],
  ['by the farm', (w) => certificateOf(w, {}, ['farm']), 'signatures'],
  ['by the node itself', (w) => certificateOf(w, {}, ['node']), 'signatures'],
  ['by nobody', (w) => certificateOf(w, {}, []), 'signatures'],
  ['of a node that nobody announced', (w) => certificateOf(w, {}, ['alice'], 'nobody'), 'not_found'],
  ['with a price of TFT for free', (w) => certificateOf(w, { tft_musd: 0 }), 'malformed'],
  ['with another price of TFT than the first', (w) => (w.submit(certificateOf(w)), certificateOf(w, { tft_musd: 79 })), 'certificate'],
  ['with the first price of TFT', (w) => (w.submit(certificateOf(w)), certificateOf(w, { capacity: gib(1, 1, 1) })), 'taken'],
  ['of a violation in a period without time', (w) => certificateOf(w, { violation: { period: 9, reason: '' } }), 'not_found'],
] as [string, (world: World) => Submission, string][]) {
  test(`a certificate ${what}: ${reason}`, () => {
    const world = market({ rules: 2, certifiers: CERTIFIERS });
    assert.equal(world.refusal(submission(world)), reason);
  });
}

test('a violation in a period that was minted comes too late', () => {
  const world = farmland();
  world.submit(due(world));
  assert.equal(world.refusal(certificateOf(world, { violation: { period: PERIOD, reason: 'late' } })), 'period');
});

test('two of three certifiers are enough, one is not', () => {
  const world = market({ rules: 2, certifiers: some(2, ...['alice', 'other', 'third'].map((name) => `bot/${key(name)}`)) });
  assert.equal(world.refusal(certificateOf(world, {}, ['other'])), 'signatures');
  assert.equal(world.refusal(certificateOf(world, {}, ['alice', 'other'])), 'taken', 'the third has no identity yet');
  world.submit(identityOf('third'));
  assert.equal(world.refusal(certificateOf(world, {}, ['third', 'other'])), 'taken');
});

test('a status of after a mint changes nothing of what was minted', () => {
  const world = farmland({ up: 0.99 });
  const id = `${key('node')}/${PERIOD}`;
  world.submit(mintOf(world, mintable(world.object('uptime', id), world.at)));
  const closed = world.object('uptime', id);
  world.at = BEGIN + FARMING_PERIOD_MS * 0.99 + 1.4 * BEAT;
  world.submit(statusOf(world));
  assert.equal(world.object('uptime', `${key('node')}/${PERIOD + 1}`).up_ms, world.at - END);
  assert.deepEqual(world.object('uptime', id), closed);
});

test('a mint pays the payout account that the farm has then, and what is minted may be spent', () => {
  const world = farmland();
  world.submit(due(world));
  world.submit({ chain: `account/${key('payout')}`, kind: 'transfer@1', body: { payers: [{ account: key('payout'), amount_stroops: DUE.toString() }], to: key('bob'), memo: '' }, by: ['payout'] });
  assert.deepEqual([world.balance('payout'), world.balance('bob')], [0n, DUE]);
});

test('what a period gives is worked out alike before it is signed', () => {
  const world = farmland({ up: 0.987_654_321, capacity: gib(7, 29, 777, 1234) });
  const uptime = world.object('uptime', `${key('node')}/${PERIOD}`);
  const amount = mintable(uptime, world.at);
  assert.equal(amount, farmingStroops(uptime, uptime.up_ms, FARMING_PERIOD_MS));
  assert.equal(world.refusal(mintOf(world, amount)), 'taken');
});

for (const [what, genesis, mint_period_ms, reason] of [
  ['on a development grid', {}, HOUR, 'taken'],
  ['shorter than a heartbeat', {}, HOUR - 1, 'terms'],
  ['of nothing, where a heartbeat is nothing', { heartbeat_ms: 0 }, 0, 'terms'],
  ['shorter than a second', { heartbeat_ms: 0 }, 999, 'terms'],
  ['of a second', { heartbeat_ms: 0 }, 1_000, 'taken'],
  ['longer than the formula knows', {}, FARMING_PERIOD_MS + 1, 'terms'],
  ['on any other grid', { dev: false, faucet_stroops: null }, HOUR, 'dev'],
] as [string, Partial<Genesis>, number, string][]) {
  test(`a period of minting ${what}: ${reason}`, () => {
    assert.equal(market({ rules: 2, ...genesis }).refusal(policyOf({ rules: 2, mint_period_ms })), reason);
  });
}

/** A heartbeat of random histories: few make a period. */
const LONG = 120 * HOUR;

/** What may happen to a node, honest or not: a status about a heartbeat after what happened before, anything else soon. */
const happening = fc.oneof(
  { weight: 20, arbitrary: fc.record({ wait: fc.integer({ min: LONG, max: 1.4 * LONG }), make: fc.constant((world: World) => statusOf(world)) }) },
  { weight: 20, arbitrary: fc.record({ wait: fc.integer({ min: 0, max: HOUR }), make: fc.oneof(
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 9 }).map((cru) => (world: World) => announcementOf(world, { capacity: gib(cru, 32, 1_000) })) },
    { weight: 1, arbitrary: fc.record({ cru: fc.integer({ min: 1, max: 9 }), kind: fc.constantFrom('diy' as const, 'certified' as const), days: fc.integer({ min: -1, max: 400 }) }).map(({ cru, kind, days }) => (world: World) => certificateOf(world, { capacity: gib(cru, 32, 1_000), kind, until: world.at + days * 24 * HOUR })) },
    { weight: 1, arbitrary: fc.constantFrom('admit@1' as const, 'retire@1' as const).map((kind) => (world: World) => farmSays(world, kind)) },
    { weight: 1, arbitrary: fc.constant((world: World) => ({ ...statusOf(world), time: world.at + 200_000 })) },
    { weight: 12, arbitrary: fc.record({ back: fc.integer({ min: 0, max: 3 }), more: fc.constantFrom(0n, 0n, 0n, 1n) }).map(({ back, more }) => (world: World) => {
      const period = Math.floor(world.at / FARMING_PERIOD_MS) - back;
      const uptime = read(world, 'uptime', `${key('node')}/${period}`);
      return mintOf(world, (uptime === undefined ? 5n : farmingStroops(uptime, uptime.up_ms, FARMING_PERIOD_MS)) + more, { period });
    }) },
  ) }) },
);

test('whatever happens, no TFT exists but what was minted, no period is longer than it is, and none is paid twice', () => {
  let mints = 0;
  fc.assert(fc.property(fc.array(happening, { minLength: 40, maxLength: 80 }), (steps) => {
    const world = market({ rules: 2, certifiers: CERTIFIERS, heartbeat_ms: LONG, max_supply_stroops: (1_000_000n * TFT).toString() });
    world.at = BEGIN - BEAT;
    world.submit(certificateOf(world, { capacity: gib(8, 32, 1_000), until: BEGIN + 9 * FARMING_PERIOD_MS }));
    const given = world.money;
    const paid = new Map<number, bigint>();
    for (const { wait, make } of steps) {
      world.at += wait;
      const submission = make(world);
      const before = world.balance('payout');
      if (world.refusal(submission) !== 'taken' || submission.kind !== 'mint@1') continue;
      const { period } = submission.body as Mint;
      assert.ok(!paid.has(period) && (period + 1) * FARMING_PERIOD_MS <= world.at);
      paid.set(period, world.balance('payout') - before);
    }
    mints += paid.size;
    const sum = [...paid.values()].reduce((a, b) => a + b, 0n);
    assert.equal(world.money, given + sum);
    assert.equal(world.money, BigInt(readGrid(world).supply_stroops));
    assert.equal(BigInt(readGrid(world).minted_stroops ?? '0'), sum);
    for (const [id, object] of world.objects) if (id.startsWith('uptime/')) assert.ok((object['up_ms'] as number) <= FARMING_PERIOD_MS);
  }), { numRuns: 60 });
  assert.ok(mints > 10, `no more than ${mints} mints came about in all of these histories`);
});
