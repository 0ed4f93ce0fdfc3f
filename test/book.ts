// A small grid for tests of the book: real keys, real rules, real SQLite, in a folder of its own.
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeRecord, signRecord } from '../src/bcdb/record.js';
import { Sequencer, type Outcome } from '../src/bcdb/sequencer.js';
import type { Reader } from '../src/bcdb/reader.js';
import { Store } from '../src/bcdb/store.js';
import { seedSigner, type Signer } from '../src/keys/ed25519.js';
import { SignaturePool } from '../src/keys/pool.js';
import { gridRules } from '../src/rules/all.js';
import type { Genesis, Identity, Payload, SignedRecord } from '../src/schema/types.js';

/** The same key for the same name, in every run. */
export function namedSigner(name: string): Signer {
  return seedSigner(createHash('sha256').update(`3bot test key ${name}`).digest());
}

/** A body of genesis@1 for tests: a development grid governed by `owner`, with money for the accounts named. */
export function genesisBody(owner: Signer, allocations: readonly { account: string; amount_stroops: string }[], nonce = '00'.repeat(16)): Genesis {
  return {
    name: 'test-grid',
    dev: true,
    origin: `3bot/${nonce}`,
    nonce,
    log_key: namedSigner('log').key,
    clock_key: namedSigner('clock').key,
    rules: 1,
    units: 'units/1',
    prices: { cu_stroops: '100000', su_stroops: '50000', nu_stroops: '15000', ipv4_stroops: '40000' },
    governance: { threshold: 1, members: [{ of: `bot/${owner.key}`, weight: 1 }] },
    certifiers: null,
    witnesses: null,
    allocations: [...allocations],
    faucet_stroops: '10000000000',
    max_supply_stroops: '40000000000000000',
    heartbeat_ms: 3_600_000,
    retention_ms: 259_200_000,
    limits: { record_bytes: 1_048_576, signatures: 16_384 },
  };
}

/** A body of identity@1 for tests. */
export function identityBody(signer: Signer, name: string): Identity {
  return { name, keys: [{ key: signer.key, kinds: ['*'], until: null }], sealing_key: namedSigner(`sealing ${name}`).key, endpoint: null, roles: [], recovery: null };
}

/** The next payload on a chain. */
export function nextPayload(reader: Reader, chain: string, kind: string, body: object, time: number): Payload {
  const head = reader.head(chain);
  return { v: 1, grid: reader.grid, chain, height: head === undefined ? 0 : head.height + 1, prev: head?.id ?? null, kind, time, body: { ...body } };
}

/** A home with a book of its own; removed with everything in it at the end. */
export class TestBook implements AsyncDisposable {
  readonly folder: string;
  readonly store: Store;
  readonly sequencer: Sequencer;
  readonly pool: SignaturePool;
  readonly owner: Signer;

  private constructor(folder: string, store: Store, sequencer: Sequencer, pool: SignaturePool, owner: Signer) {
    this.folder = folder;
    this.store = store;
    this.sequencer = sequencer;
    this.pool = pool;
    this.owner = owner;
  }

  /** A new grid whose owner has an identity and whose account `wallet` has 1,000,000 TFT. */
  static async create(): Promise<TestBook> {
    const folder = mkdtempSync(join(tmpdir(), '3bot-book-'));
    const owner = namedSigner('owner');
    const pool = new SignaturePool();
    const store = Store.open(join(folder, 'bcdb.sqlite'));
    const sequencer = await openSequencer(folder, store, pool);
    const book = new TestBook(folder, store, sequencer, pool, owner);
    const body = genesisBody(owner, [{ account: namedSigner('wallet').key, amount_stroops: '10000000000000' }], randomBytes(16).toString('hex'));
    await book.must(await book.sign('grid', 'genesis@1', body, [owner]));
    await book.must(await book.sign(`bot/${owner.key}`, 'identity@1', identityBody(owner, 'owner'), [owner]));
    return book;
  }

  /** Signs the next record of a chain. */
  async sign(chain: string, kind: string, body: object, signers: readonly Signer[], time = Date.now()): Promise<SignedRecord> {
    return signRecord(makeRecord(nextPayload(this.store, chain, kind, body, time)), signers);
  }

  /** Appends and demands that it is taken. */
  async must(...records: SignedRecord[]): Promise<number[]> {
    return (await this.sequencer.append(records)).map((outcome) => {
      if (!outcome.ok) throw outcome.problem;
      return outcome.index;
    });
  }

  /** Appends one record and gives the verdict. */
  async try(record: SignedRecord): Promise<Outcome> {
    return (await this.sequencer.append([record]))[0] as Outcome;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sequencer[Symbol.asyncDispose]();
    this.store[Symbol.dispose]();
    await this.pool[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Opens the home of a test book's folder. */
export async function openSequencer(folder: string, store: Store, pool: SignaturePool, clock = Date.now): Promise<Sequencer> {
  return Sequencer.open({ store, rules: gridRules, log: namedSigner('log'), clockSigner: namedSigner('clock'), pool, clock, headPath: join(folder, 'head') });
}
