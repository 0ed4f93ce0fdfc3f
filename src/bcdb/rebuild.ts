// Takes every line of one book's file into another, new one, as a copy takes what its home sends: what is there
// afterwards was checked, whatever lay in the first.
import { toBase64 } from '../base/bytes.js';
import { Problem } from '../base/errors.js';
import { MAX_LINES, MAX_LINES_BYTES } from '../base/limits.js';
import type { SignaturePool } from '../keys/pool.js';
import type { Line } from '../schema/types.js';
import { ingestBatch, type CopyParts } from './copy.js';
import { ingest } from './ingest.js';
import type { Store } from './store.js';

/** What is rebuilt from what; `store` is the new book, empty. */
export interface RebuildParts extends CopyParts {
  /** Hostile, all of it. */
  readonly source: Store;
  readonly pool: SignaturePool;
  /** Also lines that the home had recorded and not yet signed; only the home itself may hold such. */
  readonly withUnsigned: boolean;
  readonly signal: AbortSignal;
  readonly onProgress?: ((lines: number, of: number) => void) | undefined;
}

interface Page {
  readonly lines: readonly Line[];
  readonly checked: Promise<readonly boolean[]>;
}

/**
 * Takes the lines of `source` into `store`, up to its newest checkpoint, each batch proven as a home proves it.
 * @throws Problem `integrity` that names the first line or proof that does not hold; the signal's reason. `store` is of
 *   no use then
 */
export async function rebuildBook(parts: RebuildParts): Promise<void> {
  const { source, store, rules, withUnsigned } = parts;
  const newest = source.checkpoint();
  if (newest === undefined) throw new Problem('integrity', 'there is no checkpoint');
  while (store.size < newest.size) {
    const { size, note } = source.milestone(store.size) ?? newest;
    for await (const { lines, checked } of pages(parts, store.size, size)) {
      const consistency = source.tree.consistencyProof(store.size + lines.length, size).map(toBase64);
      ingestBatch(parts, { lines, trailer: { checkpoint: note, consistency } }, checked);
    }
    if (store.size < size) throw new Problem('integrity', `line ${store.size} is missing; the checkpoint covers ${size}`);
  }
  if (!withUnsigned) return;
  for await (const { lines, checked } of pages(parts, store.size, source.size)) {
    store.transact((book) => lines.forEach((line, i) => void ingest(book, rules, line, checked[i])));
  }
}

/** Lines in order, in batches whose signatures are checked while the one before is taken in. */
async function* pages({ source, pool, signal, onProgress }: RebuildParts, from: number, to: number): AsyncGenerator<{ lines: readonly Line[]; checked: readonly boolean[] }> {
  const read = (start: number): Page => {
    const lines = someLines(source, start, to);
    const checked = pool.check(lines);
    checked.catch(() => undefined); // looked at when its turn comes
    return { lines, checked };
  };
  let done = from;
  for (let page = read(done); page.lines.length > 0; ) {
    const { lines } = page;
    const next = read(done + lines.length);
    const checked = await page.checked;
    if (signal.aborted) throw signal.reason;
    yield { lines, checked };
    done += lines.length;
    onProgress?.(done, to);
    page = next;
  }
}

/** Lines from `from` on, as many as are taken in at once; at least one where there is one. */
function someLines(source: Store, from: number, to: number): Line[] {
  const lines: Line[] = [];
  let chars = 0;
  for (const line of source.lines(from, Math.min(to, from + MAX_LINES))) {
    lines.push(line);
    chars += line.payload.length;
    if (chars > MAX_LINES_BYTES) break;
  }
  return lines;
}
