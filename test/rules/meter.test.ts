import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { MAX_METER_GAPS } from '../../src/base/limits.js';
import { confirmedBetween } from '../../src/rules/meter.js';
import type { MeterObject } from '../../src/rules/objects.js';
import { viewOf, type ContractView } from '../../src/rules/view.js';
import { agreementBody, agreementOf, beat, contractId, deal, endOf, heldOf, HOUR, key, market, metered, NODE_METER, runOf, seenBy, START, statusOf, TFT, type Submission, type World } from './world.js';

const TERM = 720 * HOUR;
const A_HOUR = 225_000n;
const now = (world: World): ContractView => viewOf(world, world.contract(contractId(world)), world.at);
const meter = (world: World, by = 'node'): MeterObject => world.object('meter', `${key(by)}/${key('node')}`);
const fault = (world: World, by = ['alice']): Submission => endOf(world, by, 'deal', { fault: true });

describe('time between two entries of a meter', () => {
  const cases: [string, number[], bigint][] = [
    ['counts where they are a heartbeat apart', [1, 1, 1], 3n],
    ['counts up to one and a half heartbeats', [1, 1.5], 25n],
    ['does not count above that, and the time after it does', [1, 1.5 + 1 / HOUR, 1], 2n],
    ['does not count while the node was away for days', [1, 50, 1, 1], 3n],
  ];
  for (const [title, hours, confirmed] of cases) {
    test(title, () => {
      const world = metered();
      for (const after of hours) beat(world, 1, after * HOUR);
      const expected = confirmed === 25n ? (A_HOUR * 25n) / 10n : A_HOUR * confirmed;
      assert.equal(now(world).billed_stroops, expected);
    });
  }
  test('counts for every contract of the node alike', () => {
    const world = metered();
    beat(world, 2);
    world.at += HOUR / 2;
    const second = agreementBody(world, { nonce: key('second').slice(0, 32), meter: NODE_METER, workloads: [] });
    world.submit(agreementOf(world, second));
    const [id] = [...world.objects.keys()].filter((object) => object.startsWith('contract/') && !object.endsWith(contractId(world)));
    world.submit({ ...heldOf(world), chain: `run/${id?.slice('contract/'.length)}` });
    world.at += HOUR;
    world.submit(statusOf(world));
    assert.equal(now(world).covered_ms, 3.5 * HOUR);
    assert.equal(viewOf(world, world.contract(id?.slice('contract/'.length) ?? ''), world.at).covered_ms, HOUR);
  });
});

describe('a status is refused', () => {
  const cases: [string, (world: World) => Submission, string][] = [
    ['sooner than a heartbeat after the last entry', (world) => (world.at += HOUR - 1, statusOf(world)), 'meter'],
    ['where it was written before the last entry was in the book', (world) => (world.at += HOUR, statusOf(world, 'node', { ...seenBy(world), size: meter(world).line })), 'meter'],
    ['of another node', (world) => (world.at += HOUR, { ...statusOf(world), body: { node: key('other node'), seen: seenBy(world) } }), 'not_found'],
    ['by who is neither the node nor a bot of this grid', (world) => (world.at += HOUR, statusOf(world, 'stranger')), 'identity'],
    ['that is signed by another than its chain says', (world) => (world.at += HOUR, { ...statusOf(world), by: ['other'] }), 'signatures'],
    ['by a clock that is an hour behind', (world) => (world.at += HOUR, { ...statusOf(world), time: world.at - HOUR }), 'time'],
    ['by a clock that is an hour ahead', (world) => (world.at += HOUR, { ...statusOf(world), time: world.at + HOUR }), 'time'],
  ];
  for (const [title, make, reason] of cases) {
    test(title, () => {
      const world = metered();
      assert.equal(world.refusal(make(world)), reason);
      world.at = START + HOUR;
      assert.equal(world.refusal(statusOf(world)), 'taken');
    });
  }
  test('on a grid of rules 1', () => {
    const world = deal();
    world.at += HOUR;
    assert.equal(world.refusal(statusOf(world)), 'later_release');
  });
});

test('of statuses that were signed in advance, and of those made up afterwards, none but the first counts', () => {
  const world = metered();
  const advance = seenBy(world);
  world.at += HOUR;
  world.submit(statusOf(world, 'node', advance));
  for (let i = 0; i < 10; i += 1) {
    world.at += HOUR;
    assert.equal(world.refusal(statusOf(world, 'node', advance)), 'meter');
  }
  assert.equal(now(world).covered_ms, HOUR);
  beat(world, 1, 0);
  for (let i = 0; i < 3; i += 1) assert.equal(world.refusal(statusOf(world)), 'meter', 'an hour cannot be confirmed twice');
  assert.equal(now(world).covered_ms, HOUR, 'ten hours without an entry stay unpaid');
});

