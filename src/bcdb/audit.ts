// Holds every state root in a book against the fold of the lines that it names.
import { Problem } from '../base/errors.js';
import type { Payload, StateRoot } from '../schema/types.js';
import { validated } from '../schema/validate.js';
import type { FoldOptions } from './fold.js';
import type { RuleBook } from './rulebook.js';
import type { StateFile } from './statefile.js';
import type { Reader } from './reader.js';

/** Kind of a record that names a state root; it stands on `state/<log key>`. */
export const STATE_KIND = 'state@1';

/** A state root as the book has it. */
export interface StateRecord extends StateRoot {
  /** Line of the record. */
  readonly line: number;
}

/** Reads a record that names a state root. @throws Problem `malformed` */
export function stateRootOf({ body }: Pick<Payload, 'body'>): StateRoot {
  return validated<StateRoot>(STATE_KIND, body);
}

/** The state roots in lines `from` (inclusive) to `to` (exclusive) of a book that was checked. */
function* stateRecords(reader: Reader, from: number, to: number): Generator<StateRecord> {
  let index = from;
  for (const { payload: text } of reader.lines(from, to)) {
    const line = index;
    index += 1;
    // Most lines are told apart without being parsed.
    if (!text.includes(`"kind":"${STATE_KIND}"`)) continue;
    const payload = JSON.parse(text) as Payload;
    if (payload.kind === STATE_KIND) yield { ...stateRootOf(payload), line };
  }
}

/**
 * A lagging fold that stops at every size that a state root names and compares. What it has found to hold is not looked
 * at again.
 */
export class StateAudit {
  readonly #reader: Reader;
  readonly #rules: RuleBook;
  readonly #file: StateFile;
  #checked = 0;

  /** @param file of its own, `StateFile.open('')`: one that is shared could be moved by others */
  constructor(reader: Reader, rules: RuleBook, file: StateFile) {
    this.#reader = reader;
    this.#rules = rules;
    this.#file = file;
  }

  /**
   * Checks the state roots in the first `to` lines.
   * @returns how many were checked now
   * @throws Problem `integrity`, reason `state_root`, that names the first line whose root is not that of the state
   */
  async check(to: number, options: FoldOptions = {}): Promise<number> {
    let count = 0;
    for (const record of stateRecords(this.#reader, this.#checked, to)) {
      const { line, size, root, buckets } = record;
      const point = await this.#file.advance(this.#reader, this.#rules, size, buckets, options);
      if (point.root.toString('hex') !== root) throw falseRoot(record, point.root);
      this.#checked = line + 1;
      count += 1;
    }
    this.#checked = Math.max(this.#checked, to);
    return count;
  }
}

/** What is said of a home whose state root is not that of the state. */
export function falseRoot({ line, size, root }: StateRecord, really: Buffer): Problem {
  return new Problem('integrity', `line ${line} says that the first ${size} lines make a state with root ${root}; they make ${really.toString('hex')}`, {
    reason: 'state_root',
    hint: "the grid's home has signed what is not so: keep this book, and show the line to those who share the grid (3bot receipt get)",
  });
}
