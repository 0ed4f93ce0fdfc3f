// What time counts for minting: admitted, announced and certified the same all through it, split where periods end.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FARMING_PERIOD_MS } from '../../src/capacity/farming.js';
import { read, type UptimeObject } from '../../src/rules/objects.js';
import { countUptime } from '../../src/rules/uptime.js';
import type { Announcement, Genesis } from '../../src/schema/types.js';
import { all, announcementOf, certificateOf, farmSays, gib, HOUR, key, market, policyOf, type Submission, type World } from './world.js';

const PERIOD = 672;
/** Begin of that period. */
const BEGIN = PERIOD * FARMING_PERIOD_MS;
const CERTIFIERS = all(`bot/${key('alice')}`);

/** A grid with a node that is certified since an hour before the period. */
function certified(change: Partial<Genesis> = {}, says: Partial<Announcement> = {}): World {
  const world = market({ rules: 2, certifiers: CERTIFIERS, ...change });
  world.submit(announcementOf(world, says));
  world.at = BEGIN - HOUR;
  world.submit(certificateOf(world));
  return world;
}

const uptime = (world: World, period = PERIOD): UptimeObject | undefined => read(world, 'uptime', `${key('node')}/${period}`);
const up = (world: World, period = PERIOD): number => uptime(world, period)?.up_ms ?? 0;

/** An entry of the node's own meter now, which confirms the time since. */
function beat(world: World, from: number, clock = 0): void {
  countUptime(world, key('node'), { from, at: world.at, time: world.at + clock });
}

/** Carries out a record at a time. */
function at(world: World, time: number, submission: (world: World) => Submission): void {
  world.at = time;
  world.submit(submission(world));
}

for (const [what, meanwhile, before, after] of [
  ['all of it where nothing changed', [], HOUR / 2, HOUR / 2],
  ['what is before the certificate is not', [[BEGIN - 10, (w) => certificateOf(w, { capacity: gib(4, 8, 100) })]], 10, HOUR / 2],
  ['a certificate that says the same for longer leaves no gap', [[BEGIN - 10, (w) => certificateOf(w, { until: BEGIN + 9 * FARMING_PERIOD_MS })]], HOUR / 2, HOUR / 2],
  ['what is after its end is not', [[BEGIN - HOUR + 1, (w) => certificateOf(w, { until: BEGIN + 10 })]], HOUR / 2, 10],
  ['what is between its end and a certificate that says the same is not', [[BEGIN - HOUR + 1, (w) => certificateOf(w, { until: BEGIN - 10 })], [BEGIN + 7, (w) => certificateOf(w)]], 0, HOUR / 2 - 7],
  ['nothing after a certificate that ends the one before', [[BEGIN - HOUR + 1, (w) => certificateOf(w, { until: w.at })]], 0, 0],
  ['what is before another announcement is not', [[BEGIN + 7, (w) => announcementOf(w, { capacity: gib(8, 16, 600) })]], 0, HOUR / 2 - 7],
  ['the same announcement again changes nothing', [[BEGIN + 7, (w) => announcementOf(w)]], HOUR / 2, HOUR / 2],
  ['nothing of a node that its farm has retired', [[BEGIN + 7, (w) => farmSays(w, 'retire@1')]], 0, 0],
  ['what is before it was admitted again is not', [[BEGIN + 7, (w) => farmSays(w, 'retire@1')], [BEGIN + 8, (w) => farmSays(w, 'admit@1')]], 0, HOUR / 2 - 8],
] as [string, [number, (world: World) => Submission][], number, number][]) {
  test(`an hour that two periods share counts for both: ${what}`, () => {
    const world = certified();
    for (const [time, submission] of meanwhile) at(world, time, submission);
    world.at = BEGIN + HOUR / 2;
    beat(world, BEGIN - HOUR / 2);
    assert.deepEqual([up(world, PERIOD - 1), up(world)], [before, after]);
  });
}

test('without a certificate, or an entry that confirms something, nothing is counted', () => {
  const world = market({ rules: 2, certifiers: CERTIFIERS });
  world.at = BEGIN + HOUR;
  beat(world, BEGIN);
  world.submit(certificateOf(world));
  beat(world, world.at);
  assert.equal(uptime(world), undefined);
});

