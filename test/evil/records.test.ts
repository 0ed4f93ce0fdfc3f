// Records that somebody would like to have in the book: refused for the reason named, and nothing changes.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { isProblem } from '../../src/base/errors.js';
import { chainId, makeRecord, signRecord, sortSignatures } from '../../src/bcdb/record.js';
import { totalStroops } from '../../src/capacity/price.js';
import { signBytes, type Signer } from '../../src/keys/ed25519.js';
import { signingBytes } from '../../src/keys/signed.js';
import { read, readGrid } from '../../src/rules/objects.js';
import type { Agreement, Announcement, Payload, Run, SignedRecord } from '../../src/schema/types.js';
import { createHash } from 'node:crypto';
import { identityBody, namedSigner, nextPayload, TestBook } from '../book.js';

const HOUR = 3_600_000;
const [owner, wallet, mallory, purse, farmKey, node, otherNode] = ['owner', 'wallet', 'mallory', 'purse', 'farm', 'node', 'other node'].map(namedSigner) as [Signer, Signer, Signer, Signer, Signer, Signer, Signer];
const NONCE = 'c0'.repeat(16);

const book = await TestBook.create();
after(() => book[Symbol.asyncDispose]());
const grid = book.store.grid as string;
const farm = chainId(grid, owner.key, 'fa'.repeat(16));

/** Appends the next record of a chain. */
const put = async (chain: string, kind: string, body: object, ...signers: Signer[]): Promise<unknown> => book.must(await book.sign(chain, kind, body, signers));

await put(`bot/${mallory.key}`, 'identity@1', identityBody(mallory, 'mallory'), mallory);
await put(`farm/${farm}`, 'farm@1', { by: owner.key, nonce: 'fa'.repeat(16), owner: `bot/${owner.key}`, farm_key: farmKey.key, sealing_key: '5e'.repeat(32), endpoint: null, payout: 'ca'.repeat(32), name: 'sunny', place: '' }, farmKey, owner);
const NODE: Announcement = {
  farm, declared: true, capacity: { cru: 8, mru_mib: 16_384, sru_mib: 102_400, hru_mib: 0, ipv4: 0 }, host_share: { cru: 0, mru_mib: 0, sru_mib: 0, hru_mib: 0, ipv4: 0 }, devices: [], platform: 'linux/amd64',
  runtime: 'podman', features: [], virtualised: true, location: { country: null, region: null }, address: null, sealing_key: 'ab'.repeat(32),
};
for (const one of [node, otherNode]) {
  await put(`farm/${farm}`, 'admit@1', { node: one.key }, farmKey);
  await put(`node/${one.key}`, 'announcement@1', NODE, one);
}

/** An agreement that would hold, unless it is changed. */
function terms(change: Partial<Agreement> = {}): Agreement {
  const parties = [`bot/${owner.key}`, `farm/${farm}`];
  const all = (...of: string[]) => ({ threshold: of.length, members: of.map((party) => ({ of: party, weight: 1 })) });
  const { resources, term_ms } = { resources: { cru: 1, mru_mib: 1024, sru_mib: 1024, hru_mib: 0, ipv4: 0 }, term_ms: 24 * HOUR, ...change };
  const { prices } = readGrid(book.store);
  const total_stroops = totalStroops(resources, prices, term_ms).toString();
  return {
    by: owner.key, nonce: NONCE, roles: [{ role: 'consumer', party: parties[0] ?? '' }, { role: 'farmer', party: parties[1] ?? '' }], farm, node: node.key, order: null, resources, units: 'units/1', prices, total_stroops, term_ms,
    payers: [{ account: wallet.key, amount_stroops: total_stroops }], payees: [{ account: 'ca'.repeat(32), role: 'farmer', share_ppm: 1_000_000 }],
    quorums: { commit: all(...parties), workload: { threshold: 1, members: all(...parties).members }, amend: all(...parties), end: all(parties[0] ?? '') },
    commit_by: Date.now() + 60_000, provision_by_ms: HOUR, notice_ms: 0, grace_ms: HOUR, minimum_stroops: '0', retention_ms: 0, meter: null, exec: false, workloads: [], documents: [], ...change,
  };
}

const PARTIES = [owner, wallet, farmKey];
const contractOf = (by: string, nonce: string): string => chainId(grid, by, nonce);
const agreement = (signers: readonly Signer[], change: Partial<Agreement> = {}, chain?: string): Promise<SignedRecord> => {
  const body = terms(change);
  return book.sign(chain ?? `contract/${contractOf(body.by, body.nonce)}`, 'agreement@1', body, signers);
};
const transfer = (signers: readonly Signer[], change: object = {}, from = wallet): Promise<SignedRecord> =>
  book.sign(`account/${from.key}`, 'transfer@1', { payers: [{ account: from.key, amount_stroops: '10000000' }], to: mallory.key, memo: '', ...change }, signers);

