// `bcdb verify`: takes every stored line into an empty book again and compares all that is stored with the result.
import { canonical } from '../base/canonical.js';
import { messageOf, Problem } from '../base/errors.js';
import type { SignaturePool } from '../keys/pool.js';
import type { Line } from '../schema/types.js';
import { openCheckpoint } from './checkpoint.js';
import { ingest } from './ingest.js';
import { MemoryBook } from './memory.js';
import { trustOf } from './pinned.js';
import type { RuleBook } from './rulebook.js';
import type { Store } from './store.js';
import { TILE_WIDTH } from '../tlog/tiles.js';

const PAGE = 512;
/** Pages whose signatures are being checked while an earlier one is folded. */
const AHEAD = 4;

const STORED_LINES = `
  SELECT idx, hex(id) AS id, at, chain, height, kind, leaf, payload, signatures
  FROM record WHERE idx >= ? AND idx < ? ORDER BY idx`;
const STORED_TILES = 'SELECT level, n, hashes FROM tile';

interface StoredLine {
  readonly idx: number;
  readonly id: string;
  readonly at: number;
  /** Symbol. */
  readonly chain: number;
  readonly height: number;
  /** Symbol. */
  readonly kind: number;
  readonly leaf: Buffer;
  readonly payload: string;
  readonly signatures: string;
}

/** What was found to hold. */
export interface Verified {
  readonly size: number;
  readonly root: Buffer;
  readonly signatures: number;
  /** Lines below the kept checkpoint. */
  readonly signed: number;
}

/** What `verify` is given. */
export interface VerifyParts {
  readonly store: Store;
  readonly rules: RuleBook;
  readonly pool: SignaturePool;
  /** Id of the grid that the book must be of. */
  readonly grid: string;
  readonly onProgress?: (lines: number, of: number) => void;
}

/**
 * Verifies a book from its bytes alone.
 * @throws Problem `integrity` that names the first line, object, tile or checkpoint that does not hold
 */
export async function verifyBook(parts: VerifyParts): Promise<Verified> {
  const { store, pool, grid, onProgress } = parts;
  checkDatabase(store);
  store.symbols.forget();
  const book = new MemoryBook();
  let signatures = 0;
  for await (const { rows, lines, checked } of checkedPages(store, pool)) {
    for (const [i, row] of rows.entries()) {
      signatures += foldLine(parts, book, row, lines[i] as Line, checked[i]);
    }
    onProgress?.(book.size, store.size);
  }
  const count = store.db.prepare('SELECT count(*) FROM record').pluck().get() as number;
  if (book.size !== count) throw broken(`line ${book.size} is missing; there are ${count} lines in all`);
  checkObjects(store, book);
  checkTiles(store, book);
  const signed = checkCheckpoint(store, book, grid);
  return { size: book.size, root: book.tree.root(), signatures, signed };
}

interface Page {
  readonly rows: StoredLine[];
  readonly lines: Line[];
  readonly checked: readonly boolean[];
}

/** Pages of lines in order, their signatures checked by workers some pages ahead. */
async function* checkedPages(store: Store, pool: SignaturePool): AsyncGenerator<Page> {
  const select = store.db.prepare(STORED_LINES);
  const ahead: Promise<Page>[] = [];
  let next = 0;
  let more = true;
  while (more || ahead.length > 0) {
    while (more && ahead.length < AHEAD) {
      const rows = select.all(next, next + PAGE) as StoredLine[];
      next += PAGE;
      more = rows.length === PAGE;
      const lines = rows.map(readLine);
      const page = pool.check(lines).then((checked) => ({ rows, lines, checked }));
      page.catch(() => undefined); // thrown where it is awaited
      ahead.push(page);
    }
    yield (await ahead.shift()) as Page;
  }
}

