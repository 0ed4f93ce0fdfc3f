// A month of a thousand nodes in a real book: signed records, a real home, one batch of mints.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isProblem } from '../../src/base/errors.js';
import { chainId, makeRecord, signRecord } from '../../src/bcdb/record.js';
import type { Outcome } from '../../src/bcdb/sequencer.js';
import { Store } from '../../src/bcdb/store.js';
import { verifyBook } from '../../src/bcdb/verify.js';
import { FARMING_PERIOD_MS } from '../../src/capacity/farming.js';
import type { Signer } from '../../src/keys/ed25519.js';
import { SignaturePool } from '../../src/keys/pool.js';
import { gridRules } from '../../src/rules/all.js';
import { read, readGrid } from '../../src/rules/objects.js';
import { supplyOf } from '../../src/market/supply.js';
import type { Announcement, Resources, Seen, SignedRecord } from '../../src/schema/types.js';
import { genesisBody, identityBody, namedSigner, openSequencer } from '../book.js';

const NODES = 1_000;
const FARMS = 10;
const DAY = 86_400_000;
const PERIOD = 690;
const BEGIN = PERIOD * FARMING_PERIOD_MS;
/** A day before the period, and a day after it: two statuses confirm all of it. */
const [FIRST, LAST] = [BEGIN - DAY, BEGIN + FARMING_PERIOD_MS + DAY];
/** Both published vectors, in turn: 282.5 and 1302.5 TFT. */
const SIZES = [[8, 32, 1_000, 0, 2_825_000_000n], [24, 128, 2_000, 24_000, 13_025_000_000n]] as const;
const NOTHING: Resources = { cru: 0, mru_mib: 0, sru_mib: 0, hru_mib: 0, ipv4: 0 };

const folder = mkdtempSync(join(tmpdir(), '3bot-mint-'));
const store = Store.open(join(folder, 'bcdb.sqlite'));
const pool = new SignaturePool();
after(async () => {
  store[Symbol.dispose]();
  await pool[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** A record to be: its chain, kind, body and who signs it. */
type Said = readonly [chain: string, kind: string, body: object, ...signers: Signer[]];

const heads = new Map<string, { height: number; id: string }>();

async function signed(said: readonly Said[], time: number): Promise<SignedRecord[]> {
  const records = said.map(([chain, kind, body, ...signers]) => {
    const head = heads.get(chain);
    const record = makeRecord({ v: 1, grid: store.grid ?? null, chain, height: head === undefined ? 0 : head.height + 1, prev: head?.id ?? null, kind, time, body: { ...body } });
    heads.set(chain, { height: record.payload.height, id: record.id });
    return { record, signers };
  });
  return Promise.all(records.map(({ record, signers }) => signRecord(record, signers)));
}

/** What a home takes in from a time on: each list at once, in thousands. It was away before, its clock is right. */
async function at(time: number, ...lists: (() => Said[])[]): Promise<Outcome[]> {
  const ahead = time - Date.now();
  const clock = (): number => Date.now() + ahead;
  await using sequencer = await openSequencer(folder, store, pool, clock);
  const outcomes: Outcome[] = [];
  for (const list of lists) {
    const records = await signed(list(), clock());
    for (let i = 0; i < records.length; i += 1_000) outcomes.push(...(await sequencer.append(records.slice(i, i + 1_000))));
  }
  return outcomes;
}

const owner = namedSigner('owner');
const nodes = Array.from({ length: NODES }, (_, i) => ({ key: namedSigner(`node ${i}`), farm: i % FARMS, size: SIZES[i % 2] ?? SIZES[0] }));
const farms = Array.from({ length: FARMS }, (_, i) => ({ key: namedSigner(`farm ${i}`), nonce: i.toString(16).padStart(32, '0'), payout: namedSigner(`payout ${i}`).key }));
const idOf = (farm: number): string => chainId(store.grid ?? '', owner.key, farms[farm]?.nonce ?? '');
const farmKey = (farm: number): Signer => farms[farm]?.key ?? owner;
const capacityOf = ([cru, mru, sru, hru]: (typeof SIZES)[number]): Resources => ({ cru, mru_mib: mru * 1_024, sru_mib: sru * 1_024, hru_mib: hru * 1_024, ipv4: 0 });
const seen = (): Seen => ({ size: store.size, root: store.tree.root().toString('hex') });
const statuses = (): Said[] => nodes.map(({ key }) => [`meter/${key.key}`, 'status@1', { node: key.key, seen: seen() }, key]);
const mints = (): Said[] => nodes.map(({ key, farm, size }) => [`farm/${idOf(farm)}`, 'mint@1', { node: key.key, period: PERIOD, amount_stroops: size[4].toString() }, farmKey(farm)]);

function announcement(farm: number, capacity: Resources): Announcement {
  return { farm: idOf(farm), declared: true, capacity, host_share: NOTHING, devices: [], platform: 'linux/amd64', runtime: 'podman', features: [], virtualised: true, location: { country: null, region: null }, address: null, sealing_key: 'ab'.repeat(32) };
}

test('a thousand nodes mint for one period in one batch, each exactly its due', async () => {
  const quorum = { threshold: 1, members: [{ of: `bot/${owner.key}`, weight: 1 }] };
  const genesis = { ...genesisBody(owner, []), rules: 2 as const, certifiers: quorum, heartbeat_ms: 25 * DAY };
  const before = await at(FIRST,
    () => [['grid', 'genesis@1', genesis, owner]],
    () => [[`bot/${owner.key}`, 'identity@1', identityBody(owner, 'owner'), owner]],
    () => farms.map(({ key, nonce, payout }, i): Said => [`farm/${idOf(i)}`, 'farm@1', { by: owner.key, nonce, owner: `bot/${owner.key}`, farm_key: key.key, sealing_key: namedSigner(`sealing ${i}`).key, endpoint: null, payout, name: `farm-${i}`, place: '' }, key, owner]),
    () => nodes.flatMap(({ key, farm, size }): Said[] => [
      [`farm/${idOf(farm)}`, 'admit@1', { node: key.key }, farmKey(farm)],
      [`node/${key.key}`, 'announcement@1', announcement(farm, capacityOf(size)), key],
      [`certify/${key.key}`, 'certificate@1', { capacity: capacityOf(size), kind: 'diy', tft_musd: 80, until: LAST + DAY, violation: null }, owner],
    ]),
    statuses,
  );
  const minted = await at(LAST, statuses, mints);
  for (const outcome of [...before, ...minted]) if (!outcome.ok) throw outcome.problem;

  const due = BigInt(NODES / 2) * (SIZES[0][4] + SIZES[1][4]);
  assert.deepEqual(read(store, 'minted', `${PERIOD}`), { period: PERIOD, amount_stroops: due.toString(), count: NODES });
  assert.equal(farms.reduce((sum, { payout }) => sum + BigInt(read(store, 'account', payout)?.balance_stroops ?? '0'), 0n), due);
  assert.deepEqual(supplyOf(readGrid(store)), { exists: '792500.0000000', maximum: '4000000000.0000000', given: '0.0000000', minted: '792500.0000000', burned: '0.0000000', mint_cap: null });
});

test('none of them mints that period again, and a copy that checks every line comes to the same', async () => {
  const again = await at(LAST + DAY, () => mints().slice(0, 3));
  assert.deepEqual(again.map((outcome) => !outcome.ok && isProblem(outcome.problem, 'refused') && outcome.problem.reason), ['period', 'period', 'period']);
  const verified = await verifyBook({ store, rules: gridRules, grid: store.grid ?? '' });
  assert.equal(verified.size, 2 + FARMS + 6 * NODES);
});
