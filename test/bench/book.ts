// How fast a book takes records in.
import type { SignedRecord } from '../../src/schema/types.js';
import { TestBook } from '../book.js';
import { bareChecks, plainCommits } from './baseline.js';
import { figure, median, seconds, type Figure } from './measure.js';
import { foundFarms, pieces, type BenchFarm } from './records.js';

const FARMS = 100;
/** Rounds of which the middle one counts; in each, what is measured and its baseline follow one another. */
const ROUNDS = 3;
const MANY = 20_000;
const SINGLE = 1_000;

/** A book with farms, warm. */
export class BenchBook implements AsyncDisposable {
  readonly book: TestBook;
  readonly #farms: readonly BenchFarm[];

  private constructor(book: TestBook, farms: readonly BenchFarm[]) {
    this.book = book;
    this.#farms = farms;
  }

  static async open(): Promise<BenchBook> {
    const book = await TestBook.create();
    const farms = await foundFarms({ grid: book.store.grid as string, owner: book.owner }, FARMS, (records) => book.must(...records));
    const bench = new BenchBook(book, farms);
    await bench.appendRate(await bench.records(MANY / 2));
    return bench;
  }

  /** The next records of all farms, each signed by one key. */
  async records(count: number): Promise<SignedRecord[]> {
    return (await Promise.all(this.#farms.map((farm) => farm.changes(count / FARMS)))).flat();
  }

  /** Records a second in batches of 1,000, handed in one upon the other. */
  async appendRate(records: readonly SignedRecord[]): Promise<number> {
    return records.length / (await seconds(async () => {
      const outcomes = (await Promise.all(pieces(records, 1_000).map((some) => this.book.sequencer.append(some)))).flat();
      if (!outcomes.every((outcome) => outcome.ok)) throw new Error('a record was refused');
    }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.book[Symbol.asyncDispose]();
  }
}

/** Measures append in batches and one by one. */
export async function benchBook(): Promise<Figure[]> {
  await using bench = await BenchBook.open();
  const { book } = bench;
  plainCommits(SINGLE / 2); // warm
  const taken: Record<'batch' | 'bare' | 'single' | 'plain', number[]> = { batch: [], bare: [], single: [], plain: [] };
  for (let i = 0; i < ROUNDS; i++) {
    const many = await bench.records(MANY);
    taken.bare.push(await bareChecks(many));
    taken.batch.push(await bench.appendRate(many));
    const some = await bench.records(SINGLE);
    taken.plain.push(plainCommits(SINGLE));
    taken.single.push(SINGLE / (await seconds(async () => {
      for (const record of some) await book.must(record);
    })));
  }
  return [
    figure('append, batches of 1,000', 'per_second', median(taken.batch), 'bare checks, two threads', median(taken.bare), 'at least 0.6'),
    figure('append, one by one', 'per_second', median(taken.single), 'plain commits with 3 indexes', median(taken.plain), 'at least 0.8'),
  ];
}