/** The same record with another payload, its signatures kept. */
function altered(record: SignedRecord, change: (payload: Payload) => Payload): SignedRecord {
  return { ...record, payload: makeRecord(change(JSON.parse(record.payload) as Payload)).text };
}

/** The same payload, signed over other bytes. */
function signedOver(record: SignedRecord, bytes: Uint8Array): SignedRecord {
  const seed = createHash('sha256').update('3bot test key wallet').digest();
  return { ...record, signatures: [{ by: wallet.key, sig: signBytes(seed, bytes) }] };
}

// One contract that is in force, and a transfer that is in the book.
await book.must(await agreement(PARTIES, { nonce: 'aa'.repeat(16) }));
const standing = contractOf(owner.key, 'aa'.repeat(16));
const paid = await transfer([wallet]);
await book.must(paid);
const said: Run = { workload: null, state: 'held', reason: null, exit_code: null, observed_ms: Date.now(), ports: [] };

const CASES: [title: string, code: string, reason: string | undefined, make: () => Promise<SignedRecord> | SignedRecord][] = [
  ['a debit without the signature of the account', 'refused', 'signatures', () => agreement([owner, farmKey])],
  ['a debit signed by the bot of the same person', 'refused', 'surplus', () => transfer([owner])],
  ['a debit signed by the one who is paid', 'refused', 'surplus', () => transfer([mallory])],
  ['a debit of another account on the own chain', 'refused', 'payers', () => transfer([mallory], { payers: [{ account: wallet.key, amount_stroops: '1' }], to: purse.key }, mallory)],
  ['a debit of two accounts signed by one', 'refused', 'payers', () => transfer([wallet], { payers: [{ account: wallet.key, amount_stroops: '1' }, { account: purse.key, amount_stroops: '1' }] })],
  ['an agreement paid by somebody who did not sign', 'refused', 'signatures', () => agreement([owner, farmKey], { payers: [{ account: wallet.key, amount_stroops: terms().total_stroops }] })],
  ['an agreement paid by an empty account', 'refused', 'funds', () => agreement([owner, purse, farmKey], { payers: [{ account: purse.key, amount_stroops: terms().total_stroops }] })],
  ['an agreement that the farm did not sign', 'refused', 'signatures', () => agreement([owner, wallet])],
  ['an agreement that the consumer did not sign', 'refused', 'signatures', () => agreement([wallet, farmKey])],
  ['an agreement on more than the node has', 'refused', 'capacity', () => agreement(PARTIES, { resources: { cru: 8, mru_mib: 1024, sru_mib: 0, hru_mib: 0, ipv4: 0 } })],
  ["a squatted contract id: somebody else's by and nonce, signed by the squatter", 'refused', 'surplus', () => agreement([mallory, wallet, farmKey])],
  ["a squatted contract id: the squatter's by on somebody else's chain", 'refused', 'id', () =>
    agreement([mallory, wallet, farmKey], { by: mallory.key, roles: [{ role: 'consumer', party: `bot/${mallory.key}` }, { role: 'farmer', party: `farm/${farm}` }] }, `contract/${contractOf(owner.key, NONCE)}`)],
  ['a contract id with another nonce', 'refused', 'id', () => agreement(PARTIES, {}, `contract/${contractOf(owner.key, 'c1'.repeat(16))}`)],
  ['a second agreement on a contract', 'refused', 'exists', () => agreement(PARTIES, { nonce: 'aa'.repeat(16) })],
  ['a farm id of somebody else', 'refused', 'id', () => book.sign(`farm/${contractOf(owner.key, 'fb'.repeat(16))}`, 'farm@1', { by: mallory.key, nonce: 'fb'.repeat(16), owner: `bot/${mallory.key}`, farm_key: purse.key, sealing_key: '5e'.repeat(32), endpoint: null, payout: 'ca'.repeat(32), name: 'moon', place: '' }, [purse, mallory])],
  ['the end of a contract by a stranger', 'refused', 'surplus', () => book.sign(`contract/${standing}`, 'end@1', { reason: '' }, [mallory])],
  ['the word of another node', 'refused', 'surplus', () => book.sign(`run/${standing}`, 'run@1', said, [otherNode])],
  ['the word of a node about itself by its farm', 'refused', 'surplus', () => book.sign(`node/${node.key}`, 'announcement@1', NODE, [farmKey])],
  ['a second identity of a bot by another', 'refused', 'surplus', () => book.sign(`bot/${owner.key}`, 'identity@1', identityBody(owner, 'owner2'), [mallory])],
  ['a surplus signature', 'refused', 'surplus', () => transfer([wallet, mallory])],
  ['a surplus signature of somebody with a part in it', 'refused', 'surplus', () => agreement([...PARTIES, node])],
  ['a signature twice', 'malformed', undefined, async () => { const one = await transfer([wallet]); return { ...one, signatures: [...one.signatures, ...one.signatures] }; }],
  ['two signatures of one key', 'malformed', undefined, async () => { const one = await transfer([wallet]); return { ...one, signatures: [...one.signatures, { by: wallet.key, sig: `${'A'.repeat(86)}==` }] }; }],
  ['signatures in another order', 'malformed', undefined, async () => { const one = await agreement(PARTIES); return { ...one, signatures: [...one.signatures].reverse() }; }],
  ['no signature', 'malformed', undefined, async () => ({ ...(await transfer([wallet])), signatures: [] })],
  ['a key in capitals', 'malformed', undefined, async () => { const one = await transfer([wallet]); return { ...one, signatures: one.signatures.map(({ by, sig }) => ({ by: by.toUpperCase(), sig })) }; }],
  ['base64 with bits beyond the last byte', 'malformed', undefined, async () => { const one = await transfer([wallet]); return { ...one, signatures: one.signatures.map(({ by, sig }) => ({ by, sig: `${sig.slice(0, 85)}B==` })) }; }],
  ['another record under the signature', 'integrity', 'signature', async () => altered(await transfer([wallet]), (payload) => ({ ...payload, body: { ...payload.body, to: purse.key } }))],
  ['a signature over the bare payload', 'integrity', 'signature', async () => { const one = await transfer([wallet]); return signedOver(one, Buffer.from(one.payload)); }],
  ['a signature over the record id', 'integrity', 'signature', async () => { const one = await transfer([wallet]); return signedOver(one, createHash('sha256').update(one.payload).digest()); }],
  ['a signature that was given to a talk message of the same text', 'integrity', 'signature', async () => { const one = await transfer([wallet]); return signedOver(one, signingBytes('talk', one.payload)); }],
  ['a signature that was given to an acceptance of the same text', 'integrity', 'signature', async () => { const one = await transfer([wallet]); return signedOver(one, signingBytes('accept', one.payload)); }],
  ['a signature of one signer under the name of another', 'integrity', 'signature', async () => {
    const one = await agreement(PARTIES);
    const sigs = one.signatures.map(({ sig }) => sig);
    return { ...one, signatures: one.signatures.map(({ by }, i) => ({ by, sig: sigs[(i + 1) % sigs.length] as string })) };
  }],
  ['a replay at the next height', 'integrity', 'signature', () => altered(paid, (payload) => ({ ...payload, height: payload.height + 1, prev: book.store.head(payload.chain)?.id ?? null }))],
  ['a replay at its own height with another body', 'refused', 'chain_conflict', () => altered(paid, (payload) => ({ ...payload, body: { ...payload.body, memo: 'again' } }))],
  ['a replay on the chain of another account', 'refused', 'payers', () => altered(paid, (payload) => ({ ...payload, chain: `account/${mallory.key}`, height: 0, prev: null }))],
  ['a gap in a chain', 'refused', 'chain_conflict', async () => signRecord(makeRecord({ ...nextPayload(book.store, `account/${wallet.key}`, 'transfer@1', { payers: [{ account: wallet.key, amount_stroops: '1' }], to: purse.key, memo: '' }, Date.now()), height: 99 }), [wallet])],
  ['a chain that continues on another record', 'refused', 'chain_conflict', async () => signRecord(makeRecord({ ...nextPayload(book.store, `account/${wallet.key}`, 'transfer@1', { payers: [{ account: wallet.key, amount_stroops: '1' }], to: purse.key, memo: '' }, Date.now()), prev: 'ee'.repeat(32) }), [wallet])],
  ['a second genesis', 'refused', 'chain_conflict', () => { const { payload, signatures } = book.store.line(0); return altered({ payload, signatures }, (genesis) => ({ ...genesis, time: genesis.time + 1, grid })); }],
  ['a record that was signed an hour ago', 'refused', 'time', () => book.sign(`account/${wallet.key}`, 'transfer@1', { payers: [{ account: wallet.key, amount_stroops: '1' }], to: purse.key, memo: '' }, [wallet], Date.now() - HOUR)],
  ['a record with a field that its kind does not have', 'malformed', undefined, () => transfer([wallet], { fee: '0' })],
  ['a record whose text is not canonical', 'malformed', undefined, async () => { const one = await transfer([wallet]); return { ...one, payload: one.payload.replace('{', '{ ') }; }],
  ['a record with a key twice', 'malformed', undefined, async () => { const one = await transfer([wallet]); return { ...one, payload: one.payload.replace('{"body":', '{"body":{},"body":') }; }],
  ['a record with __proto__ in it', 'malformed', undefined, async () => { const one = await transfer([wallet]); return { ...one, payload: one.payload.replace('{"body":', '{"__proto__":{"v":1},"body":') }; }],
  ['a record above 1 MiB', 'malformed', undefined, async () => ({ ...(await transfer([wallet])), payload: `{"body":"${'x'.repeat(1_048_576)}"}` })],
];

