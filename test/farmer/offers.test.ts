import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_OFFERS, MAX_OFFERS_BYTES, MAX_OFFERS_OF_ONE } from '../../src/base/limits.js';
import { Offers, type Offered } from '../../src/farmer/offers.js';

const AT = Date.UTC(2026, 0, 1);
const offer = (contract: string, by: string, more: Partial<Offered> = {}): Offered => ({ contract, by, asked: contract, record: `record of ${contract}`, payload: '{}', valid_until: AT + 60_000, notes: [], counters: 0, ...more });

test('one buyer who asks without end loses its own oldest offer, nobody else\'s', () => {
  const offers = new Offers();
  offers.add(offer('ann', 'ann'), AT);
  for (let i = 0; i < 2 * MAX_OFFERS; i += 1) offers.add(offer(`eve ${i}`, 'eve'), AT);
  assert.equal(offers.held.count, MAX_OFFERS_OF_ONE + 1);
  assert.ok(offers.get('ann', AT) !== undefined);
  assert.equal(offers.get('eve 0', AT), undefined);
  assert.ok(offers.get(`eve ${2 * MAX_OFFERS - 1}`, AT) !== undefined);
});

test('many buyers with large offers stay within the bytes', () => {
  const offers = new Offers();
  const payload = 'x'.repeat(1_048_576);
  for (let i = 0; i < 100; i += 1) offers.add(offer(`${i}`, `buyer ${i}`, { payload }), AT);
  assert.ok(offers.held.bytes <= MAX_OFFERS_BYTES, `${offers.held.bytes}`);
  assert.ok(offers.held.count > 1);
});

test('what is over is forgotten with the next offer, and answers nothing before', () => {
  const offers = new Offers();
  offers.add(offer('old', 'ann'), AT);
  assert.equal(offers.get('old', AT + 60_000), undefined);
  assert.equal(offers.ofRecord('record of old')?.contract, 'old', 'an accept that is late is told so');
  offers.add(offer('new', 'ben'), AT + 60_000);
  assert.deepEqual([offers.held.count, offers.ofRecord('record of old')], [1, undefined]);
});
