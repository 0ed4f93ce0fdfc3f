import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { read } from '../../src/rules/objects.js';
import type { Farm } from '../../src/schema/types.js';
import { farmBody, farmId, farmOf, farmSays, genesisOf, HOUR, identityOf, key, market, nonce, PRICES, START, World, type Submission } from './world.js';

function grid(): World {
  const world = new World();
  world.submit(genesisOf());
  for (const name of ['farmer', 'other']) world.submit(identityOf(name));
  return world;
}

test('a farm is founded by its owner and its farm key', () => {
  const world = grid();
  world.submit(farmOf(world));
  assert.equal(world.object('farm', farmId(world)).prices, null);
  assert.equal(world.object('name', 'farm/green-farm').holder, `farm/${farmId(world)}`);
});

describe('a new farm is refused', () => {
  const cases: [string, string, Partial<Farm>, string[]?][] = [
    ['whose id does not follow from its nonce', 'id', { nonce: nonce('else') }],
    ['whose id was made by somebody else', 'id', { by: key('other'), owner: `bot/${key('other')}` }, ['farm', 'other']],
    ['whose owner is not who founds it', 'key', { owner: `bot/${key('other')}` }, ['farm', 'other']],
    ['whose farm key is its owner', 'key', { farm_key: key('farmer') }],
    ['whose farm key seals', 'key', { sealing_key: key('farm') }],
    ['whose farm key is paid', 'key', { payout: key('farm') }],
    ["whose farm key is the log's", 'key', { farm_key: key('log') }, ['log', 'farmer']],
    ['that the owner did not sign', 'signatures', {}, ['farm']],
    ['that the farm key did not sign', 'signatures', {}, ['farmer']],
    ['that a stranger signed too', 'signatures', {}, ['farm', 'farmer', 'other']],
  ];
  for (const [title, reason, change, by] of cases) {
    test(title, () => {
      const world = grid();
      assert.equal(world.refusal(farmOf(world, change, by)), reason);
    });
  }
  test('whose owner has no identity', () => {
    const world = new World();
    world.submit(genesisOf());
    assert.equal(world.refusal(farmOf(world)), 'identity');
  });
  test('whose name is taken', () => {
    const world = market();
    const body = farmBody({ by: key('other'), owner: `bot/${key('other')}`, farm_key: key('farm 2') });
    assert.equal(world.refusal({ chain: `farm/${farmId(world, 'other')}`, kind: 'farm@1', body, by: ['farm 2', 'other'] }), 'name');
  });
});

describe('a change of a farm', () => {
  const cases: [string, Partial<Farm>, string[], string][] = [
    ['of endpoint, name and place needs the farm key alone', { endpoint: 'http://127.0.0.1:1', name: 'blue-farm', place: 'there' }, ['farm'], 'taken'],
    ['of the payout needs the owner', { payout: key('payout 2') }, ['farm'], 'signatures'],
    ['of the payout with the owner is taken', { payout: key('payout 2') }, ['farm', 'farmer'], 'taken'],
    ['of the sealing key needs the owner', { sealing_key: key('else') }, ['farm'], 'signatures'],
    ['of the farm key needs the new key', { farm_key: key('farm 2') }, ['farmer'], 'signatures'],
    ['of the farm key needs the owner', { farm_key: key('farm 2') }, ['farm 2'], 'signatures'],
    ['of the farm key goes without the old key, which may be lost', { farm_key: key('farm 2') }, ['farm 2', 'farmer'], 'taken'],
    ['of the owner needs the old one', { owner: `bot/${key('other')}` }, ['farm', 'other'], 'signatures'],
    ['of the owner needs the new one', { owner: `bot/${key('other')}` }, ['farm', 'farmer'], 'signatures'],
    ['of the owner with both is taken', { owner: `bot/${key('other')}` }, ['farm', 'farmer', 'other'], 'taken'],
    ['of the nonce is refused', { nonce: nonce('else') }, ['farm', 'farmer'], 'id'],
    ['of by is refused', { by: key('other') }, ['farm', 'farmer'], 'id'],
  ];
  for (const [title, change, by, outcome] of cases) {
    test(title, () => {
      const world = market();
      assert.equal(world.refusal(farmOf(world, change, by)), outcome);
    });
  }
  test('keeps its prices and frees its name', () => {
    const world = market();
    world.submit({ chain: `farm/${farmId(world)}`, kind: 'prices@1', body: { prices: PRICES }, by: ['farm'] });
    world.submit(farmOf(world, { name: 'blue-farm' }, ['farm']));
    assert.deepEqual(world.object('farm', farmId(world)).prices, PRICES);
    assert.equal(read(world, 'name', 'farm/green-farm')?.holder, null);
  });
});

