import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { ContractObject } from '../../src/rules/objects.js';
import { view, type ContractState } from '../../src/rules/view.js';
import { agreementBody, contractId, deal, endOf, HOUR, market, START, TFT } from './world.js';

const TERM = 720 * HOUR;
const GRACE = 24 * HOUR;

describe('a contract at a moment', () => {
  const total = 162_000_000n;
  const cases: [string, boolean, number, ContractState, string | null, bigint, number][] = [
    ['is committed until the deadline', false, HOUR - 1, 'committed', null, 0n, HOUR],
    ['is over at the deadline if nobody held it', false, HOUR, 'ended', 'not_provisioned', 0n, HOUR],
    ['is active from held on, and bills nothing yet', true, 0, 'active', null, 0n, TERM + GRACE],
    ['bills 225 000 stroops an hour', true, HOUR, 'active', null, 225_000n, TERM + GRACE],
    ['bills in parts of an hour, rounded down', true, 7, 'active', null, 0n, TERM + GRACE],
    ['is active to the last millisecond', true, TERM - 1, 'active', null, total - 1n, TERM + GRACE],
    ['is paused when the term is over', true, TERM, 'paused', 'term_over', total, TERM + GRACE],
    ['is paused to the last millisecond of the grace', true, TERM + GRACE - 1, 'paused', 'term_over', total, TERM + GRACE],
    ['is over then', true, TERM + GRACE, 'ended', 'expired', total, TERM + GRACE],
    ['bills no more than the total, however late', true, 100 * TERM, 'ended', 'expired', total, TERM + GRACE],
  ];
  for (const [title, held, after, state, reason, billed, ends] of cases) {
    test(title, () => {
      const world = deal({}, held);
      const seen = view(world.contract(contractId(world)), undefined, START + after);
      assert.deepEqual([seen.state, seen.reason, seen.billed_stroops, seen.ends_at - START], [state, reason, billed, ends]);
      assert.deepEqual([seen.remaining_stroops, seen.refundable_stroops, seen.escrow_stroops, seen.settled], [total - billed, total - billed, total, false]);
      assert.equal(seen.funded_until, held ? START + TERM : null);
      assert.equal(seen.provision_deadline, START + HOUR);
    });
  }
});

test('the minimum is owed from held on, and not before', () => {
  const minimum = { minimum_stroops: TFT.toString() };
  const unheld = deal(minimum, false);
  assert.equal(view(unheld.contract(contractId(unheld)), undefined, START).billed_stroops, 0n);
  const held = deal(minimum);
  assert.equal(view(held.contract(contractId(held)), undefined, START).billed_stroops, TFT);
  assert.equal(view(held.contract(contractId(held)), undefined, START + 44 * HOUR).billed_stroops, TFT);
  assert.equal(view(held.contract(contractId(held)), undefined, START + 45 * HOUR).billed_stroops, 10_125_000n);
});

test('before it was held nothing is billed, whatever moment is asked for', () => {
  const world = deal();
  assert.equal(view(world.contract(contractId(world)), undefined, START - HOUR).covered_ms, 0);
});

test('an ended contract stays what it was when it ended', () => {
  const world = deal();
  world.at = START + 10 * HOUR;
  world.submit(endOf(world));
  for (const at of [world.at, world.at + 1, START + 9 * TERM]) {
    const seen = view(world.contract(contractId(world)), undefined, at);
    assert.deepEqual([seen.state, seen.reason, seen.settled, seen.ends_at], ['ended', 'cancelled', true, START + 10 * HOUR]);
    assert.deepEqual([seen.billed_stroops, seen.refunded_stroops, seen.refundable_stroops, seen.escrow_stroops], [2_250_000n, 159_750_000n, 0n, 0n]);
    assert.equal(seen.covered_ms, 10 * HOUR);
  }
});

test('time only ever adds to the bill and never turns a contract back', () => {
  const order: ContractState[] = ['committed', 'active', 'paused', 'ended'];
  const world = market();
  const ms = fc.integer({ min: 0, max: 3 * TERM });
  fc.assert(
    fc.property(fc.record({ total: fc.bigInt(0n, 2n ** 63n - 1n), minimum: fc.bigInt(0n, 1_000n), term_ms: fc.integer({ min: 1_000, max: 2 * TERM }), grace_ms: ms, started: fc.option(fc.integer({ min: 0, max: HOUR - 1 })), first: ms, then: ms }), (c) => {
      const total = c.total.toString();
      const minimum = c.minimum < c.total ? c.minimum : c.total;
      const agreement = { ...agreementBody(world), total_stroops: total, term_ms: c.term_ms, grace_ms: c.grace_ms, minimum_stroops: minimum.toString() };
      const contract: ContractObject = { id: '', record: '', agreement, workloads: [], committed_at: START, started_at: c.started === null ? null : START + c.started, escrow_stroops: total, settled: null };
      const known = START + (c.started ?? 0);
      const [a, b] = [view(contract, undefined, known + c.first), view(contract, undefined, known + c.first + c.then)];
      assert.ok(a.billed_stroops <= b.billed_stroops && b.billed_stroops <= c.total);
      assert.ok(a.covered_ms <= b.covered_ms && b.covered_ms <= c.term_ms);
      assert.ok(order.indexOf(a.state) <= order.indexOf(b.state));
      assert.equal(a.ends_at, b.ends_at);
      assert.equal(b.state === 'ended', known + c.first + c.then >= b.ends_at);
      assert.equal(b.billed_stroops + b.refundable_stroops, b.escrow_stroops);
    }),
  );
});
