import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { contains, freeSlots, overlap, parseRange, rangeText, slotRange, SLOTS, type Range } from '../../../src/node/network/ranges.js';

function range(text: string): Range {
  const parsed = parseRange(text);
  assert.ok(parsed !== null, text);
  return parsed;
}

describe('networks as numbers', () => {
  test('a network is read and written the same, and what is none is refused', () => {
    for (const text of ['0.0.0.0/0', '10.0.0.0/8', '192.168.1.128/25', '198.18.0.7/32', '255.255.255.255/32']) assert.equal(rangeText(range(text)), text);
    assert.equal(rangeText(range('192.168.1.1')), '192.168.1.1/32');
    for (const text of ['', '10.0.0.0/33', '10.0.0.1/8', '10.0.0/8', '256.0.0.0/8', '10.0.0.0/08', '10.0.0.0/8/8', 'fd00::/8', 'default', '10.0.0.0/ 8']) assert.equal(parseRange(text), null, text);
  });

  test('two networks overlap if one address is in both', () => {
    const cases: [string, string, boolean][] = [
      ['10.0.0.0/8', '10.255.255.255/32', true], ['10.255.255.255/32', '10.0.0.0/8', true], ['10.0.0.0/8', '11.0.0.0/8', false],
      ['198.18.0.0/25', '198.18.0.128/25', false], ['0.0.0.0/0', '203.0.113.1/32', true],
    ];
    for (const [a, b, expected] of cases) assert.equal(overlap(range(a), range(b)), expected, `${a} ${b}`);
    assert.equal(contains(range('10.7.0.0/16'), '10.7.255.1'), true);
    assert.equal(contains(range('10.7.0.0/16'), '10.8.0.1'), false);
  });

  test('a contract gets the same part of the pool at every look, and never one that is in use', () => {
    const contract = 'ab'.repeat(20);
    const [first = -1, second] = freeSlots(contract, []);
    assert.deepEqual(freeSlots(contract, []).slice(0, 1), [first]);
    assert.equal(freeSlots(contract, []).length, SLOTS);
    assert.equal(freeSlots(contract, [slotRange(first)])[0], second);
    assert.deepEqual(freeSlots(contract, [range('198.18.0.0/15')]), []);
    assert.equal(freeSlots(contract, [range('198.18.0.0/16')]).length, SLOTS / 2);
    for (const slot of [0, 1, SLOTS - 1]) assert.ok(overlap(slotRange(slot), range('198.18.0.0/15')));
  });
});
