// Records to measure with: changes of farms, 1 KiB each, every farm with a key and a chain of its own.
import type { JsonObject } from '../../src/base/canonical.js';
import { chainId, makeRecord, signRecord } from '../../src/bcdb/record.js';
import type { Signer } from '../../src/keys/ed25519.js';
import type { Farm, Payload, SignedRecord } from '../../src/schema/types.js';
import { namedSigner } from '../book.js';

/** Who founds farms: its identity must be on the grid. */
export interface Founder {
  readonly grid: string;
  readonly owner: Signer;
}

/** A farm whose records are made in order, each signed by the farm's key alone. */
export class BenchFarm {
  readonly key: Signer;
  readonly chain: string;
  readonly #founder: Founder;
  readonly #body: Farm;
  #height = 0;
  #prev: string | null = null;

  constructor(founder: Founder, name: string) {
    const nonce = namedSigner(`nonce ${name}`).key.slice(0, 32);
    this.#founder = founder;
    this.key = namedSigner(`farm ${name}`);
    this.chain = `farm/${chainId(founder.grid, founder.owner.key, nonce)}`;
    this.#body = {
      by: founder.owner.key, endpoint: `https://${'farm.'.repeat(20)}example`, farm_key: this.key.key, name: `bench-${name}`, nonce,
      owner: `bot/${founder.owner.key}`, payout: namedSigner('payout').key, place: '', sealing_key: namedSigner(`sealing ${name}`).key,
    };
  }

  /** The record that founds it: two signatures. */
  async found(): Promise<SignedRecord> {
    return this.#next(this.#body, [this.key, this.#founder.owner]);
  }

  /** The next changes of its place. */
  async changes(count: number): Promise<SignedRecord[]> {
    const records: SignedRecord[] = [];
    for (let i = 0; i < count; i++) records.push(await this.#next({ ...this.#body, place: `${this.#height} `.padEnd(158, 'p') }, [this.key]));
    return records;
  }

  async #next(body: Farm, signers: readonly Signer[]): Promise<SignedRecord> {
    // Keys in order, which is quicker to write.
    const payload: Payload = { body: body as unknown as JsonObject, chain: this.chain, grid: this.#founder.grid, height: this.#height, kind: 'farm@1', prev: this.#prev, time: Date.now(), v: 1 };
    const record = makeRecord(payload);
    this.#height += 1;
    this.#prev = record.id;
    return signRecord(record, signers);
  }
}

/** Founds farms and hands their records in. */
export async function foundFarms(founder: Founder, count: number, submit: (records: SignedRecord[]) => Promise<unknown>): Promise<BenchFarm[]> {
  const farms = Array.from({ length: count }, (_, i) => new BenchFarm(founder, `${i}`));
  for (let i = 0; i < count; i += 100) await submit(await Promise.all(farms.slice(i, i + 100).map((farm) => farm.found())));
  return farms;
}

/** Pieces of a list, in order. */
export function pieces<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));
}
