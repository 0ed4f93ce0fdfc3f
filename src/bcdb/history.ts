// A chain from its first record on: who signed what when, and what each record changed in the state.
import { changes, type Change } from '../base/changes.js';
import type { JsonObject } from '../base/canonical.js';
import { Problem } from '../base/errors.js';
import { Fold, foldLine, foldLines, type FoldOptions } from './fold.js';
import { recordAt, type Found } from './record-at.js';
import type { RuleBook, State } from './rulebook.js';
import type { Reader } from './reader.js';

/** An object that a record changed. */
export interface Changed {
  readonly object: string;
  /** It was not there before. */
  readonly isNew: boolean;
  readonly changes: readonly Change[];
}

/** A record of a chain, and what it did. */
export interface Step {
  readonly found: Found;
  readonly changed: readonly Changed[];
}

/**
 * All records of a chain in order, each with what its rule made of the state: one fold up to the chain's end.
 * @throws Problem `not_found` where the book has no such chain
 */
export async function historyOf(reader: Reader, rules: RuleBook, chain: string, { onProgress, signal }: FoldOptions = {}): Promise<Step[]> {
  const lines = linesOf(reader, chain);
  const of = (lines.at(-1) ?? 0) + 1;
  const options = { signal, onProgress: (done: number) => onProgress?.(done, of) };
  const steps: Step[] = [];
  const state = new Traced();
  let folded = 0;
  for (const index of lines) {
    await foldLines(state, reader, rules, folded, index, options);
    state.begin();
    foldLine(state, rules, reader.line(index), index);
    folded = index + 1;
    steps.push({ found: recordAt(reader, index), changed: state.end() });
  }
  return steps;
}

/** Numbers of a chain's lines, ascending. */
function linesOf(reader: Reader, chain: string): number[] {
  const head = reader.head(chain);
  if (head === undefined) throw new Problem('not_found', `no chain ${chain} in this book`, { hint: '3bot bcdb query' });
  return Array.from({ length: head.height + 1 }, (_, height) => {
    const line = reader.lineAt(chain, height);
    if (line === undefined) throw new Problem('integrity', `height ${height} of chain ${chain} is missing`, { hint: '3bot bcdb verify' });
    return line.index;
  });
}

/** State that notes what is put from `begin` to `end`. */
class Traced implements State {
  readonly #fold = new Fold();
  readonly #before = new Map<string, JsonObject | undefined>();

  begin(): void {
    this.#before.clear();
  }

  end(): Changed[] {
    return [...this.#before]
      .map(([object, was]) => ({ object, isNew: was === undefined, changes: changes(was, this.#fold.get(object)) }))
      .filter((changed) => changed.changes.length > 0);
  }

  get(id: string): JsonObject | undefined {
    return this.#fold.get(id);
  }

  put(id: string, value: JsonObject): void {
    if (!this.#before.has(id)) this.#before.set(id, this.#fold.get(id));
    this.#fold.put(id, value);
  }
}