for (const [title, code, reason, make] of CASES) {
  test(`${title} is refused and changes nothing`, async () => {
    const record = await make();
    const before = [book.store.size, book.store.tree.root(), book.store.objects('', 1_000)];
    const outcome = await book.try(record);
    assert.ok(!outcome.ok, 'it was taken');
    assert.deepEqual([outcome.problem.code, outcome.problem.reason], [code, reason], outcome.problem.message);
    assert.deepEqual([book.store.size, book.store.tree.root(), book.store.objects('', 1_000)], before);
  });
}

test('a record of one grid means nothing on another, whoever has the same keys there', async () => {
  await using other = await TestBook.create();
  const outcome = await other.try(paid);
  assert.ok(!outcome.ok && isProblem(outcome.problem, 'refused', 'grid'));
  assert.equal(other.store.size, 2);
});

test('a record sent again gives the line that it has, also when it came with other signatures', async () => {
  const { size } = book.store;
  const index = book.store.find(makeRecord(JSON.parse(paid.payload) as Payload));
  for (const again of [paid, { ...paid, signatures: [] }, { ...paid, signatures: [{ by: mallory.key, sig: `${'A'.repeat(86)}==` }] }]) {
    assert.deepEqual(await book.try(again), { ok: true, id: makeRecord(JSON.parse(paid.payload) as Payload).id, index, known: true });
  }
  assert.equal(book.store.size, size);
});