/** A stored row as a line. What a damaged file gives may have any type. */
function readLine({ idx, payload, signatures, at }: StoredLine): Line {
  if (typeof payload !== 'string' || typeof signatures !== 'string') throw broken(`line ${idx}: its record is no text`);
  try {
    return { payload, signatures: JSON.parse(signatures) as Line['signatures'], at };
  } catch {
    throw broken(`line ${idx}: its signatures are no JSON`);
  }
}

/** Takes one line in and compares its row; returns the number of its signatures. */
function foldLine({ store: { symbols }, rules }: VerifyParts, book: MemoryBook, row: StoredLine, line: Line, checked: boolean | undefined): number {
  if (row.idx !== book.size) throw broken(`line ${book.size} is missing`);
  let taken;
  try {
    taken = ingest(book, rules, line, checked);
  } catch (thrown) {
    throw broken(`line ${row.idx}: ${messageOf(thrown)}`, thrown);
  }
  const { id, payload } = taken.record;
  const same =
    row.id === id.toUpperCase() &&
    row.chain === symbols.find(payload.chain) &&
    row.height === payload.height &&
    row.kind === symbols.find(payload.kind) &&
    row.signatures === taken.signaturesText &&
    Buffer.isBuffer(row.leaf) && row.leaf.equals(taken.leaf);
  if (!same) throw broken(`line ${row.idx}: its row is not what its record says`);
  return taken.signatures.length;
}

/** The file's own structure: pages, indexes against tables. */
function checkDatabase(store: Store): void {
  let found: string;
  try {
    found = store.db.pragma('integrity_check(1)', { simple: true }) as string;
  } catch (thrown) {
    throw broken(`the database file is damaged: ${messageOf(thrown)}`, thrown);
  }
  if (found !== 'ok') throw broken(`the database file is damaged: ${found}`);
}

function checkObjects(store: Store, book: MemoryBook): void {
  let count = 0;
  for (const { id, json } of store.storedObjects()) {
    const folded = book.objects.get(id);
    if (folded === undefined) throw broken(`object ${id} does not come from any record`);
    if (canonical(folded) !== json) throw broken(`object ${id} is not what the records make of it`);
    count += 1;
  }
  if (count !== book.objects.size) {
    const ids = new Set([...store.storedObjects()].map(({ id }) => id));
    throw broken(`object ${[...book.objects.keys()].find((id) => !ids.has(id)) ?? ''} is missing`);
  }
}

function checkTiles(store: Store, book: MemoryBook): void {
  if (!store.tree.root().equals(book.tree.root())) throw broken('the stored tree is not what the records make of it');
  let count = 0;
  for (const { level, n, hashes } of store.db.prepare(STORED_TILES).iterate() as IterableIterator<{ level: number; n: number; hashes: Buffer }>) {
    if (book.tile(level, n)?.equals(hashes) !== true) throw broken(`tile ${level}/${n} of the tree is not what the records make of it`);
    count += 1;
  }
  // Level 0 is stored in full tiles only; above it every tile that has begun.
  let expected = Math.floor(book.size / TILE_WIDTH);
  for (let hashes = expected; hashes > 0; hashes = Math.floor(hashes / TILE_WIDTH)) expected += Math.ceil(hashes / TILE_WIDTH);
  if (count !== expected) throw broken(`${count} tiles of the tree are stored, the records make ${expected}`);
}

function checkCheckpoint(store: Store, book: MemoryBook, grid: string): number {
  if (book.size === 0) throw broken('the book is empty');
  const pinned = trustOf(book, grid);
  const kept = store.checkpoint();
  if (kept === undefined) throw broken('there is no checkpoint');
  const { size, root } = openCheckpoint(kept.note, pinned);
  if (size !== kept.size || size > book.size) throw broken(`the checkpoint covers ${size} lines, the book has ${book.size}`);
  if (!book.tree.root(size).equals(root)) throw broken(`the first ${size} lines are not those that the home signed`);
  return size;
}

function broken(what: string, cause?: unknown): Problem {
  return new Problem('integrity', what, { cause, hint: 'fetch the grid again into a new home folder and compare' });
}
