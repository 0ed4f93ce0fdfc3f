// What of a draft has changed since its signer last looked: a plain comparison of what is shown.
import { MAX_COMPARED_ROWS } from '../base/limits.js';
import type { Row } from './kinds.js';

/** A row that is gone (`-`) or new (`+`). */
export type RowChange = readonly [sign: '-' | '+', row: Row];

/** Rows that are not in both, in reading order; nothing that differs is left out. Large changes are shown as a whole. */
export function rowChanges(before: readonly Row[], after: readonly Row[]): RowChange[] {
  const same = (i: number, j: number): boolean => before[i]?.[0] === after[j]?.[0] && before[i]?.[1] === after[j]?.[1];
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && same(head, head)) head += 1;
  let tail = 0;
  while (tail < shorter - head && same(before.length - 1 - tail, after.length - 1 - tail)) tail += 1;
  const gone = before.slice(head, before.length - tail);
  const added = after.slice(head, after.length - tail);
  const kept = gone.length * added.length > MAX_COMPARED_ROWS ** 2 ? new Set<number>() : common(gone, added);
  return merged(gone, added, kept);
}

/** Places in `gone` of a longest row of rows that stand in both, in order (LCS). */
function common(gone: readonly Row[], added: readonly Row[]): Set<number> {
  const [texts, others] = [gone, added].map((rows) => rows.map((row) => JSON.stringify(row))) as [string[], string[]];
  const longest = Array.from({ length: texts.length + 1 }, () => new Uint32Array(others.length + 1));
  const at = (i: number, j: number): number => longest[i]?.[j] ?? 0;
  for (let i = texts.length - 1; i >= 0; i -= 1) {
    for (let j = others.length - 1; j >= 0; j -= 1) (longest[i] as Uint32Array)[j] = texts[i] === others[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  }
  const kept = new Set<number>();
  for (let i = 0, j = 0; i < texts.length && j < others.length; ) {
    if (texts[i] === others[j]) kept.add(i), (i += 1), (j += 1);
    else if (at(i + 1, j) >= at(i, j + 1)) i += 1;
    else j += 1;
  }
  return kept;
}

function merged(gone: readonly Row[], added: readonly Row[], kept: ReadonlySet<number>): RowChange[] {
  const changes: RowChange[] = [];
  let next = 0;
  const addUntil = (text: string | undefined): void => {
    while (next < added.length && JSON.stringify(added[next]) !== text) changes.push(['+', added[next++] as Row]);
  };
  for (const [i, row] of gone.entries()) {
    if (!kept.has(i)) changes.push(['-', row]);
    else addUntil(JSON.stringify(row)), (next += 1);
  }
  addUntil(undefined);
  return changes;
}
