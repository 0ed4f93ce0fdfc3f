// How long one contract with very many signers takes, step by step. The baseline is the same with a tenth of them, ten
// times over: a step that grows faster than the signers has a ratio far above 1.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { trustOf } from '../../src/bcdb/pinned.js';
import { query } from '../../src/bcdb/query.js';
import { verifyReceipt } from '../../src/bcdb/receipt.js';
import { makeRecord, parseRecord, signRecord, versionFor, type ParsedRecord } from '../../src/bcdb/record.js';
import { seedSigner, type Signer } from '../../src/keys/ed25519.js';
import { Client } from '../../src/net/client.js';
import { readEnvelope, saveEnvelope } from '../../src/net/envelope.js';
import { agreementOf, draftAgreement } from '../../src/market/terms.js';
import { draftRows, standingOf } from '../../src/people/draft.js';
import { read, readGrid } from '../../src/rules/objects.js';
import { someOf } from '../../src/rules/quorum.js';
import type { JsonObject } from '../../src/base/canonical.js';
import type { Identity, SignedRecord } from '../../src/schema/types.js';
import { gib, HOUR, Market, wanted, type TestBuyer } from '../deal.js';
import { figure, seconds, type Figure } from './measure.js';
import { pieces } from './records.js';

/** Default of `--signers`. */
export const SIGNERS = 10_000;
/** Records of one submission while the signers' identities are put into the book. */
const ROUND = 500;

type Times = Map<string, number>;

/** Measures the steps of one contract. @param count of signers beside consumer and farm */
export async function benchSigners(count = SIGNERS): Promise<Figure[]> {
  const few = await oneContract(Math.max(1, Math.round(count / 10)));
  const many = await oneContract(count);
  return [...many].map(([step, s]) => figure(`${count.toLocaleString('en')} signers: ${step}`, 'ms', s * 1_000, 'a tenth of them, ten times', (few.get(step) ?? 0) * 10_000, 'about 1'));
}

export async function oneContract(count: number): Promise<Times> {
  await using market = await Market.open(gib(8, 8, 500));
  const buyer = await market.buyer('ann');
  await using client = new Client({ url: market.url });
  const folder = mkdtempSync(join(tmpdir(), '3bot-signers-'));
  const times: Times = new Map();
  const step = async <T>(name: string, work: () => Promise<T> | T): Promise<T> => {
    let result!: T;
    times.set(name, await seconds(async () => void (result = await work())));
    return result;
  };
  try {
    const signers = Array.from({ length: count }, () => seedSigner(randomBytes(32)));
    await step('identities made and committed', () => introduce(client, buyer, signers));
    await buyer.grid.refresh();
    const record = await step('made', () => agreement(market, buyer, signers));
    const signed = await step('signed by each in turn', () => signRecord(record, [...signers, ...market.signers, buyer.test.identity.signer('bot'), buyer.test.identity.signer('wallet')]));
    const path = join(folder, 'draft.json');
    await step('draft file written', () => saveEnvelope(path, record, signed.signatures));
    const file = await step('draft file read, signatures checked', () => readEnvelope(path));
    await step('shown, with who has signed', () => [draftRows(file), standingOf(buyer.grid.reader, file, Date.now())]);
    const [outcome] = await step('committed at the home over HTTP', () => client.submit(buyer.grid.id, [signed]));
    if (outcome?.ok !== true) throw outcome?.problem ?? new Error('no verdict');
    await step('taken in by a copy', () => buyer.grid.refresh());
    await step('found by its last signer', () => query(buyer.grid.reader, { signer: signers.at(-1)?.key, kind: 'agreement@1', limit: 1 }).records);
    const receipt = await step('receipt made', () => buyer.grid.receipt(record.id));
    await step('receipt verified', () => verifyReceipt(receipt, trustOf(buyer.grid.reader)));
    return times;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Puts an identity of each signer into the book. */
async function introduce(client: Client, { grid }: TestBuyer, signers: readonly Signer[]): Promise<void> {
  for (const some of pieces(signers, ROUND)) {
    const records: SignedRecord[] = await Promise.all(some.map(({ key }, i) => {
      const body: Identity = { name: `s-${key.slice(0, 40)}`, keys: [{ key, kinds: ['*'], until: null }], sealing_key: 'ab'.repeat(32), endpoint: null, roles: [], recovery: null };
      return signRecord(makeRecord({ v: 1, grid: grid.id, chain: `bot/${key}`, height: 0, prev: null, kind: 'identity@1', time: Date.now(), body: { ...body } }), [some[i] as Signer]);
    }));
    const outcomes = await client.submit(grid.id, records);
    for (const outcome of outcomes) if (!outcome.ok) throw outcome.problem;
  }
}

/** An agreement that all must sign: only the commit quorum names them, or it would not fit into a record. */
function agreement(market: Market, buyer: TestBuyer, signers: readonly Signer[]): ParsedRecord {
  const { reader } = buyer.grid;
  const farm = read(reader, 'farm', market.farm);
  if (farm === undefined) throw new Error('no farm');
  const grid = readGrid(reader);
  const request = { ...wanted({ resources: gib(1, 1, 1), term_ms: HOUR }), consumer: buyer.bot, payers: [buyer.wallet], nonce: randomBytes(16).toString('hex'), workloads: [], signers: [], commit_within_ms: 600_000, firm: true };
  const draft = draftAgreement(request, { farm, grid, node: { key: market.node.key, capacity: gib(8, 8, 500) }, prices: grid.prices, discounts: [], notice_ms: 0, fees: [], time: Date.now() });
  const body = agreementOf(draft);
  const parties = [...body.quorums.commit.members.flatMap((member) => ('of' in member ? [member.of] : [])), ...signers.map(({ key }) => `bot/${key}`)];
  const whole = { ...body, quorums: { ...body.quorums, commit: someOf(parties.length, parties) } };
  return parseRecord(makeRecord({ ...draft.payload, v: versionFor(whole, () => grid.rules), body: whole as unknown as JsonObject }).text);
}
