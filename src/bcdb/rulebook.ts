// What the book asks of rules. The book itself knows no kinds; src/rules/all.ts is the one RuleBook there is.
import type { JsonObject } from '../base/canonical.js';
import type { ParsedRecord } from './record.js';

/** State as a rule may read it: one map from object id to JSON. What `get` returns is shared: never change it. */
export interface ReadState {
  get(id: string): JsonObject | undefined;
}

/** State whose objects can be listed too: as of now (a copy), or as of then (a fold). */
export interface Objects extends ReadState {
  /** Objects whose id starts with the prefix, in order of id, after the given id; at most `limit`. */
  objects(prefix: string, limit: number, after?: string): { id: string; value: JsonObject }[];
}

/** State as a rule may write it; `put` replaces the whole object. */
export interface State extends ReadState {
  put(id: string, value: JsonObject): void;
}

/** When and where a record is taken in. */
export interface Moment {
  /** The home's time of intake, ms since 1970; never runs backwards within a book. */
  readonly at: number;
  /** The line's number, from 0. */
  readonly index: number;
}

/** Who may sign a record, and who must; known before any signature is checked. */
export interface Expected {
  /** Keys (hex) that may sign, each with the party it speaks for; any other signature is surplus. */
  readonly allowed: ReadonlyMap<string, string>;
  /**
   * Whether these signers are enough.
   * @throws Problem `refused`, reason `signatures`, that names who is missing
   */
  check(signed: ReadonlySet<string>): void;
  /** The parties whose signatures are still needed, or would do in place of others; none where these are enough. */
  missing(signed: ReadonlySet<string>): string[];
}

/** The rules of a book: pure functions of state, record and moment. */
export interface RuleBook {
  /**
   * Names the signers of a record.
   * @throws Problem `refused` where state shows already that the record cannot be taken; `failed`, reason
   *   `unknown_kind`, where the record's kind needs a newer release
   */
  expected(state: ReadState, record: ParsedRecord, moment: Moment): Expected;
  /**
   * Decides and carries out: either all of the record's changes are put, or it throws and none is.
   * @throws Problem `refused` with a reason
   */
  apply(state: State, record: ParsedRecord, moment: Moment): void;
}
