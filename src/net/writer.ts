// The ways in which a book is written: as its home, as a copy that forwards or only reads, beside a process that does any of these.
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../base/clock.js';
import { isProblem, Problem } from '../base/errors.js';
import { sha256Hex } from '../base/hash.js';
import { COSIGN_EVERY_MS, MAX_BODY_BYTES, MAX_SUBMIT } from '../base/limits.js';
import type { RuleBook } from '../bcdb/rulebook.js';
import { Sequencer, type Outcome } from '../bcdb/sequencer.js';
import type { StoredCheckpoint } from '../bcdb/reader.js';
import { Store } from '../bcdb/store.js';
import { makeFolder, type Home } from '../home.js';
import type { Keyring, KeyringType } from '../keys/keyring.js';
import { SignaturePool } from '../keys/pool.js';
import type { SignedRecord } from '../schema/types.js';
import { Client } from './client.js';
import { Cosigners } from './cosign.js';
import { evidenceFolder } from './evidence.js';
import { Follower, type FollowState, type OnProgress } from './follow.js';
import { answers } from './lock.js';
import { Mirror } from './mirror.js';
import { readOnly } from './readonly.js';

/** What changes a book. */
export interface Writer extends AsyncDisposable {
  readonly state: FollowState;
  /**
   * Each record with its verdict; those that were taken are below a checkpoint in this home's own file.
   * @param together all of them or none
   */
  submit(records: readonly SignedRecord[], together?: boolean): Promise<Outcome[]>;
  /** Brings the file to the home's newest checkpoint. */
  refresh(onProgress?: OnProgress): Promise<void>;
  /** What a daemon does all the time: follow, or renew the time stamp. Ends with the signal. @throws Problem `integrity` */
  keepUp(signal: AbortSignal): Promise<void>;
  /** Calls back after every change of the file; returns how to stop that. */
  onNews(listener: () => void): () => void;
  /** At a home: the checkpoint that its witnesses have yet to cosign. */
  pending?(): StoredCheckpoint | undefined;
  /** Beside a daemon: whether that has ended, so that another way in must be found. */
  isGone?(): Promise<boolean>;
}