describe('held', () => {
  test("with seen is an entry of the node's own meter, and begins the contract's time", () => {
    const world = metered({}, false);
    world.submit(statusOf(world));
    world.at += HOUR / 4;
    world.submit(heldOf(world));
    assert.deepEqual([meter(world).at, meter(world).confirmed_ms, now(world).covered_ms], [world.at, HOUR / 4, 0]);
    beat(world, 1);
    assert.equal(now(world).covered_ms, HOUR);
  });
  test('that has not seen the last entry is none', () => {
    const world = metered({}, false);
    const before = seenBy(world);
    world.submit(statusOf(world));
    world.at += HOUR / 4;
    world.submit({ ...heldOf(world), body: { ...heldOf(world).body, seen: before } });
    assert.equal(meter(world).at, START);
    assert.deepEqual([now(world).covered_ms, now(world).open_ms], [0, 0]);
    world.at += (HOUR * 3) / 4;
    assert.equal(now(world).open_ms, (HOUR * 3) / 4);
    world.submit(statusOf(world));
    assert.deepEqual([now(world).covered_ms, now(world).open_ms], [(HOUR * 3) / 4, 0]);
  });
  test('alone may say what it has seen, and only under rules 2', () => {
    const world = metered();
    const running = runOf(world, 'running', 'web');
    assert.equal(world.refusal({ ...running, body: { ...running.body, seen: seenBy(world) } }), 'meter');
    const old = deal({}, false);
    assert.equal(old.refusal(heldOf(old)), 'later_release');
  });
});

describe('a contract whose meter is a third bot', () => {
  const third = (): World => {
    const world = metered({ meter: { by: `bot/${key('other')}`, heartbeat_ms: HOUR } }, false);
    world.submit(statusOf(world, 'other'));
    world.at += HOUR / 2;
    world.submit(heldOf(world));
    return world;
  };
  test("is paid by that bot's entries, whatever the node says", () => {
    const world = third();
    beat(world, 3);
    assert.equal(now(world).covered_ms, 0);
    const other = beat(beat(third(), 1, HOUR / 2, 'other'), 3, HOUR, 'other');
    assert.equal(now(other).covered_ms, 3.5 * HOUR, 'and only from held on');
  });
  test('counts nothing from before it was held where the window that held it breaks', () => {
    const world = third();
    beat(world, 1, 10 * HOUR, 'other');
    beat(world, 1, HOUR, 'other');
    assert.equal(now(world).covered_ms, HOUR / 2, 'an hour was confirmed, less what may have been before');
  });
});

describe('an agreement is refused whose meter', () => {
  const cases: [string, Partial<{ by: string; heartbeat_ms: number }>, string][] = [
    ['has another heartbeat than the grid', { heartbeat_ms: HOUR + 1 }, 'meter'],
    ['is another node', { by: `node/${key('other')}` }, 'meter'],
    ['is an account', { by: `account/${key('other')}` }, 'meter'],
    ['is the consumer', { by: `bot/${key('alice')}` }, 'meter'],
    ["is the farm's owner", { by: `bot/${key('farmer')}` }, 'meter'],
    ['is a bot without an identity', { by: `bot/${key('nobody')}` }, 'identity'],
    ['is a bot that has no part in it', { by: `bot/${key('other')}` }, 'taken'],
  ];
  for (const [title, change, reason] of cases) {
    test(title, () => {
      const world = market({ rules: 2 });
      const named = NODE_METER === null ? null : { ...NODE_METER, ...change };
      assert.equal(world.refusal(agreementOf(world, { meter: named })), reason);
    });
  }
  test('is named at all, or a notice, under rules 1', () => {
    const world = market();
    assert.equal(world.refusal(agreementOf(world, { meter: NODE_METER })), 'later_release');
    assert.equal(world.refusal(agreementOf(world, { notice_ms: HOUR })), 'later_release');
  });
});

