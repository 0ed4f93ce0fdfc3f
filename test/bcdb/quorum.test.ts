// With witnesses, a checkpoint is one only below their quorum, and as old as the quorum.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isProblem } from '../../src/base/errors.js';
import { openCheckpoint, signCheckpoint } from '../../src/bcdb/checkpoint.js';
import { policyOfLines } from '../../src/bcdb/pinned.js';
import { parsePolicy } from '../../src/tlog/policy.js';
import { namedSigner } from '../book.js';
import { Cosigner } from '../cosigner.js';

const [log, clock] = [namedSigner('log'), namedSigner('clock')];
const origin = `3bot/${'ab'.repeat(16)}`;
const STAMP = 1_700_000_600_000;
const note = await signCheckpoint({ origin, size: 12, root: Buffer.alloc(32, 9), time_ms: STAMP }, log, clock);
const cosigners = Object.fromEntries(['a', 'b', 'c', 'd', 'x'].map((name) => [name, new Cosigner(name)]));
const named = (name: string): Cosigner => cosigners[name] as Cosigner;

const POLICIES = {
  one: [named('a').line(), 'quorum a'],
  two: [...['a', 'b', 'c'].map((name) => named(name).line()), 'group g 2 a b c', 'quorum g'],
  nested: [...['a', 'b', 'c', 'd'].map((name) => named(name).line()), 'group ours any a b', 'group theirs all c d', 'group all all ours theirs', 'quorum all'],
} as const;

/** Times before the home's stamp, in seconds, by witness. */
type Signed = Readonly<Record<string, number>>;
const open = (policy: keyof typeof POLICIES, signed: Signed) =>
  openCheckpoint(Object.entries(signed).reduce((text, [name, before]) => named(name).cosign(text, STAMP - before * 1_000), note), { origin, log_key: log.key, clock_key: clock.key, witnesses: policyOfLines(POLICIES[policy]) });

describe('a checkpoint is as old as its quorum', () => {
  const rows: [keyof typeof POLICIES, Signed, number][] = [
    ['one', { a: 30 }, 30],
    ['one', { a: 30, x: 1 }, 30],
    ['two', { a: 30, b: 5 }, 30],
    ['two', { a: 30, b: 5, c: 7 }, 7],
    ['nested', { a: 100, b: 2, c: 4, d: 3 }, 4],
    ['nested', { a: 100, c: 4, d: 3 }, 100],
    ["two", { a: -60, b: -90 }, 0],
  ];
  for (const [policy, signed, age] of rows) {
    test(`${policy}: ${JSON.stringify(signed)}`, () => {
      const { time_ms, stamp_ms, size } = open(policy, signed);
      assert.deepEqual([time_ms, stamp_ms, size], [STAMP - age * 1_000, STAMP, 12]);
    });
  }
});

describe('below the quorum nothing is a checkpoint', () => {
  const rows: [keyof typeof POLICIES, Signed, string][] = [
    ['one', {}, 'a'],
    ['one', { b: 1, c: 1, d: 1 }, 'a'],
    ['two', { c: 1 }, 'a, b'],
    ['nested', { a: 1, b: 1, c: 1 }, 'd'],
    ['nested', { c: 1, d: 1 }, 'a, b'],
  ];
  for (const [policy, signed, missing] of rows) {
    test(`${policy}: ${JSON.stringify(signed)}`, () => {
      assert.throws(() => open(policy, signed), (thrown) => isProblem(thrown, 'integrity', 'unwitnessed') && thrown.message.endsWith(`missing: ${missing}`));
    });
  }
});

test('a witness that has cosigned twice counts once, by its newest time', () => {
  const twice = named('a').cosign(named('a').cosign(note, STAMP - 50_000), STAMP - 20_000);
  const pinned = { origin, log_key: log.key, clock_key: clock.key };
  assert.equal(openCheckpoint(twice, { ...pinned, witnesses: policyOfLines(POLICIES.one) }).time_ms, STAMP - 20_000);
  assert.throws(() => openCheckpoint(twice, { ...pinned, witnesses: policyOfLines(POLICIES.two) }), (thrown) => isProblem(thrown, 'integrity', 'unwitnessed'));
});

test('a cosignature that does not hold spoils the note, under whatever text it was made', () => {
  const other = named('a').signature(note.replace('\n12\n', '\n13\n'), STAMP);
  const pinned = { origin, log_key: log.key, clock_key: clock.key, witnesses: policyOfLines(POLICIES.two) };
  assert.throws(() => openCheckpoint(named('c').cosign(named('b').cosign(note + other, STAMP), STAMP), pinned), (thrown) => isProblem(thrown, 'integrity', 'note'));
});

test('with a policy of quorum none the home alone is enough', () => {
  assert.equal(openCheckpoint(note, { origin, log_key: log.key, clock_key: clock.key, witnesses: parsePolicy('quorum none\n') }).time_ms, STAMP);
});