test('a draft whose chain moved while signatures were collected is refused; drafted again it is taken', async () => {
  const chain = `contract/${standing}`;
  const workloads = (name: string) => ({ workloads: [{ name, image: `docker.io/library/web@sha256:${'a'.repeat(64)}`, command: [], env: [], ports: [], secrets: [] }] });
  const mine = await book.sign(chain, 'workload@1', workloads('mine'), [owner]);
  const theirs = await book.sign(chain, 'workload@1', workloads('theirs'), [farmKey]);
  await book.must(theirs);
  const late = await book.try(mine);
  assert.ok(!late.ok && isProblem(late.problem, 'refused', 'chain_conflict'));
  assert.deepEqual(read(book.store, 'contract', standing)?.workloads.map(({ name }) => name), ['theirs']);
  await book.must(await book.sign(chain, 'workload@1', workloads('mine'), [owner]));
  assert.deepEqual(read(book.store, 'contract', standing)?.workloads.map(({ name }) => name), ['mine']);
});

test('two drafts of one deal are never both committed', async () => {
  const nonce = 'dd'.repeat(16);
  const [one, two] = [await agreement(PARTIES, { nonce }), await agreement(PARTIES, { nonce, resources: { cru: 2, mru_mib: 1024, sru_mib: 0, hru_mib: 0, ipv4: 0 } })];
  const outcomes = await book.sequencer.append([one, two]);
  assert.deepEqual(outcomes.map(({ ok }) => ok), [true, false]);
  assert.ok(!outcomes[1]?.ok && isProblem(outcomes[1]?.problem, 'refused', 'chain_conflict'));
});

test('a flood of signatures by strangers is refused before any of them is checked', async (t) => {
  const one = await transfer([wallet]);
  const check = t.mock.method(book.pool, 'check');
  const strangers = Array.from({ length: 16_000 }, (_, i) => ({ by: createHash('sha256').update(`${i}`).digest('hex'), sig: `${'A'.repeat(86)}==` }));
  const outcome = await book.try({ ...one, signatures: sortSignatures([...one.signatures, ...strangers]) });
  assert.ok(!outcome.ok && isProblem(outcome.problem, 'refused', 'surplus'));
  assert.deepEqual(check.mock.calls.map((call) => call.arguments[0]), [[]]);
});

test('after all of it no money has come or gone', () => {
  const objects = book.store.objects('', 1_000);
  const sum = objects.reduce((total, { id, value }) => total + BigInt(id.startsWith('account/') ? (value['balance_stroops'] as string) : id.startsWith('contract/') ? (value['escrow_stroops'] as string) : '0'), 0n);
  assert.equal(sum.toString(), readGrid(book.store).supply_stroops);
});