describe('the end of a metered contract', () => {
  const cases: [string, number, number, boolean, bigint, string][] = [
    ['pays the time since the last entry', 3, HOUR / 2, false, (A_HOUR * 7n) / 2n, 'cancelled'],
    ['takes it back for a fault', 3, HOUR / 2, true, A_HOUR * 3n, 'fault'],
    ['pays nothing since the last entry where that is too long ago', 3, 1.5 * HOUR + 1, false, A_HOUR * 3n, 'cancelled'],
    ['before the first heartbeat pays the time, too', 0, HOUR / 2, false, A_HOUR / 2n, 'cancelled'],
    ['before the first heartbeat, for a fault, pays the minimum', 0, HOUR / 2, true, 100_000n, 'fault'],
    ['at once pays the minimum', 0, 0, false, 100_000n, 'cancelled'],
  ];
  for (const [title, beats, after, isFault, billed, reason] of cases) {
    test(title, () => {
      const world = beat(metered({ minimum_stroops: '100000' }), beats);
      world.at += after;
      const { refundable_stroops } = now(world);
      world.submit(isFault ? fault(world) : endOf(world));
      assert.deepEqual([world.balance('payout'), world.balance('purse')], [billed, 1_000n * TFT - billed]);
      assert.equal(world.contract(contractId(world)).settled?.reason, reason);
      if (!isFault) assert.equal(refundable_stroops, 162_000_000n - billed, 'what was shown before is what came back');
      const then = now(world);
      world.at += HOUR;
      world.submit(statusOf(world));
      assert.deepEqual(now(world), then, 'whatever its meter says later');
    });
  }
  test('for a fault is refused where there is no meter, and under rules 1', () => {
    const world = metered({ meter: null });
    assert.equal(world.refusal(fault(world)), 'meter');
    const old = deal();
    assert.equal(old.refusal(fault(old)), 'later_release');
  });
  test('waits for the meter once the term is over: until then only the end quorum, which pays for what is open', () => {
    const world = beat(metered({ term_ms: 2.5 * HOUR, grace_ms: 0 }), 2);
    world.at += HOUR / 2;
    assert.equal(now(world).state, 'ended');
    assert.equal(world.refusal(endOf(world, ['farm'])), 'signatures');
    const total = world.contract(contractId(world)).agreement.total_stroops;
    const early = beat(metered({ term_ms: 2.5 * HOUR, grace_ms: 0 }), 2);
    early.at += HOUR / 2;
    early.submit(endOf(early));
    assert.equal(early.balance('payout').toString(), total);
    beat(world, 1, HOUR / 2);
    world.submit(endOf(world, ['farm']));
    assert.equal(world.balance('payout').toString(), total);
  });
  test('gives all that was not confirmed back, and unconfirmed time does not lengthen the term', () => {
    const world = beat(metered({ term_ms: 10 * HOUR, grace_ms: 0 }), 4);
    beat(world, 1, 4 * HOUR);
    beat(world, 50);
    assert.deepEqual([now(world).state, now(world).covered_ms], ['ended', 6 * HOUR]);
    world.submit(endOf(world, ['farm']));
    assert.deepEqual([world.balance('payout'), world.contract(contractId(world)).settled?.billed_stroops], [6n * A_HOUR, (6n * A_HOUR).toString()]);
  });
});

test('a node that is never heard of again is paid nothing but the minimum, and the consumer has the rest back', () => {
  const world = metered({ minimum_stroops: '7' });
  world.at = START + TERM + 24 * HOUR;
  world.submit(endOf(world));
  assert.deepEqual([world.balance('payout'), world.balance('purse')], [7n, 1_000n * TFT - 7n]);
});

test('what a meter confirmed until a moment is exact, whatever came after, as long as it remembers the gaps', () => {
  const world = market({ rules: 2 });
  const step = fc.record({ gap: fc.boolean(), more: fc.integer({ min: 0, max: HOUR / 2 }) });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 2 * MAX_METER_GAPS }), fc.double({ min: 0, max: 1, noNaN: true }), (steps, part) => {
      const fresh = market({ rules: 2 });
      fresh.submit(statusOf(fresh));
      const entries = [fresh.at];
      for (const { gap, more } of steps) {
        fresh.at += (gap ? 2 : 1) * HOUR + more;
        fresh.submit(statusOf(fresh));
        entries.push(fresh.at);
      }
      const until = START + Math.floor((fresh.at - START) * part);
      const windows = entries.slice(1).map((to, i) => ({ from: entries[i] ?? 0, to }));
      const expected = windows.filter(({ from, to }) => to - from <= 1.5 * HOUR).reduce((sum, { from, to }) => sum + Math.max(0, Math.min(to, until) - from), 0);
      assert.ok(meter(fresh).gaps.length <= MAX_METER_GAPS);
      assert.equal(confirmedBetween(meter(fresh), 0, until), expected);
    }),
    { numRuns: 60 },
  );
  assert.equal(confirmedBetween(undefined, 0, world.at), 0);
});

test('a meter that forgets old gaps never says more than was confirmed', () => {
  const world = market({ rules: 2 });
  world.submit(statusOf(world));
  beat(world, 3);
  const until = world.at;
  for (let i = 0; i < MAX_METER_GAPS + 5; i += 1) {
    beat(world, 1, 2 * HOUR);
    beat(world, 1);
  }
  assert.equal(meter(world).gaps.length, MAX_METER_GAPS);
  assert.ok(confirmedBetween(meter(world), 0, until) <= 3 * HOUR);
});
