import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MAX_ALLOCATIONS } from '../../src/base/limits.js';
import { allocate, contractsOn, freeCapacity, hasCapacity } from '../../src/rules/node.js';
import { write } from '../../src/rules/objects.js';
import type { Announcement } from '../../src/schema/types.js';
import { amendOf, announcementOf, agreementOf, deal, endOf, farmBody, farmId, farmSays, gib, HOUR, key, market, metered, NODE_METER, nonce, runOf, START, type World } from './world.js';

test('a node is sellable once it names a farm that admits it, in either order', () => {
  const world = market();
  assert.equal(world.node().admitted, farmId(world));
  world.submit(announcementOf(world, {}, 'second'));
  assert.equal(world.node('second').admitted, null);
  world.submit(farmSays(world, 'admit@1', 'second'));
  assert.equal(world.node('second').admitted, farmId(world));
});

test('a node that moves to another farm loses its admission unless that farm admits it', () => {
  const world = market();
  const rival = farmId(world, 'other');
  world.submit({ chain: `farm/${rival}`, kind: 'farm@1', body: farmBody({ by: key('other'), owner: `bot/${key('other')}`, farm_key: key('farm 2'), name: 'rival' }), by: ['farm 2', 'other'] });
  world.submit(announcementOf(world, { farm: rival }));
  assert.deepEqual([world.node().farm, world.node().admitted], [rival, null]);
  assert.equal(world.refusal(agreementOf(world)), 'not_sellable');
  world.submit({ chain: `farm/${rival}`, kind: 'admit@1', body: { node: key('node') }, by: ['farm 2'] });
  assert.equal(world.node().admitted, rival);
  world.submit(announcementOf(world));
  assert.equal(world.node().admitted, farmId(world));
});

describe('an announcement is refused', () => {
  const cases: [string, string, boolean, Partial<Announcement>][] = [
    ['with declared capacity where that is not allowed', 'dev', false, { declared: true }],
    ['with the process runtime where that is not allowed', 'dev', false, { runtime: 'process' }],
    ['that names no farm', 'not_found', true, { farm: '0'.repeat(40) }],
    ['that seals with its signing key', 'key', true, { sealing_key: key('node') }],
  ];
  for (const [title, reason, dev, change] of cases) {
    test(title, () => {
      const world = market({ dev });
      assert.equal(world.refusal(announcementOf(world, change)), reason);
    });
  }
  test('by another key', () => {
    const world = market();
    assert.equal(world.refusal({ ...announcementOf(world), by: ['farm'] }), 'signatures');
  });
  test("by its farm's key, its owner's, or the log's", () => {
    const world = market();
    for (const name of ['farm', 'farmer', 'log']) assert.equal(world.refusal(announcementOf(world, {}, name)), 'key');
  });
  test('nowhere on a development grid that declares and runs processes', () => {
    const world = market();
    assert.equal(world.refusal(announcementOf(world, { declared: true, runtime: 'process' })), 'taken');
  });
});

