import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonical } from '../../src/base/canonical.js';
import { isProblem } from '../../src/base/errors.js';
import { MAX_AGENT_SPENDINGS } from '../../src/base/limits.js';
import { checkCap, Spending, type Caps } from '../../src/keys/caps.js';

const [OWN, OTHER] = ['ab'.repeat(32), 'cd'.repeat(32)] as [string, string];
const HOUR = 3_600_000;
let count = 0;
const paying = (...payers: [account: string, amount: number][]): string => canonical({ v: 1, grid: OWN, chain: `account/${OWN}`, height: (count += 1), prev: OWN, kind: 'transfer@1', time: 1, body: { payers: payers.map(([account, amount]) => ({ account, amount_stroops: `${amount}` })), to: OTHER, memo: '' } });
const caps = (per_command: number | null, per_day: number | null): Caps => ({ per_command_stroops: per_command?.toString() ?? null, per_day_stroops: per_day?.toString() ?? null });
const isOver = (thrown: unknown): boolean => isProblem(thrown, 'over_limit', 'cap');

test('one record may take as much as the cap for a command, and not a stroop more', () => {
  const spending = new Spending(caps(10, null), () => 0);
  for (let i = 0; i < 5; i += 1) spending.allow(paying([OWN, 10]), OWN, true);
  assert.throws(() => spending.allow(paying([OWN, 11]), OWN, true), isOver);
  assert.equal(spending.state.left_stroops, '10');
});

test('all records of 24 hours may take the cap for a day; what is older counts no more', () => {
  let now = 0;
  const spending = new Spending(caps(null, 50), () => now);
  spending.allow(paying([OWN, 30]), OWN, true);
  now = 23 * HOUR;
  spending.allow(paying([OWN, 20]), OWN, true);
  assert.throws(() => spending.allow(paying([OWN, 1]), OWN, true), isOver);
  now = 24 * HOUR;
  assert.equal(spending.state.left_stroops, '30');
  assert.throws(() => spending.allow(paying([OWN, 31]), OWN, true), isOver);
  spending.allow(paying([OWN, 30]), OWN, true);
});

test('what was refused does not count, and the same record again costs nothing', () => {
  const spending = new Spending(caps(10, 15), () => 0);
  assert.throws(() => spending.allow(paying([OWN, 100]), OWN, true), isOver);
  const record = paying([OWN, 10]);
  for (let i = 0; i < 3; i += 1) spending.allow(record, OWN, true);
  assert.equal(spending.state.left_stroops, '5');
});

test("an account's key may be one of several of any payer, so all of them count; a bot's key only for an account of its own", () => {
  const spending = new Spending(caps(10, null), () => 0);
  assert.throws(() => spending.allow(paying([OTHER, 11]), OWN, true), isOver, 'an account that this key spends with others');
  assert.throws(() => spending.allow(paying([OWN, 1], [OTHER, 10]), OWN, true), isOver);
  spending.allow(paying([OTHER, 11]), OWN, false);
  assert.throws(() => spending.allow(paying([OWN, 11]), OWN, false), isOver);
});

test('under a cap nobody is given the account itself; without one everything is signed', () => {
  const keys = canonical({ v: 1, grid: OWN, chain: `account/${OWN}`, height: 1, prev: OWN, kind: 'account@1', time: 1, body: { keys: null } });
  assert.throws(() => new Spending(caps(null, 1_000), () => 0).allow(keys, OWN, true), isOver);
  const free = new Spending(caps(null, null), () => 0);
  free.allow(keys, OWN, true);
  free.allow(paying([OWN, 10 ** 12]), OWN, true);
  assert.deepEqual(free.state, { ...caps(null, null), left_stroops: null });
});

test('a cap of nothing lets nothing out, and what is not money is signed all the same', () => {
  const spending = new Spending(caps(0, null), () => 0);
  assert.throws(() => spending.allow(paying([OWN, 1]), OWN, true), isOver);
  spending.allow(canonical({ kind: 'identity@1', body: { name: 'alice' } }), OWN, false);
  assert.throws(() => checkCap(spending.state, 1n), isOver);
  checkCap({ ...caps(null, null), left_stroops: null }, 10n ** 15n);
});

test('what an agent remembers is bounded: beyond it, nothing more is signed away that day', () => {
  let now = 0;
  const spending = new Spending(caps(null, 10 ** 9), () => now);
  for (let i = 0; i < MAX_AGENT_SPENDINGS; i += 1) spending.allow(paying([OWN, 1]), OWN, true);
  assert.throws(() => spending.allow(paying([OWN, 1]), OWN, true), isOver);
  now = 24 * HOUR;
  spending.allow(paying([OWN, 1]), OWN, true);
});
