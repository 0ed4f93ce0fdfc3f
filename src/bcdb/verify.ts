// `bcdb verify`: takes every stored line into an empty book again and compares all that is stored with the result.
import { messageOf } from '../base/errors.js';
import { HASH_BYTES } from '../tlog/merkle.js';
import type { Line } from '../schema/types.js';
import { ingest, type Checked } from './ingest.js';
import { Rereaders } from './rereaders.js';
import type { RuleBook } from './rulebook.js';
import { ScratchBook } from './scratch.js';
import type { Store } from './store.js';
import { broken, checkCheckpoint, CheckedTree, checkObjects } from './stored.js';

const ROWS = `
  SELECT idx, hex(id), at, chain, height, kind, hex(leaf), payload, signatures
  FROM record WHERE idx >= ? AND idx < ? ORDER BY idx`;

/** What a damaged file gives may have any type. */
type Row = readonly [idx: number, id: string, at: number, chain: number, height: number, kind: number, leaf: string, payload: string, signatures: string];

/** Lines after which another run could go on; a few seconds of work that would be lost. */
const KEEP_EVERY = 51_200;

/** What is being done: hashes alone, all of the lines, what is stored beside them, the database file's own structure; states of state roots. */
export type Step = 'hashes' | 'lines' | 'stored' | 'file' | 'states';

/** What was found to hold. */
export interface Verified {
  readonly size: number;
  readonly root: Buffer;
  /** Signatures that were checked now. */
  readonly signatures: number;
  /** Lines below the kept checkpoint. */
  readonly signed: number;
  /** Lines whose signatures and rules an earlier, interrupted run had checked; of them only the hashes were checked now. */
  readonly resumed: number;
}

/** What `verify` is given. */
export interface VerifyParts {
  /** The book, under one read transaction for the whole time. */
  readonly store: Store;
  readonly rules: RuleBook;
  /** Id of the grid that the book must be of. */
  readonly grid: string;
  /** File in which an interrupted run is kept; without it none is. It is removed at the end. */
  readonly scratch?: string | undefined;
  /** Which program this is: an interrupted run of another one, whose rules may differ, is not gone on with. */
  readonly by?: string;
  readonly onProgress?: ((step: Step, lines: number, of: number) => void) | undefined;
  /** Ends the run between two pages; it can be gone on with. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Verifies a book from its bytes alone.
 * @throws Problem `integrity` that names the first line, object, tile or checkpoint that does not hold
 */
export async function verifyBook(parts: VerifyParts): Promise<Verified> {
  const { store, grid, scratch, onProgress } = parts;
  checkNumber(store);
  await using readers = new Rereaders(store.db.name, store.size);
  const file = checkFile(readers);
  const tree = new CheckedTree(store);
  using book = scratch === undefined ? ScratchBook.passing(tree) : ScratchBook.open(scratch, tree);
  await goOn(parts, readers, book);
  const resumed = book.size;
  const signatures = await foldLines(parts, readers, book);
  onProgress?.('stored', store.size, store.size);
  using objects = book.objects();
  checkObjects(store, objects);
  book.tree.finish();
  const signed = checkCheckpoint(store, book, book.tree, grid);
  onProgress?.('file', store.size, store.size);
  await file();
  return { size: book.size, root: book.tree.root(), signatures, signed, resumed };
}

/**
 * `bcdb verify --hashes`: what is stored of each line is what its bytes make, it continues its chain, and all of them
 * together are what the home signed. No signature of a record is checked, no rule is run, and the database file's own
 * structure is left alone; which keys sign for the home is what the stored state says.
 * @throws Problem `integrity`
 */
export async function verifyHashes(parts: Omit<VerifyParts, 'rules'>): Promise<Omit<Verified, 'signatures' | 'resumed'>> {
  const { store, grid, onProgress } = parts;
  checkNumber(store);
  await using readers = new Rereaders(store.db.name, store.size);
  const tree = new CheckedTree(store);
  await hashLines(parts, readers, tree, store.size);
  if (store.grid !== grid) throw broken(`this is grid ${store.grid}, not ${grid}`);
  onProgress?.('stored', store.size, store.size);
  tree.finish();
  const signed = checkCheckpoint(store, store, tree, grid);
  return { size: tree.size, root: tree.root(), signed };
}

/** Numbers from 0 without a gap. */
function checkNumber({ db, size, symbols }: Store): void {
  symbols.forget();
  if (size === 0) throw broken('the book is empty');
  const count = db.prepare('SELECT count(*) FROM record').pluck().get() as number;
  if (count !== size) throw broken(`the newest line is ${size - 1}, there are ${count} lines in all`);
}

/** Has the database file's own structure looked at beside everything else; what is returned waits for the verdict. */
function checkFile(readers: Rereaders): () => Promise<void> {
  const found = readers.file();
  found.catch(() => undefined); // thrown where it is awaited
  return async () => {
    const wrong = await found;
    if (wrong !== null) throw broken(`the database file is damaged: ${wrong}`);
  };
}

/** Stands where an interrupted run was, if its lines are still the same to the last bit; else begins anew. */
async function goOn(parts: VerifyParts, readers: Rereaders, book: ScratchBook): Promise<void> {
  const { found } = book;
  if (found === undefined) return;
  if (found.by === parts.by && found.grid === parts.grid && found.size <= parts.store.size) {
    await hashLines(parts, readers, book.tree, found.size);
    if (book.tree.root().toString('hex') === found.root) {
      book.resume(found);
      return;
    }
  }
  book.clear(new CheckedTree(parts.store));
}

async function hashLines({ onProgress, signal }: Pick<VerifyParts, 'onProgress' | 'signal'>, readers: Rereaders, tree: CheckedTree, to: number): Promise<void> {
  for await (const { answer: { leaves, wrong } } of readers.work('hashes', 0, to)) {
    if (wrong !== null) throw broken(wrong);
    const bytes = Buffer.from(leaves.buffer, leaves.byteOffset, leaves.length);
    tree.append(Array.from({ length: bytes.length / HASH_BYTES }, (_, i) => bytes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES)));
    onProgress?.('hashes', tree.size, to);
    signal?.throwIfAborted();
  }
}

