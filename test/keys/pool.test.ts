// The signature pool: the same verdicts in threads as on the spot.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { isProblem } from '../../src/base/errors.js';
import { checkBatch, checkOne, isCheckable, packBatch, type Checkable } from '../../src/keys/batch.js';
import { seedSigner } from '../../src/keys/ed25519.js';
import { SignaturePool } from '../../src/keys/pool.js';

const signers = Array.from({ length: 5 }, (_, i) => seedSigner(Buffer.alloc(32, i)));

async function signed(payload: string, count: number): Promise<Checkable> {
  return { payload, signatures: await Promise.all(signers.slice(0, count).map(async (one) => ({ by: one.key, sig: await one.sign('record', payload) }))) };
}

/** Records of one to three signatures, some of which do not hold, and what the verdicts must be. */
async function mixture(count: number): Promise<{ records: Checkable[]; wanted: boolean[] }> {
  const records: Checkable[] = [];
  for (let i = 0; i < count; i++) {
    const record = await signed(`{"n":${i},"t":"${'ü'.repeat(i % 50)}"}`, 1 + (i % 3));
    const [first, ...rest] = record.signatures as [{ by: string; sig: string }];
    const last = record.signatures.at(-1) as { by: string; sig: string };
    const spoiled: Record<number, Checkable> = {
      3: { ...record, payload: record.payload.replace('"n"', '"m"') },
      7: { ...record, signatures: [] },
      11: { ...record, signatures: [...record.signatures.slice(0, -1), { by: last.by, sig: `${last.sig.slice(0, -3)}A==`.replace(/^./, (c) => (c === 'A' ? 'B' : 'A')) }] },
      13: { ...record, signatures: [{ by: first.by, sig: first.sig.slice(1) }, ...rest] },
      17: { ...record, signatures: [{ by: `${first.by}0`, sig: first.sig.slice(1) }, ...rest] },
      18: { ...record, signatures: [{ by: first.by.toUpperCase(), sig: first.sig }, ...rest] },
    };
    records.push(spoiled[i % 19] ?? record);
  }
  const bad = new Set([3, 7, 11, 13, 17, 18]);
  return { records, wanted: records.map((_, i) => !bad.has(i % 19)) };
}

test('a packed batch gives the verdicts that single checks give', async () => {
  const { records, wanted } = await mixture(40);
  const packable = records.map((record) => (isCheckable(record) ? record : { payload: '', signatures: [] }));
  assert.deepEqual(packable.map(checkOne), wanted);
  assert.deepEqual(Array.from(checkBatch(packBatch(packable)), (one) => one === 1), wanted);
  assert.deepEqual([...checkBatch(packBatch([]))], []);
});

for (const count of [0, 1, 20, 700]) {
  test(`${count} records get their verdicts in order`, async () => {
    await using pool = new SignaturePool();
    const { records, wanted } = await mixture(count);
    assert.deepEqual(await pool.check(records), wanted);
  });
}

test('what has not even the types of a record does not hold, and spoils no other', async () => {
  await using pool = new SignaturePool();
  const good = await signed('{}', 2);
  const { signatures } = good;
  const [first] = signatures as [{ by: string; sig: string }];
  // Characters whose lower byte is the right one.
  const wide = (text: string): string => Array.from(text, (c) => String.fromCharCode(c.charCodeAt(0) + 0x100)).join('');
  const lists = [null, 7, 'x'.repeat(64), [null], [{}], [{ by: 64, sig: 88 }], [{ by: new Array(64).fill('0'), sig: new Array(88).fill('A') }], [{ by: wide(first.by), sig: first.sig }], [{ by: first.by, sig: wide(first.sig) }]];
  const odd: unknown[] = [null, undefined, 7, {}, { payload: '{}' }, { payload: 7, signatures }, ...lists.map((list) => ({ payload: '{}', signatures: list }))];
  for (const many of [1, 100]) {
    const records = [...odd, ...Array.from({ length: many }, () => good)] as Checkable[];
    assert.deepEqual(await pool.check(records), records.map((record) => record === good));
  }
});

test('several calls may be under way at once', async () => {
  await using pool = new SignaturePool();
  const { records, wanted } = await mixture(900);
  const slices = [0, 300, 600].map((at) => pool.check(records.slice(at, at + 300)));
  assert.deepEqual((await Promise.all(slices)).flat(), wanted);
});

test('records of a megabyte and records with thousands of signatures pass through', async () => {
  await using pool = new SignaturePool();
  const large = await signed(`{"t":"${'x'.repeat(1_048_000)}"}`, 3);
  const wide = { ...large, payload: '{}', signatures: Array.from({ length: 3_000 }, () => large.signatures[0] as { by: string; sig: string }) };
  const many = await signed('{}', 1);
  const good = { ...many, signatures: Array.from({ length: 3_000 }, () => many.signatures[0] as { by: string; sig: string }) };
  const oneBad = { ...good, signatures: good.signatures.map((one, i) => (i === 2_500 ? { ...one, by: signers[1]?.key ?? '' } : one)) };
  assert.deepEqual(await pool.check([large, large, large, wide, good, oneBad]), [true, true, true, false, true, false]);
});

test('closing the pool rejects what is under way, and a closed pool starts anew', async () => {
  const pool = new SignaturePool();
  const { records, wanted } = await mixture(600);
  const under = pool.check(records);
  const rejected = assert.rejects(under, (thrown) => isProblem(thrown, 'failed'));
  await pool[Symbol.asyncDispose]();
  await rejected;
  assert.deepEqual(await pool.check(records), wanted);
  await pool[Symbol.asyncDispose]();
});

test('an idle pool does not keep a process alive, a busy one does', () => {
  const url = (name: string): string => JSON.stringify(new URL(`../../src/keys/${name}.js`, import.meta.url).href);
  const script = `
    const { SignaturePool } = await import(${url('pool')});
    const { seedSigner } = await import(${url('ed25519')});
    const signer = seedSigner(Buffer.alloc(32, 1));
    const record = { payload: '{}', signatures: [{ by: signer.key, sig: await signer.sign('record', '{}') }] };
    const pool = new SignaturePool();
    for (let i = 0; i < 3; i++) console.log((await pool.check(Array.from({ length: 600 }, () => record))).every(Boolean));`;
  const done = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', timeout: 30_000 });
  assert.deepEqual([done.status, done.stdout, done.stderr], [0, 'true\ntrue\ntrue\n', '']);
});
