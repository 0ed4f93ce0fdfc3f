// How fast a book takes records in.
import { chainId, makeRecord, signRecord } from '../../src/bcdb/record.js';
import type { SignedRecord } from '../../src/schema/types.js';
import { namedSigner, nextPayload, TestBook } from '../book.js';
import { bareChecks, plainCommits } from './baseline.js';
import { figure, seconds, type Figure } from './measure.js';

const MANY = 20_000;
const SINGLE = 1_000;

/** Changes of one farm's place: 1 KiB of plain text each, signed one by one by the farm's key. */
async function signedRecords(book: TestBook, count: number): Promise<SignedRecord[]> {
  const farmKey = namedSigner('farm');
  const nonce = '11'.repeat(16);
  const chain = `farm/${chainId(book.store.grid as string, book.owner.key, nonce)}`;
  const farm = {
    by: book.owner.key, nonce, owner: `bot/${book.owner.key}`, farm_key: farmKey.key, sealing_key: namedSigner('farm sealing').key,
    endpoint: `https://${'farm.'.repeat(20)}example`, payout: namedSigner('payout').key, name: 'bench-farm', place: '',
  };
  await book.must(await book.sign(chain, 'farm@1', farm, [farmKey, book.owner]));
  const records: SignedRecord[] = [];
  let next = nextPayload(book.store, chain, 'farm@1', farm, Date.now());
  for (let i = 0; i < count; i++) {
    const record = makeRecord({ ...next, body: { ...farm, place: `${i} `.padEnd(158, 'p') } });
    records.push(await signRecord(record, [farmKey]));
    next = { ...next, height: record.payload.height + 1, prev: record.id };
  }
  return records;
}

/** Measures append in batches and one by one. */
export async function benchBook(): Promise<Figure[]> {
  await using book = await TestBook.create();
  const records = await signedRecords(book, MANY + SINGLE);
  const many = records.slice(0, MANY);
  await bareChecks(many.slice(0, 2_000)); // warm
  const bare = await bareChecks(many);
  const batch = await seconds(async () => {
    const sent = [];
    for (let i = 0; i < MANY; i += 1_000) sent.push(book.sequencer.append(many.slice(i, i + 1_000)));
    const outcomes = (await Promise.all(sent)).flat();
    if (!outcomes.every((outcome) => outcome.ok)) throw new Error('a record was refused');
  });
  plainCommits(200); // warm
  const plain = plainCommits(SINGLE);
  const single = await seconds(async () => {
    for (const record of records.slice(MANY)) await book.must(record);
  });
  return [
    figure('append, batches of 1,000', 'per_second', MANY / batch, 'bare checks, two threads', bare, 'at least 0.3'),
    figure('append, one by one', 'per_second', SINGLE / single, 'plain commits with 3 indexes', plain, 'at least 0.6'),
  ];
}