test('a full period of hourly entries is the whole of it, to the millisecond', () => {
  const world = certified();
  // Not a divisor of the period, so that entries fall beside both of its ends.
  for (let last = BEGIN - HOUR; last < BEGIN + FARMING_PERIOD_MS; last = world.at) {
    world.at = last + HOUR + 1_234;
    beat(world, last);
  }
  assert.equal(up(world), FARMING_PERIOD_MS);
  assert.deepEqual([uptime(world)?.from, uptime(world)?.until], [BEGIN, BEGIN + FARMING_PERIOD_MS]);
});

test('a gap that is longer than a period counts in no more than the last two', () => {
  const world = certified();
  world.at = BEGIN + 3 * FARMING_PERIOD_MS + 5;
  beat(world, BEGIN - 10);
  assert.deepEqual([1, 2, 3].map((n) => up(world, PERIOD + n)), [0, FARMING_PERIOD_MS, 5]);
});

test('the terms of a period are the least that held in any of it', () => {
  const world = certified();
  world.at = BEGIN + HOUR;
  beat(world, BEGIN);
  assert.deepEqual(uptime(world)?.capacity, gib(8, 16, 500));
  at(world, BEGIN + HOUR, (w) => certificateOf(w, { capacity: gib(9, 64, 400, 0, 4), kind: 'certified' }));
  world.at = BEGIN + 2 * HOUR;
  beat(world, BEGIN + HOUR);
  at(world, BEGIN + 2 * HOUR, (w) => announcementOf(w, { capacity: gib(2, 32, 9_000) }));
  world.at = BEGIN + 3 * HOUR;
  beat(world, BEGIN + 2 * HOUR);
  assert.deepEqual([uptime(world)?.capacity, uptime(world)?.kind, up(world)], [gib(2, 16, 400), 'diy', 3 * HOUR]);
});

test('capacity that is announced late in a period does not count for the whole of it', () => {
  const world = certified({}, { capacity: gib(2, 4, 50) });
  world.at = BEGIN + HOUR;
  beat(world, BEGIN);
  at(world, BEGIN + HOUR, (w) => announcementOf(w, { capacity: gib(8, 16, 500) }));
  world.at = BEGIN + 2 * HOUR;
  beat(world, BEGIN + HOUR);
  assert.deepEqual(uptime(world)?.capacity, gib(2, 4, 50));
});

test('a period belongs to the farm that it began with', () => {
  const world = certified();
  world.at = BEGIN + HOUR;
  beat(world, BEGIN);
  world.put(`node/${key('node')}`, { ...world.node(), farm: 'ff'.repeat(20), admitted: 'ff'.repeat(20) } as never);
  world.at = BEGIN + 2 * HOUR;
  beat(world, BEGIN + HOUR);
  assert.equal(up(world), HOUR);
});

for (const [what, genesis, says, clock, violation] of [
  ['a clock within 120 s', { dev: false, faucet_stroops: null }, { virtualised: false }, 120_000, null],
  ['a clock that is ahead', { dev: false, faucet_stroops: null }, { virtualised: false }, 120_001, 'clock'],
  ['a clock that is behind', {}, {}, -120_001, 'clock'],
  ['a virtual machine', { dev: false, faucet_stroops: null }, { virtualised: true }, 0, 'virtualised'],
  ['a virtual machine on a development grid', {}, { virtualised: true }, 0, null],
] as [string, Partial<Genesis>, Partial<Announcement>, number, string | null][]) {
  test(`minting: ${what} ${violation === null ? 'is no violation' : 'marks the period, for good'}`, () => {
    const world = certified(genesis, says);
    world.at = BEGIN + HOUR;
    beat(world, BEGIN, clock);
    world.at += HOUR;
    beat(world, BEGIN + HOUR);
    assert.deepEqual([uptime(world)?.violation, up(world)], [violation, 2 * HOUR]);
  });
}

test('a development grid may choose a shorter period; what another length has counted is left as it is', () => {
  const world = certified();
  world.at = BEGIN + HOUR;
  beat(world, BEGIN);
  world.submit(policyOf({ rules: 2, mint_period_ms: 2 * HOUR }));
  world.at += HOUR;
  beat(world, BEGIN + HOUR);
  assert.deepEqual([up(world), up(world, Math.floor(world.at / (2 * HOUR)))], [HOUR, HOUR]);
  // So near to the first length that this period has the number of that one.
  world.submit(policyOf({ rules: 2, mint_period_ms: FARMING_PERIOD_MS - 1 }));
  world.at += HOUR;
  beat(world, BEGIN + 2 * HOUR);
  assert.equal(up(world), HOUR);
});