/** Takes every line from the book's size on; returns the number of their signatures. */
async function foldLines({ store, rules, by = '', onProgress, signal }: VerifyParts, readers: Rereaders, book: ScratchBook): Promise<number> {
  const select = store.db.prepare(ROWS).raw();
  let signatures = 0;
  let kept = book.size;
  for await (const { from, to, answer } of readers.work('signatures', book.size, store.size)) {
    for (const [i, row] of (select.all(from, to) as Row[]).entries()) signatures += foldLine(store, rules, book, row, answer[i]);
    book.settle();
    onProgress?.('lines', book.size, store.size);
    if (book.size >= kept + KEEP_EVERY || signal?.aborted === true) {
      book.keep(by);
      kept = book.size;
      signal?.throwIfAborted();
    }
  }
  return signatures;
}

/** Takes one line in and compares its row; returns the number of its signatures. */
function foldLine({ symbols }: Store, rules: RuleBook, book: ScratchBook, row: Row, checked: Checked): number {
  const [idx, id, , chain, height, kind, leaf, , signatures] = row;
  if (idx !== book.size) throw broken(`line ${book.size} is missing`);
  let taken;
  try {
    taken = ingest(book, rules, lineOf(row), checked);
  } catch (thrown) {
    throw broken(`line ${idx}: ${messageOf(thrown)}`, thrown);
  }
  const { id: recordId, payload } = taken.record;
  const same =
    id === recordId.toUpperCase() &&
    chain === symbols.find(payload.chain) &&
    height === payload.height &&
    kind === symbols.find(payload.kind) &&
    signatures === taken.signaturesText &&
    leaf === taken.leaf.toString('hex').toUpperCase();
  if (!same) throw broken(`line ${idx}: its row is not what its record says`);
  return taken.signatures.length;
}

function lineOf([idx, , at, , , , , payload, signatures]: Row): Line {
  if (typeof payload !== 'string' || typeof signatures !== 'string') throw broken(`line ${idx}: its record is no text`);
  try {
    return { payload, signatures: JSON.parse(signatures) as Line['signatures'], at };
  } catch {
    throw broken(`line ${idx}: its signatures are no JSON`);
  }
}
