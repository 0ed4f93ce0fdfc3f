import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IntakeClock } from '../../src/bcdb/intake.js';

test('the time of intake is the clock, and never before the newest line', () => {
  const now = Date.now();
  const intake = new IntakeClock(() => now);
  assert.equal(intake.after(0), now);
  assert.equal(intake.after(now + 2_000), now + 2_000);
});

test('a clock that was set, or that is behind the book, stops the writing', () => {
  let ahead = 0;
  const intake = new IntakeClock(() => Date.now() + ahead);
  for (ahead of [60_000, -60_000]) assert.throws(() => intake.after(0), { code: 'failed', reason: 'clocks' });
  ahead = 0;
  assert.throws(() => intake.after(Date.now() + 60_000), { reason: 'clocks' });
  assert.ok(intake.after(0) > 0, 'and goes on once they agree again');
});
