// State as it was: the rules run again over a beginning of the book. Its lines passed every check when they came;
// here nothing is worked out but what they change.
import { setImmediate as breath } from 'node:timers/promises';
import type { JsonObject } from '../base/canonical.js';
import { isProblem, Problem } from '../base/errors.js';
import { sha256Hex } from '../base/hash.js';
import type { Line, Payload } from '../schema/types.js';
import type { Objects, RuleBook, State } from './rulebook.js';
import type { Reader } from './reader.js';

/** Lines between two breaths: a few milliseconds, so that a server answers and a progress line moves meanwhile. */
const SLICE = 128;

/** What folding may be told. */
export interface FoldOptions {
  readonly onProgress?: ((lines: number, of: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** State that the lines taken so far make, in memory. */
export class Fold implements State, Objects {
  readonly #objects = new Map<string, JsonObject>();

  get(id: string): JsonObject | undefined {
    return this.#objects.get(id);
  }

  put(id: string, value: JsonObject): void {
    this.#objects.set(id, value);
  }

  objects(prefix: string, limit: number, after = ''): { id: string; value: JsonObject }[] {
    const ids = [...this.#objects.keys()].filter((id) => id.startsWith(prefix) && id > after).sort();
    return ids.slice(0, limit).map((id) => ({ id, value: this.#objects.get(id) as JsonObject }));
  }
}

/**
 * Carries one line of a book out on the state that the lines below it make.
 * @param line of a book that was checked when it was taken in; nothing of it is checked again but the shape of its body
 * @param index its number
 * @throws Problem `integrity` where the rules refuse it: then it was never checked, or the file was altered
 */
export function foldLine(state: State, rules: RuleBook, line: Line, index: number): void {
  try {
    const record = { id: sha256Hex(line.payload), text: line.payload, payload: JSON.parse(line.payload) as Payload };
    rules.apply(state, record, { at: line.at, index });
  } catch (thrown) {
    if (isProblem(thrown, 'failed')) throw thrown;
    throw new Problem('integrity', `line ${index} of the own book does not hold`, { hint: '3bot bcdb verify', cause: thrown });
  }
}

/** Folds lines `from` (inclusive) to `to` (exclusive) into a state, with a breath now and then. @throws Problem `not_found`, `integrity` */
export async function foldLines(state: State, reader: Reader, rules: RuleBook, from: number, to: number, { onProgress, signal }: FoldOptions = {}): Promise<void> {
  let index = from;
  for (const line of reader.lines(from, to)) {
    foldLine(state, rules, line, index);
    index += 1;
    if (index % SLICE !== 0) continue;
    onProgress?.(index, to);
    await breath();
    signal?.throwIfAborted();
  }
  if (index < to) throw new Problem('not_found', `the book has ${index} lines, not ${to}`);
}

/** The state that the first `size` lines of a book make. @throws Problem `not_found` where it has fewer */
export async function foldTo(reader: Reader, rules: RuleBook, size: number, options: FoldOptions = {}): Promise<Fold> {
  const fold = new Fold();
  await foldLines(fold, reader, rules, 0, size, options);
  return fold;
}

/** How many lines were taken in at or before a time; `at` never runs backwards, so halving finds it. */
export function linesUntil(reader: Reader, time_ms: number): number {
  let low = 0;
  let high = reader.size;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (reader.line(middle).at <= time_ms) low = middle + 1;
    else high = middle;
  }
  return low;
}
