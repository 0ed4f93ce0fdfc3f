import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MAX_ALLOCATIONS } from '../../src/base/limits.js';
import { freeCapacity } from '../../src/rules/node.js';
import { viewOf } from '../../src/rules/view.js';
import type { Agreement, Resources } from '../../src/schema/types.js';
import { agreementOf, amendOf, contractId, deal, endOf, gib, HOUR, market, metered, runOf, START, type World } from './world.js';

/** The node has 8 cores, 16 GiB and 500 GiB: 525,000 stroops an hour, 525 for one of a thousand places. */
const PLACE = 525n;
const MIB: Resources = { cru: 0, mru_mib: 0, sru_mib: 1, hru_mib: 0, ipv4: 0 };
const kept = (world: World): number => {
  const { data_until, ends_at } = viewOf(world, world.contract(contractId(world)), world.at);
  return data_until - ends_at;
};

describe('a contract costs at least its place on the node', () => {
  const cases: [string, Resources, number, string][] = [
    ['an hour of a MiB does not', MIB, HOUR, 'price'],
    ['nothing at all does not', { ...MIB, sru_mib: 0 }, HOUR, 'price'],
    ['ten years of a MiB do not', MIB, 315_576_000_000, 'price'],
    ['two GiB do not', gib(0, 0, 2), HOUR, 'price'],
    ['three GiB do', gib(0, 0, 3), HOUR, 'taken'],
    ['a core does', gib(1, 0, 0), HOUR, 'taken'],
  ];
  for (const [title, resources, term_ms, outcome] of cases) {
    test(title, () => {
      const world = market({ rules: 2 });
      const submission = agreementOf(world, { resources, term_ms });
      const { total_stroops } = submission.body as Agreement;
      assert.equal(world.refusal(total_stroops === '0' ? agreementOf(world, { resources, term_ms, payers: [] }, ['alice', 'farm']) : submission), outcome);
    });
  }
  test('so that filling a node costs what the whole of it does', () => {
    const world = market({ rules: 2 });
    world.submit(agreementOf(world, { resources: gib(0, 0, 3), term_ms: HOUR }));
    assert.ok(BigInt(MAX_ALLOCATIONS) * BigInt(world.contract(contractId(world)).agreement.total_stroops) >= 525_000n);
    assert.equal(world.contract(contractId(world)).place_stroops, PLACE.toString());
  });
  test('when it is amended, too', () => {
    const world = metered({ resources: gib(1, 1, 1), meter: null, term_ms: HOUR });
    assert.equal(world.refusal(amendOf(world, { resources: gib(0, 0, 1) })), 'price');
  });
  test('but where the farm asks nothing, and under rules 1', () => {
    const free = { cu_stroops: '0', su_stroops: '0', nu_stroops: '0', ipv4_stroops: '0' };
    const world = market({ rules: 2 });
    assert.equal(world.refusal(agreementOf(world, { resources: MIB, prices: free, payers: [] }, ['alice', 'farm'])), 'taken');
    const old = market();
    assert.equal(old.refusal(agreementOf(old, { resources: MIB })), 'taken');
  });
});

describe('data is kept after the end', () => {
  const DAYS = 72 * HOUR;
  const used = (ms: number, change: Partial<Agreement> = {}): World => {
    const world = metered({ meter: null, retention_ms: DAYS, ...change });
    world.at += ms;
    world.submit(endOf(world));
    return world;
  };
  const cases: [string, number, Partial<Agreement>, number][] = [
    ['as long as was agreed, once that is paid for: 100 GiB cost a ninth of what four cores with them do', 8 * HOUR, {}, DAYS],
    ['no longer than what was billed pays for the disk', HOUR, {}, 9 * HOUR],
    ['not at all where nothing was billed', 0, {}, 0],
    ['for the minimum that was charged', 0, { minimum_stroops: '225000' }, 9 * HOUR],
    ['no longer than what was billed pays for the place, where that is more than the disk', HOUR / 2, { resources: gib(1, 1, 1) }, (25_125 / 525) * HOUR],
  ];
  for (const [title, ms, change, expected] of cases) {
    test(title, () => {
      const world = used(ms, change);
      assert.ok(Math.abs(kept(world) - expected) < 1_000, `${kept(world) / HOUR} h`);
      const { until, disk_until } = world.node().allocations[0] ?? { until: world.at, disk_until: world.at };
      assert.deepEqual([until, disk_until], [world.at, world.at + kept(world)]);
    });
  }
  test('so a disk that was bought for a second is free again in seconds', () => {
    const world = used(1_000, { resources: gib(0, 0, 500), term_ms: 1_000 });
    world.at += 2_000;
    assert.equal(freeCapacity(world.node(), world.at).sru_mib, 500 * 1024);
  });
  test('the whole retention, while nothing is settled: all of it may still be billed', () => {
    const world = metered({ meter: null, retention_ms: DAYS });
    assert.equal(kept(world), DAYS);
    assert.equal(world.node().allocations[0]?.disk_until, START + 720 * HOUR + 24 * HOUR + DAYS);
  });
  test('as agreed under rules 1, whatever was billed', () => {
    const world = deal({ retention_ms: DAYS }, false);
    world.submit(runOf(world, 'held'));
    world.submit(endOf(world));
    assert.equal(kept(world), DAYS);
  });
});
