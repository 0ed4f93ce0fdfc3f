// What must be known of a grid beforehand to believe anything about it: laid down by genesis, changed by its governance
// alone (records witnesses@1 and handover@1), and read from the state that the rules make of them.
import type { JsonObject } from '../base/canonical.js';
import { Problem } from '../base/errors.js';
import type { Genesis, Line } from '../schema/types.js';
import { validated } from '../schema/validate.js';
import { parsePolicy, type Policy } from '../tlog/policy.js';
import { parseRecord } from './record.js';
import type { ReadState } from './rulebook.js';

/** Whose word a checkpoint is. */
export interface Era {
  /** Key that signs checkpoints, hex. */
  readonly log_key: string;
  /** Key that time-stamps them, hex. */
  readonly clock_key: string;
  /** Who must have cosigned a checkpoint before anything below it counts as committed; null: nobody. */
  readonly witnesses: Policy | null;
}

/** An era that is over. */
export interface EarlierEra extends Era {
  /** Lines that its checkpoints cover at the most; above it they are worth nothing. */
  readonly until: number;
  /** When the next home took over, ms; left out where only the witnesses changed. */
  readonly handover_ms?: number;
}

/** The id of a grid, and whose checkpoints it has: a pure function of their size. */
export interface Pinned extends Era {
  /** SHA-256 of the genesis record, hex. */
  readonly grid: string;
  /** Origin of checkpoints, `3bot/<nonce>`. */
  readonly origin: string;
  /** Eras before the present one, oldest first; none where left out. */
  readonly earlier?: readonly EarlierEra[];
}

/** What the object `grid` of the state says on the matter (rules/objects.ts). */
interface GridState {
  readonly id: string;
  readonly origin: string;
  readonly log_key: string;
  readonly clock_key: string;
  readonly witnesses: readonly string[] | null;
  readonly eras?: number;
}

/**
 * Reads what a genesis record pins: all there is to know of a grid whose governance has changed nothing since.
 * @param line line 0 of a book; hostile
 * @param grid the id that is expected, where one is known
 * @throws Problem `integrity` where the record is no genesis or has another id
 */
export function pinnedBy(line: Pick<Line, 'payload'>, grid?: string): Pinned {
  const record = parseRecord(line.payload);
  checkGrid(record.id, grid);
  if (record.payload.kind !== 'genesis@1') throw new Problem('integrity', `line 0 is ${record.payload.kind}, not genesis@1`);
  const { origin, log_key, clock_key, witnesses } = validated<Genesis>('genesis@1', record.payload.body);
  return { grid: record.id, origin, log_key, clock_key, witnesses: policyOf(witnesses) };
}

/**
 * What is trusted of a grid now, by a state that the rules made.
 * @param grid the id that is expected, where one is known
 * @throws Problem `integrity` where the state is of another grid; Error in an empty book
 */
export function trustOf(state: ReadState, grid?: string): Pinned {
  const found = state.get('grid');
  if (found === undefined) throw new Error('a book without genesis');
  const { id, origin, log_key, clock_key, witnesses, eras = 0 } = found as unknown as GridState;
  checkGrid(id, grid);
  const earlier = Array.from({ length: eras }, (_, n) => eraOf(state.get(`era/${n}`) ?? {}));
  return { grid: id, origin, log_key, clock_key, witnesses: policyOf(witnesses), earlier };
}

/** The same trust in the log alone: for those whose word its quorum is made of, and for evidence against it. */
export function withoutWitnesses(pinned: Pinned): Pinned {
  return { ...pinned, witnesses: null, earlier: pinned.earlier?.map((era) => ({ ...era, witnesses: null })) ?? [] };
}

/** Whether a record's text may be a hand-over; canonical JSON has this spelling for its kind and for no text in it. */
export function isHandover(payload: string): boolean {
  return payload.includes('"kind":"handover@1"');
}

/** Whose word a checkpoint of this size is. */
export function eraAt<E extends Partial<Era>>(pinned: E & { readonly earlier?: readonly EarlierEra[] }, size: number): E {
  const over = pinned.earlier?.find(({ until }) => size <= until);
  return over === undefined ? pinned : { ...pinned, ...over };
}

/** A size above all: that of the checkpoints to come. */
export const NEWEST = Infinity;

/** Whether checkpoints of these two sizes are of one home: only what one home has said can contradict itself. */
export function isOneHome(pinned: Pinned, size: number, other: number): boolean {
  return eraAt(pinned, size).log_key === eraAt(pinned, other).log_key;
}

function eraOf(value: JsonObject): EarlierEra {
  const { witnesses, ...era } = value as unknown as Omit<EarlierEra, 'witnesses'> & Pick<GridState, 'witnesses'>;
  return { ...era, witnesses: policyOf(witnesses) };
}

function checkGrid(id: string, grid: string | undefined): void {
  if (grid === undefined || id === grid) return;
  throw new Problem('integrity', `this is grid ${id}, not ${grid}`, { reason: 'other_grid', hint: 'compare the genesis hash with the one the grid\'s owner published' });
}

function policyOf(lines: readonly string[] | null): Policy | null {
  return lines === null ? null : policyOfLines(lines);
}

/** The witness policy of a record, whose lines have no newlines. @throws Problem `malformed`, reason `policy` */
export function policyOfLines(lines: readonly string[]): Policy {
  return parsePolicy(lines.map((line) => `${line}\n`).join(''));
}
