// The map of `bcdb verify` that may grow beyond memory.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { canonical } from '../../src/base/canonical.js';
import { Spill } from '../../src/bcdb/spill.js';

const id = fc.integer({ min: 0, max: 40 }).map((n) => `account/${n}`);
const value = fc.record({ balance: fc.nat(), text: fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 400 }) }, { noNullPrototype: true });
const step = fc.oneof(fc.record({ put: id, value }), fc.record({ get: id }), fc.constantFrom('settle' as const, 'flush' as const));

test('whatever leaves memory is found again as it was put last', () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 150 }), fc.integer({ min: 64, max: 4_000 }), (steps, bytes) => {
    const db = new Database(':memory:');
    const spill = new Spill<{ balance: number; text: string }>(db, 'object', bytes);
    const model = new Map<string, { balance: number; text: string }>();
    for (const one of steps) {
      if (typeof one === 'string') spill[one]();
      else if ('put' in one) {
        spill.put(one.put, one.value);
        model.set(one.put, one.value);
      } else assert.deepEqual(spill.get(one.get), model.get(one.get));
    }
    const expected = [...model].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, one]) => ({ id: key, json: canonical(one) }));
    assert.deepEqual([...spill.texts()], expected);
    db.close();
  }), { numRuns: 60 });
});