/** What every writer needs. */
export interface WriterParts {
  readonly home: Home;
  /** Id of the grid. */
  readonly grid: string;
  readonly rules: RuleBook;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Opens the file of a grid's copy for writing; makes it where there is none. The caller holds the home's lock. */
export function openStore(home: Home, grid: string): Store {
  const path = home.gridDatabase(grid);
  makeFolder(dirname(path));
  return Store.open(path);
}

/** Where a home notes what it has signed of a grid. */
export function headPath(home: Home, grid: string): string {
  return join(home.head, grid);
}

/** Name of the keyring of a grid's home. @param handovers before it */
export function logKeyring(nonce: string, handovers: number): string {
  return handovers === 0 ? nonce : `${nonce}-${handovers}`;
}

/**
 * Opens the home of a grid.
 * @param name of the keyring with the log's keys, `logKeyring`
 */
export async function openHomeWriter(parts: WriterParts, lock: Disposable, name: string, openKeyring: (type: KeyringType, name: string) => Promise<Keyring>): Promise<Writer> {
  const { home, grid, rules, clock } = parts;
  const owned: Owned = [lock];
  try {
    const keyring = await openKeyring('log', name);
    const store = owning(owned, openStore(home, grid));
    const pool = owning(owned, new SignaturePool());
    const cosigning = owning(owned, new Cosigners());
    const sequencer = owning(owned, await Sequencer.open({ store, rules, pool, clock, cosigning, log: keyring.signer('log'), clockSigner: keyring.signer('clock'), headPath: headPath(home, grid) }));
    return {
      get state() {
        return { lastRead_ms: clock(), problem: null, ended: false };
      },
      // Nothing has to fit a request here.
      submit: async (records, together) => (together === true || records.length <= MAX_SUBMIT ? sequencer.append(records, together) : inParts(records, (some) => sequencer.append(some))),
      refresh: () => sequencer.settle(),
      async keepUp(signal) {
        while (!signal.aborted) {
          await pause(COSIGN_EVERY_MS, undefined, { signal }).catch(() => undefined);
          // Clocks may come back together, keys be unlocked again; until then the stamp ages, which everybody sees.
          if (!signal.aborted) await sequencer.renew().catch((thrown: unknown) => { if (!isProblem(thrown)) throw thrown; });
        }
      },
      onNews: (listener) => sequencer.onPublished(listener),
      pending: () => sequencer.pending,
      [Symbol.asyncDispose]: () => closeAll(owned),
    };
  } catch (thrown) {
    await closeAll(owned);
    throw thrown;
  }
}

/** Opens a copy that follows and forwards to the bot at `url`. */
export function openCopyWriter(parts: WriterParts, lock: Disposable, url: string): Writer {
  const { home, grid, rules, clock, signal } = parts;
  const owned: Owned = [lock];
  const store = owning(owned, openStore(home, grid));
  const pool = owning(owned, new SignaturePool());
  const client = owning(owned, new Client({ url }));
  const follower = new Follower({ store, rules, client, grid, pool, clock, evidence: evidenceFolder(home, grid) });
  return {
    get state() {
      return follower.state;
    },
    async submit(records, together = false) {
      const outcomes = await handOver(client, grid, records, together, signal);
      if (outcomes.some((outcome) => outcome.ok && outcome.index >= store.size)) await follower.catchUp({ signal });
      return outcomes.map((outcome, i) => believed(store, outcome, records[i]));
    },
    refresh: (onProgress) => follower.catchUp({ signal, onProgress }),
    keepUp: (until) => follower.forever(until),
    onNews: (listener) => follower.onNews(listener),
    [Symbol.asyncDispose]: () => closeAll(owned),
  };
}

/** Opens a copy that follows the files of a mirror; there is no way for a record from there to the grid's home. */
export function openMirrorWriter(parts: WriterParts, lock: Disposable, url: string): Writer {
  const { home, grid, rules, clock, signal } = parts;
  const owned: Owned = [lock];
  const store = owning(owned, openStore(home, grid));
  const pool = owning(owned, new SignaturePool());
  const client = owning(owned, new Mirror(url));
  const follower = new Follower({ store, rules, client, grid, pool, clock });
  return {
    get state() {
      return follower.state;
    },
    submit: async () => {
      throw readOnly(grid, url);
    },
    refresh: (onProgress) => follower.catchUp({ signal, onProgress }),
    keepUp: (until) => follower.forever(until),
    onNews: (listener) => follower.onNews(listener),
    [Symbol.asyncDispose]: () => closeAll(owned),
  };
}

/** Works through the socket of the daemon that holds this home's lock. */
export function openNeighbour({ grid, clock, signal }: WriterParts, socket: string): Writer {
  const client = new Client({ socket });
  return {
    get state() {
      return { lastRead_ms: clock(), problem: null, ended: false };
    },
    submit: (records, together = false) => handOver(client, grid, records, together, signal),
    refresh: () => client.follow(grid, signal),
    keepUp: async () => {
      throw new Error('the daemon keeps up');
    },
    onNews: () => () => undefined,
    isGone: async () => !(await answers(socket, signal)),
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

type Owned = (Disposable | AsyncDisposable)[];

function owning<T extends Disposable | AsyncDisposable>(owned: Owned, one: T): T {
  owned.push(one);
  return one;
}

/** Closes what was opened last first; the lock goes last of all. */
async function closeAll(owned: Owned): Promise<void> {
  for (let one = owned.pop(); one !== undefined; one = owned.pop()) {
    if (Symbol.asyncDispose in one) await one[Symbol.asyncDispose]();
    else one[Symbol.dispose]();
  }
}

/**
 * Hands records to another bot: in as many requests as it takes, or, together, in one.
 * @throws Problem `malformed` where records that belong together do not fit into one request
 */
export async function handOver(client: Client, grid: string, records: readonly SignedRecord[], together: boolean, signal: AbortSignal): Promise<Outcome[]> {
  return inParts(records, async (some) => {
    if (together && some.length < records.length) throw new Problem('malformed', `${records.length} records that belong together are more than one submission holds`, { reason: 'together' });
    return forward(client, grid, some, together, signal);
  });
}

/** A lost reply is made good by asking again: a record that is in the book already gets its line. */
async function forward(client: Client, grid: string, records: readonly SignedRecord[], together: boolean, signal: AbortSignal): Promise<Outcome[]> {
  try {
    return await client.submit(grid, records, together, signal);
  } catch (thrown) {
    // It did answer, and would say the same.
    if (!isProblem(thrown, 'unreachable') || thrown.reason === 'unwitnessed') throw thrown;
  }
  return client.submit(grid, records, together, signal);
}

/** A verdict of the home, held against the own copy: what it calls recorded must be there, under its id and line. */
function believed(store: Store, outcome: Outcome, record: SignedRecord | undefined): Outcome {
  if (!outcome.ok) return outcome;
  const id = sha256Hex(record?.payload ?? '');
  if (outcome.id === id && outcome.index < store.size && store.line(outcome.index).payload === record?.payload) return outcome;
  throw new Problem('integrity', `the home says that record ${id} is line ${outcome.index}, and its book does not hold it there`, { reason: 'withheld' });
}

/** Hands records on in parts that fit one request. */
async function inParts(records: readonly SignedRecord[], hand: (some: SignedRecord[]) => Promise<Outcome[]>): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  let part: SignedRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    // As JSON text; 200 covers the envelope and a signature is 180.
    const size = Buffer.byteLength(JSON.stringify(record.payload)) + 200 * (1 + record.signatures.length);
    if (part.length > 0 && (part.length === MAX_SUBMIT || bytes + size > MAX_BODY_BYTES - 1_000)) {
      outcomes.push(...(await hand(part)));
      part = [];
      bytes = 0;
    }
    part.push(record);
    bytes += size;
  }
  if (part.length > 0) outcomes.push(...(await hand(part)));
  return outcomes;
}
