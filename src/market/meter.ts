// Entries of a meter: a node's word, or a third bot's, that the node is up; once a heartbeat, in the book.
import { setTimeout as pause } from 'node:timers/promises';
import { isProblem } from '../base/errors.js';
import { MAX_RETRY_MS } from '../base/limits.js';
import type { Reader } from '../bcdb/reader.js';
import type { Signer } from '../keys/ed25519.js';
import { appendSigned, type Appended } from '../net/compose.js';
import type { Grid } from '../net/grid.js';
import { read, readGrid } from '../rules/objects.js';
import type { Seen, Status } from '../schema/types.js';

/** First version of the rules with meters. */
const METERED_SINCE = 2;
/** Part of a heartbeat after which what failed is tried again; entries up to half a heartbeat late count. */
export const AGAIN_PART = 20;

/** However far the next entry is, the clock is looked at again: machines sleep, and clocks are set. */
const MAX_SLEEP_MS = 3_600_000;

/** Whether the rules of a grid know meters. */
export function hasMeters(reader: Reader): boolean {
  return readGrid(reader).rules >= METERED_SINCE;
}

/** What shows that a record was not written before the copy held these lines. */
export function seenOf(reader: Reader): Seen {
  const { size } = reader;
  return { size, root: reader.tree.root(size).toString('hex') };
}

/** When a meter's next entry of a node may be recorded, ms by the home's clock; 0 where it has none yet. @param meter, node keys, hex */
export function nextEntryAt(reader: Reader, meter: string, node: string): number {
  const last = read(reader, 'meter', `${meter}/${node}`);
  return last === undefined ? 0 : last.at + readGrid(reader).heartbeat_ms;
}

/**
 * Makes an entry: says that the node is up, and has seen all lines of the own copy.
 * @param signer the meter: the node's key or a bot's
 * @param node key, hex
 * @returns null where the home found it too early; clocks differ
 * @throws Problem what `appendSigned` throws
 */
export async function confirm(grid: Grid, signer: Signer, node: string): Promise<Appended | null> {
  const body = (reader: Reader): Status => ({ node, seen: seenOf(reader) });
  try {
    return await appendSigned<Status>(grid, { chain: `meter/${signer.key}`, kind: 'status@1', body }, [signer]);
  } catch (thrown) {
    if (isProblem(thrown, 'refused', 'meter')) return null;
    throw thrown;
  }
}

/** What a bot that meters a node does while it runs. */
export interface Watching {
  readonly grid: Grid;
  /** The meter. */
  readonly signer: Signer;
  /** Node key, hex. */
  readonly node: string;
  /** Whether the node is up, asked before each entry: null, or why not. */
  readonly check: () => Promise<string | null>;
  readonly signal: AbortSignal;
  /** An entry was made, or why none was. */
  readonly tell: (why: string | null) => void;
}

/**
 * Makes an entry once a heartbeat while the check holds, until the signal ends. A check that fails, and a home that is
 * away, leave time unconfirmed unless they are back within half a heartbeat.
 */
export async function watchNode({ grid, signer, node, check, signal, tell }: Watching): Promise<void> {
  while (!signal.aborted) {
    const { heartbeat_ms } = readGrid(grid.reader);
    const again_ms = Math.min(heartbeat_ms / AGAIN_PART, MAX_RETRY_MS);
    const wait_ms = nextEntryAt(grid.reader, signer.key, node) - grid.clock();
    if (wait_ms > 0) {
      await pause(Math.min(wait_ms, MAX_SLEEP_MS), undefined, { signal }).catch(() => undefined);
      continue;
    }
    const why = await check().then((failed) => failed ?? confirm(grid, signer, node).then((entry) => (entry === null ? undefined : null))).catch(whyNot);
    if (why !== undefined) tell(why);
    if (why !== null) await pause(again_ms, undefined, { signal }).catch(() => undefined);
  }
}

function whyNot(thrown: unknown): string {
  if (isProblem(thrown, 'unreachable') || isProblem(thrown, 'busy') || isProblem(thrown, 'interrupted')) return thrown.message;
  throw thrown;
}
