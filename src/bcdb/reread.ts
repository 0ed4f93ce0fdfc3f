// What the threads of `bcdb verify` do with the stored lines that they are given: each reads them through a connection of its own.
import Database from 'better-sqlite3';
import { messageOf } from '../base/errors.js';
import { sha256Hex } from '../base/hash.js';
import { checkOne, isCheckable } from '../keys/batch.js';
import type { Signature } from '../keys/signed.js';
import { HASH_BYTES, leafHex } from '../tlog/merkle.js';
import { entryText } from './entry.js';
import type { Worked } from './ingest.js';
import { signaturesText } from './record.js';
import { Symbols } from './symbols.js';

/** Lines `from` (inclusive) to `to` (exclusive), and what is to be done with them; or the file's own structure. */
export type Task = { readonly of: 'signatures' | 'hashes'; readonly from: number; readonly to: number } | { readonly of: 'file' };

/** What became of a task. */
export interface Answers {
  /** By line: what it hashes to; undefined where a signature does not hold, or what is stored is no record. */
  signatures: (Worked | undefined)[];
  hashes: HashedLines;
  /** What is wrong with the file, or null. */
  file: string | null;
}

/** Lines whose stored hashes are what their bytes make, and which continue their chains. */
export interface HashedLines {
  /** Leaf hashes one after the other; they end before the first line that does not hold. */
  readonly leaves: Uint8Array<ArrayBuffer>;
  /** What does not hold, naming the line. */
  readonly wrong: string | null;
}

const RECORDS = 'SELECT payload, signatures FROM record WHERE idx >= ? AND idx < ? ORDER BY idx';
const ROWS = `SELECT idx, hex(id), at, chain, height, kind, hex(leaf), payload, signatures
  FROM record WHERE idx >= ? AND idx < ? ORDER BY idx`;
const PLACE = 'SELECT idx, hex(id) AS id FROM record WHERE chain = ? AND height = ?';

type Row = [idx: number, id: string, at: number, chain: number, height: number, kind: number, leaf: string, payload: string, signatures: string];

/** Chain ends that a thread remembers before it begins anew; of any other chain the line below is looked up. */
const MAX_ENDS = 20_000;

// A canonical record ends with these fields, none of which can hold a quote.
const TAIL = /^,"chain":"([^"\\]*)","grid":(?:null|"[0-9a-f]{64}"),"height":(\d+),"kind":"([^"\\]*)","prev":(?:null|"([0-9a-f]{64})"),"time":\d+,"v":1\}$/;

/** A reader of a book's file, one a thread. */
export class Rereader implements Disposable {
  readonly #db: Database.Database;
  readonly #symbols: Symbols;
  readonly #records: Database.Statement;
  readonly #rows: Database.Statement;
  readonly #place: Database.Statement;
  /** By chain (symbol): the newest line that was seen. */
  readonly #ends = new Map<number, { height: number; id: string }>();

  constructor(path: string) {
    this.#db = new Database(path, { readonly: true, fileMustExist: true });
    this.#symbols = new Symbols(this.#db);
    this.#records = this.#db.prepare(RECORDS).raw();
    this.#rows = this.#db.prepare(ROWS).raw();
    this.#place = this.#db.prepare(PLACE);
  }

  /** Does a task. @throws whatever SQLite throws at a file that cannot be read */
  do(task: Task): Answers[Task['of']] {
    switch (task.of) {
      case 'signatures':
        return (this.#records.all(task.from, task.to) as [unknown, unknown][]).map(([payload, signatures]) => workOut(payload, signatures));
      case 'hashes':
        return this.#hash(task.from, task.to);
      case 'file':
        return this.#checkFile();
    }
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }

  #hash(from: number, to: number): HashedLines {
    const leaves = Buffer.from(new ArrayBuffer((to - from) * HASH_BYTES));
    let index = from;
    for (const row of this.#rows.all(from, to) as Row[]) {
      const wrong = row[0] === index ? this.#wrongWith(row) : 'is missing';
      if (wrong !== null) return { leaves: leaves.subarray(0, (index - from) * HASH_BYTES), wrong: `line ${index}: ${wrong}` };
      leaves.write(row[6], (index - from) * HASH_BYTES, 'hex');
      index += 1;
    }
    return { leaves: leaves.subarray(0, (index - from) * HASH_BYTES), wrong: index < to ? `line ${index} is missing` : null };
  }

  #wrongWith([idx, storedId, at, chain, height, kind, leaf, payload, signatures]: Row): string | null {
    if (typeof payload !== 'string' || typeof signatures !== 'string') return 'its record is no text';
    const id = sha256Hex(payload);
    if (storedId !== id.toUpperCase()) return 'its id is not the hash of its record';
    if (leaf !== leafHex(entryText(id, signatures, at)).toUpperCase()) return 'its leaf is not the hash of its entry';
    const tail = TAIL.exec(payload.slice(payload.lastIndexOf(',"chain":"')));
    if (tail === null) return 'its record does not end as one';
    if (chain !== this.#symbols.find(tail[1] ?? '') || height !== Number(tail[2]) || kind !== this.#symbols.find(tail[3] ?? '')) return 'its row is not what its record says';
    if (!this.#continues(idx, chain, height, tail[4])) return 'it does not continue its chain';
    if (this.#ends.size >= MAX_ENDS) this.#ends.clear();
    this.#ends.set(chain, { height, id: storedId });
    return null;
  }

  /** Whether the record below on the chain is the one that is named, in an earlier line. */
  #continues(idx: number, chain: number, height: number, prev: string | undefined): boolean {
    if (height === 0) return prev === undefined;
    const end = this.#ends.get(chain);
    if (end?.height === height - 1) return end.id === prev?.toUpperCase();
    const below = this.#place.get(chain, height - 1) as { idx: number; id: string } | undefined;
    return below !== undefined && below.idx < idx && below.id === prev?.toUpperCase();
  }

  /** Pages, and indexes against tables. */
  #checkFile(): string | null {
    try {
      const found = this.#db.pragma('integrity_check(1)', { simple: true }) as string;
      return found === 'ok' ? null : found;
    } catch (thrown) {
      return messageOf(thrown);
    }
  }
}

/** Checks a line's signatures and works out its hashes; `ingest` decides what it means where that fails. */
function workOut(payload: unknown, stored: unknown): Worked | undefined {
  if (typeof payload !== 'string' || typeof stored !== 'string') return undefined;
  let signatures: readonly Signature[];
  try {
    signatures = JSON.parse(stored) as readonly Signature[];
  } catch {
    return undefined;
  }
  const record = { payload, signatures };
  if (!isCheckable(record) || !checkOne(record)) return undefined;
  const text = signaturesText(signatures);
  return { id: sha256Hex(payload), signatures: sha256Hex(text) };
}