describe('beside its prices a farm', () => {
  const MORE = { lengths: [{ at_least_ms: 720 * HOUR, ppm: 50_000 }, { at_least_ms: 8_760 * HOUR, ppm: 150_000 }], dedicated_ppm: 400_000, architect_ppm: 100_000 };
  const asks = (world: World, more: object, by = ['farm']): Submission => ({ chain: `farm/${farmId(world)}`, kind: 'prices@1', body: { prices: PRICES, ...more }, by });
  test('says what is off for length and for a whole node, and keeps it through a change of itself', () => {
    const world = market({ rules: 2 });
    world.submit(asks(world, MORE));
    world.submit(farmOf(world, { place: 'there' }, ['farm']));
    const { place, prices, lengths, dedicated_ppm, architect_ppm } = world.object('farm', farmId(world));
    assert.deepEqual({ place, prices, lengths, dedicated_ppm, architect_ppm }, { place: 'there', prices: PRICES, ...MORE });
  });
  test('says nothing that it leaves out', () => {
    const world = market({ rules: 2 });
    world.submit(asks(world, MORE));
    world.submit(asks(world, {}));
    assert.deepEqual(Object.keys(world.object('farm', farmId(world))).filter((field) => field in MORE), []);
  });
  for (const [what, reason, more, rules] of [
    ['cannot do so under rules 1', 'later_release', { dedicated_ppm: 0 }, 1],
    ['names each length once', 'terms', { lengths: [MORE.lengths[0], MORE.lengths[0]] }, 2],
    ['names lengths in their order', 'terms', { lengths: [...MORE.lengths].reverse() }, 2],
    ['gives no discount for any length', 'terms', { lengths: [{ at_least_ms: 0, ppm: 1 }] }, 2],
    ['takes off no more than everything', 'malformed', { dedicated_ppm: 1_000_001 }, 2],
  ] as const) {
    test(what, () => {
      const world = market({ rules });
      assert.equal(world.refusal(asks(world, more)), reason);
    });
  }
});

describe('a deal', () => {
  const dealOf = (world: World, change: object = {}, by = ['farm']): Submission => ({ chain: `farm/${farmId(world)}`, kind: 'deal@1', body: { bot: key('alice'), prices: null, discount_ppm: 200_000, until: null, ...change }, by });
  test('is what the farm said of this bot last', () => {
    const world = market({ rules: 2 });
    world.submit(dealOf(world));
    world.submit(dealOf(world, { prices: PRICES, discount_ppm: 0, until: START }));
    assert.deepEqual(world.object('deal', `${farmId(world)}/${key('alice')}`), { prices: PRICES, discount_ppm: 0, until: START });
    assert.equal(read(world, 'deal', `${farmId(world)}/${key('other')}`), undefined);
  });
  for (const [what, reason, change, rules, by] of [
    ["needs the farm's key", 'signatures', {}, 2, 'farmer'],
    ['needs rules 2', 'later_release', {}, 1, 'farm'],
    ['asks amounts that can exist', 'malformed', { prices: { ...PRICES, cu_stroops: '9223372036854775808' } }, 2, 'farm'],
    ['takes off no more than everything', 'malformed', { discount_ppm: 1_000_001 }, 2, 'farm'],
  ] as const) {
    test(what, () => {
      const world = market({ rules });
      assert.equal(world.refusal(dealOf(world, change, [by])), reason);
    });
  }
});

describe('what the farm says', () => {
  const pricesOf = (world: World, by = ['farm'], cu = '1'): Submission => ({ chain: `farm/${farmId(world)}`, kind: 'prices@1', body: { prices: { ...PRICES, cu_stroops: cu } }, by });
  test('needs its farm key, not its owner', () => {
    const world = market();
    assert.equal(world.refusal(pricesOf(world, ['farmer'])), 'signatures');
    assert.equal(world.refusal({ ...farmSays(world, 'admit@1'), by: ['farmer'] }), 'signatures');
    assert.equal(world.refusal({ ...farmSays(world, 'retire@1'), by: ['node'] }), 'signatures');
  });
  test('needs a farm', () => {
    const world = grid();
    assert.equal(world.refusal(pricesOf(world)), 'not_found');
    assert.equal(world.refusal(farmSays(world, 'admit@1')), 'not_found');
  });
  test('is no price above 2^63-1', () => {
    const world = market();
    assert.equal(world.refusal(pricesOf(world, ['farm'], '9999999999999999999')), 'malformed');
  });
  test('retires only what it admits', () => {
    const world = market();
    assert.equal(world.refusal(farmSays(world, 'retire@1', 'stranger')), 'not_found');
    world.submit(farmSays(world, 'retire@1'));
    assert.equal(world.node().admitted, null);
    assert.equal(world.refusal(farmSays(world, 'retire@1')), 'not_found');
    world.submit(farmSays(world, 'admit@1'));
    assert.equal(world.node().admitted, farmId(world));
  });
  test('about a node of another farm does nothing to it', () => {
    const world = market();
    const id = farmId(world, 'other');
    world.submit({ chain: `farm/${id}`, kind: 'farm@1', body: farmBody({ by: key('other'), owner: `bot/${key('other')}`, farm_key: key('farm 2'), name: 'rival' }), by: ['farm 2', 'other'] });
    const node = JSON.stringify(world.node());
    world.submit({ chain: `farm/${id}`, kind: 'admit@1', body: { node: key('node') }, by: ['farm 2'] });
    world.submit({ chain: `farm/${id}`, kind: 'retire@1', body: { node: key('node') }, by: ['farm 2'] });
    assert.equal(JSON.stringify(world.node()), node);
  });
});