describe('capacity', () => {
  const second = (world: World) => agreementOf(world, { nonce: nonce('second'), resources: gib(1, 1, 0) });

  test('is what was announced less what is sold', () => {
    const world = deal();
    assert.deepEqual(freeCapacity(world.node(), world.at), gib(4, 12, 400));
    assert.equal(hasCapacity(world.node(), gib(4, 12, 400), world.at), true);
    for (const more of [gib(5, 0, 0), gib(0, 13, 0), gib(0, 0, 401), gib(0, 0, 0, 1), gib(0, 0, 0, 0, 1)]) {
      assert.equal(hasCapacity(world.node(), more, world.at), false);
    }
  });

  test('that is short is named', () => {
    const world = deal();
    const more = agreementOf(world, { nonce: nonce('second'), resources: gib(5, 5, 0) });
    assert.throws(() => world.submit(more), /has too little left: wanted cru 5 of 4$/);
    assert.equal(world.refusal(more), 'capacity');
  });

  test('comes back at the provisioning deadline, or else with the end of grace', () => {
    const unheld = deal({}, false);
    const big = { nonce: nonce('second'), resources: gib(8, 8, 0) };
    unheld.at = START + HOUR - 1;
    assert.equal(unheld.refusal(agreementOf(unheld, big)), 'capacity');
    unheld.at = START + HOUR;
    assert.equal(unheld.refusal(agreementOf(unheld, big)), 'taken');
    const held = deal();
    held.at = START + (720 + 24) * HOUR - 1;
    assert.equal(held.refusal(agreementOf(held, big)), 'capacity');
    held.at += 1;
    assert.equal(held.refusal(agreementOf(held, big)), 'taken');
    assert.equal(held.node().allocations.length, 1, 'what is over is pruned');
  });

  describe('of a disk comes back only when the data that it keeps may be gone', () => {
    const wants = (world: World, resources = gib(8, 16, 500)) => agreementOf(world, { nonce: nonce('second'), resources });
    const table: readonly (readonly [title: string, change: { retention_ms?: number }, held: boolean, ends: number | null, free: number])[] = [
      ['after an end', { retention_ms: 5 * HOUR }, true, HOUR / 2, 5.5 * HOUR],
      ['after the end of grace, though no end is recorded', { retention_ms: 5 * HOUR }, true, null, (720 + 24 + 5) * HOUR],
      ['after an end that is recorded once time has ended it', { retention_ms: 5 * HOUR }, true, (720 + 25) * HOUR, (720 + 24 + 5) * HOUR],
      ['at once without retention', {}, true, HOUR / 2, HOUR / 2],
      ['at once where the node never held it', { retention_ms: 5 * HOUR }, false, HOUR / 2, HOUR / 2],
    ];
    for (const [title, change, held, ends, free] of table) {
      test(title, () => {
        const world = deal(change, held);
        if (ends !== null) {
          world.at = START + ends;
          world.submit(endOf(world));
        }
        if (ends === null || ends < free) {
          world.at = START + free - 1;
          assert.deepEqual(freeCapacity(world.node(), world.at), gib(8, 16, 400), 'processors and memory are free');
          assert.equal(world.refusal(wants(world)), 'capacity');
        }
        world.at = START + free;
        assert.equal(world.refusal(wants(world)), 'taken');
        assert.equal(world.node().allocations.length, 1, 'what is over is pruned');
      });
    }

    test('and until then it counts as a contract', () => {
      const world = deal({ retention_ms: 5 * HOUR });
      world.submit(endOf(world));
      assert.deepEqual([contractsOn(world.node(), START), contractsOn(world.node(), START + 5 * HOUR)], [1, 0]);
    });

    test('which takes no processors and no memory, so a contract without a disk is forgotten', () => {
      const world = deal({ retention_ms: 5 * HOUR, resources: gib(4, 4, 0) });
      world.submit(endOf(world));
      assert.deepEqual(world.node().allocations, []);
    });
  });

  test('announced below what is sold is taken, and then nothing more is sold', () => {
    const world = deal();
    world.submit(announcementOf(world, { capacity: gib(8, 16, 50) }));
    assert.equal(world.node().allocations.length, 1);
    assert.equal(world.refusal(second(world)), 'capacity');
    world.submit(announcementOf(world, { capacity: gib(8, 16, 500) }));
    assert.equal(world.refusal(second(world)), 'taken');
  });

  test(`goes to ${MAX_ALLOCATIONS} contracts at the most`, () => {
    const world = market();
    const one = { resources: gib(0, 0, 0), until: START + 1 };
    const full = Array.from({ length: MAX_ALLOCATIONS - 1 }, (_, i) => ({ ...one, disk_until: START + 1, contract: String(i) }));
    write(world, 'node', key('node'), { ...world.node(), allocations: full });
    allocate(world, key('node'), { ...one, contract: 'last' }, START);
    assert.throws(() => allocate(world, key('node'), { ...one, contract: 'more' }, START), /takes no more/);
    allocate(world, key('node'), { ...one, contract: 'later' }, START + 1);
    assert.deepEqual(world.node().allocations.map(({ contract }) => contract), ['later']);
  });
});

describe('a drained node', () => {
  const drain = (until: number | null = null, by = ['node']) => ({ chain: `node/${key('node')}`, kind: 'drain@1', body: { until, reason: 'new disks' }, by });
  const another = (world: World, n = 'second') => agreementOf(world, { nonce: nonce(n), meter: NODE_METER, resources: gib(1, 1, 0) });

  test('takes no contract, and none grows; what is there may stay or shrink, and goes on', () => {
    const world = metered();
    world.submit(drain());
    assert.equal(world.refusal(another(world)), 'drained');
    assert.equal(world.refusal(amendOf(world, { resources: gib(5, 4, 100) })), 'drained');
    assert.notEqual(world.refusal(amendOf(world, { resources: gib(2, 2, 100) })), 'drained');
    assert.equal(world.refusal(runOf(world, 'running', 'web')), 'taken');
  });

  test('does so until its time, or until it says otherwise, and an announcement changes nothing of it', () => {
    const world = metered();
    world.submit(drain(START + HOUR));
    world.submit(announcementOf(world));
    world.at = START + HOUR - 1;
    assert.equal(world.refusal(another(world)), 'drained');
    world.at += 1;
    assert.equal(world.refusal(another(world)), 'taken');
    world.submit(drain());
    world.at += HOUR;
    assert.equal(world.refusal(another(world, 'third')), 'drained');
    world.submit(drain(0));
    assert.equal(world.node().drain, undefined);
    assert.equal(world.refusal(another(world, 'third')), 'taken');
  });

  test('says so itself', () => {
    const world = market({ rules: 2 });
    assert.equal(world.refusal(drain(null, ['farm'])), 'signatures');
    assert.equal(world.refusal({ ...drain(), chain: `node/${key('nobody')}`, by: ['nobody'] }), 'not_found');
  });
});
