// What must be known of a grid beforehand to believe anything about it: all of it stands in the genesis record.
import { Problem } from '../base/errors.js';
import type { Genesis, Line } from '../schema/types.js';
import { validated } from '../schema/validate.js';
import { parsePolicy, type Policy } from '../tlog/policy.js';
import { parseRecord } from './record.js';

/** The id of a grid and the keys that follow from it. */
export interface Pinned {
  /** SHA-256 of the genesis record, hex. */
  readonly grid: string;
  /** Origin of checkpoints, `3bot/<nonce>`. */
  readonly origin: string;
  /** Key that signs checkpoints, hex. */
  readonly log_key: string;
  /** Key that time-stamps them, hex. */
  readonly clock_key: string;
  /** Who must have cosigned a checkpoint before anything below it counts as committed; null: nobody. */
  readonly witnesses: Policy | null;
}

/**
 * Reads what a genesis record pins.
 * @param line line 0 of a book; hostile
 * @param grid the id that is expected, where one is known
 * @throws Problem `integrity` where the record is no genesis or has another id
 */
export function pinnedBy(line: Pick<Line, 'payload'>, grid?: string): Pinned {
  const record = parseRecord(line.payload);
  if (grid !== undefined && record.id !== grid) {
    throw new Problem('integrity', `this is grid ${record.id}, not ${grid}`, { reason: 'other_grid', hint: 'compare the genesis hash with the one the grid\'s owner published' });
  }
  if (record.payload.kind !== 'genesis@1') throw new Problem('integrity', `line 0 is ${record.payload.kind}, not genesis@1`);
  const { origin, log_key, clock_key, witnesses } = validated<Genesis>('genesis@1', record.payload.body);
  return { grid: record.id, origin, log_key, clock_key, witnesses: witnesses === null ? null : policyOfLines(witnesses) };
}

/** The witness policy of a record, whose lines have no newlines. @throws Problem `malformed`, reason `policy` */
export function policyOfLines(lines: readonly string[]): Policy {
  return parsePolicy(lines.map((line) => `${line}\n`).join(''));
}
