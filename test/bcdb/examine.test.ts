// A receipt, step by step: each tampering is found by its own step, and the whole says what `verifyReceipt` says.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { examineReceipt, STEPS, type Examined } from '../../src/bcdb/examine.js';
import { signCheckpoint } from '../../src/bcdb/checkpoint.js';
import { entryText } from '../../src/bcdb/entry.js';
import { policyOfLines, type Pinned } from '../../src/bcdb/pinned.js';
import { formatReceipt, verifyReceipt } from '../../src/bcdb/receipt.js';
import { makeRecord, signaturesText, signRecord } from '../../src/bcdb/record.js';
import { seedSigner } from '../../src/keys/ed25519.js';
import type { Payload } from '../../src/schema/types.js';
import { leafHash } from '../../src/tlog/merkle.js';
import { formatVkey } from '../../src/tlog/note.js';
import { Tree } from '../../src/tlog/tree.js';
import { MemoryTiles } from '../tlog/hashes.js';
import { tampered } from './tampered.js';

const [log, clock, alice, bob, witness] = [1, 2, 3, 4, 5].map((n) => seedSigner(Buffer.alloc(32, n))) as [ReturnType<typeof seedSigner>, ReturnType<typeof seedSigner>, ReturnType<typeof seedSigner>, ReturnType<typeof seedSigner>, ReturnType<typeof seedSigner>];
const STAMP = 1_700_000_100_000;
const payload = (grid: string | null, height: number): Payload => ({ v: 1, grid, chain: grid === null ? 'grid' : `bot/${alice.key}`, height, prev: null, kind: grid === null ? 'genesis@1' : 'identity@1', time: 1_700_000_000_000, body: { text: 'ü' } });
const genesis = makeRecord(payload(null, 0));
const pinned: Pinned = { grid: genesis.id, origin: `3bot/${'ab'.repeat(16)}`, log_key: log.key, clock_key: clock.key, witnesses: null };

const records = [genesis, ...[1, 2, 3, 4, 5, 6].map((height) => makeRecord(payload(genesis.id, height)))];
const lines = await Promise.all(records.map(async (record, i) => ({ id: record.id, ...(await signRecord(record, [alice, bob])), at: 1_700_000_000_000 + i })));
const tree = Tree.open(new MemoryTiles(), 0);
tree.append(lines.map(({ id, signatures, at }) => leafHash(entryText(id, signaturesText(signatures), at))));
const checkpoint = await signCheckpoint({ origin: pinned.origin, size: tree.size, root: tree.root(), time_ms: STAMP }, log, clock);
const receiptOf = (index: number): string => {
  const { payload: text, signatures, at } = lines[index] as (typeof lines)[0];
  return formatReceipt({ line: { payload: text, signatures, at }, index, proof: tree.inclusionProof(index), checkpoint });
};
const good = receiptOf(4);
const firstBroken = ({ steps }: Examined): string | undefined => steps.find(({ holds }) => holds === false)?.name;
const verifies = (text: string, known: Pinned): boolean => {
  try {
    return verifyReceipt(text, known).index >= 0;
  } catch {
    return false;
  }
};

test('every step of a good receipt holds, in order, with what went into it', () => {
  for (const index of lines.keys()) {
    const { steps, path, record, checkpoint: seen } = examineReceipt(receiptOf(index), pinned);
    assert.deepEqual(steps.map(({ name, holds }) => [name, holds]), STEPS.map((name) => [name, true]));
    assert.equal(record?.id, lines[index]?.id);
    assert.deepEqual(seen, { size: lines.length, root: tree.root(), time_ms: STAMP });
    assert.deepEqual(path?.at(-1)?.reached, tree.root());
  }
});

describe('a tampering is found by its step', () => {
  for (const { title, text, found } of tampered(good)) {
    test(`${title}: ${found}`, () => {
      assert.equal(firstBroken(examineReceipt(text, pinned)), found);
      assert.equal(verifies(text, pinned), false);
    });
  }
});

test('what does not need a broken step is examined all the same', () => {
  const [, half] = good.split('\n\n');
  const { steps } = examineReceipt(good.replace('index 4', 'index 5'), pinned);
  assert.ok(half !== undefined);
  assert.deepEqual(steps.filter(({ holds }) => holds !== true).map(({ name }) => name), ['inclusion']);
  const nothing = examineReceipt('', pinned).steps;
  assert.deepEqual(nothing.map(({ holds }) => holds), [false, ...STEPS.slice(1).map(() => null)]);
});

describe('a quorum and a hand-over are steps of their own', () => {
  const vkey = formatVkey({ name: 'w.example', type: 'cosignature', key: witness.key });
  const witnessed: Pinned = { ...pinned, witnesses: policyOfLines([`witness w ${vkey}`, 'quorum w']) };
  const left: Pinned = { ...pinned, log_key: bob.key, earlier: [{ until: 100, log_key: log.key, clock_key: clock.key, witnesses: null, handover_ms: STAMP - 1 }] };
  for (const [title, known, found] of [
    ['no cosignature', witnessed, 'witnesses'],
    ['a home that had handed over', left, 'home'],
    ['another grid', { ...pinned, grid: '0'.repeat(64) }, 'grid'],
    ["another log's key", { ...pinned, log_key: bob.key }, 'log'],
    ["another home's clock", { ...pinned, clock_key: bob.key }, 'time'],
  ] as const) {
    test(`${title}: ${found}`, () => {
      assert.equal(firstBroken(examineReceipt(good, known)), found);
      assert.equal(verifies(good, known), false);
    });
  }
});

test('a receipt is found good exactly where it verifies, whatever bit is turned', () => {
  const bytes = Buffer.from(good);
  for (let bit = 0; bit < bytes.length * 8; bit += 7) {
    const changed = Buffer.from(bytes);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const text = changed.toString();
    assert.equal(examineReceipt(text, pinned).steps.every(({ holds }) => holds === true), verifies(text, pinned), `bit ${bit}`);
  }
});
