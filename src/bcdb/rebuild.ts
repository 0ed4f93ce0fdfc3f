// Takes every line of one book's file into another, new one: what is there afterwards was checked, whatever lay in the first.
import type { Clock } from '../base/clock.js';
import { messageOf, Problem } from '../base/errors.js';
import { MAX_CLOCK_SKEW_MS, MAX_LINES, MAX_LINES_BYTES } from '../base/limits.js';
import type { SignaturePool } from '../keys/pool.js';
import type { Line } from '../schema/types.js';
import { openCheckpoint } from './checkpoint.js';
import { ingest } from './ingest.js';
import { pinnedBy } from './pinned.js';
import type { RuleBook } from './rulebook.js';
import type { Store } from './store.js';

/** What is rebuilt from what. */
export interface RebuildParts {
  /** Hostile, all of it. */
  readonly source: Store;
  /** Empty. */
  readonly target: Store;
  readonly rules: RuleBook;
  readonly pool: SignaturePool;
  /** Id of the grid that the book must be of. */
  readonly grid: string;
  readonly clock: Clock;
  /** Also lines that the home had recorded and not yet signed; only the home itself may hold such. */
  readonly withUnsigned: boolean;
  readonly signal: AbortSignal;
  readonly onProgress?: ((lines: number, of: number) => void) | undefined;
}

/**
 * Takes the lines of `source` into `target`, each through `ingest`, and holds the tree against the checkpoint in it.
 * @throws Problem `integrity` that names the first line or proof that does not hold; the signal's reason. `target` is
 *   of no use then
 */
export async function rebuildBook(parts: RebuildParts): Promise<void> {
  const { source, target, grid, clock, withUnsigned } = parts;
  const kept = source.checkpoint();
  if (kept === undefined) throw broken('there is no checkpoint');
  const pinned = pinnedBy(source.line(0), grid);
  const { size: signed, root, time_ms } = openCheckpoint(kept.note, pinned);
  if (signed > source.size) throw broken(`the checkpoint covers ${signed} lines, there are ${source.size}`);
  if (time_ms > clock() + MAX_CLOCK_SKEW_MS) throw new Problem('unreachable', 'its checkpoint is from the future', { reason: 'clocks', hint: 'check the clock of this machine' });
  await takeLines(parts, withUnsigned ? source.size : signed);
  if (!target.tree.root(signed).equals(root)) throw broken(`its first ${signed} lines are not those that the home signed`);
  target.keepCheckpoint(signed, kept.note);
}

async function takeLines({ source, target, rules, pool, signal, onProgress }: RebuildParts, to: number): Promise<void> {
  const read = (from: number): { lines: Line[]; checked: Promise<readonly boolean[]> } => {
    const lines = someLines(source, from, to);
    const checked = pool.check(lines);
    checked.catch(() => undefined); // looked at when its turn comes
    return { lines, checked };
  };
  for (let page = read(0); page.lines.length > 0; ) {
    const next = read(target.size + page.lines.length);
    const checked = await page.checked;
    if (signal.aborted) throw signal.reason;
    target.transact((book) => {
      for (const [i, line] of page.lines.entries()) {
        try {
          ingest(book, rules, line, checked[i]);
        } catch (thrown) {
          throw thrown instanceof Problem && thrown.reason !== 'unknown_kind' ? broken(`line ${book.size}: ${messageOf(thrown)}`, thrown) : thrown;
        }
      }
    });
    onProgress?.(target.size, to);
    page = next;
  }
  if (target.size < to) throw broken(`line ${target.size} is missing`);
}

/** Lines from `from` on, as many as are checked and committed at once; at least one where there is one. */
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

function broken(what: string, cause?: unknown): Problem {
  return new Problem('integrity', what, { cause });
}
