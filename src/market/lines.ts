// Lines of a book that concern something, in order, found by its index.
import { MAX_ROWS } from '../base/limits.js';
import { askLines } from '../bcdb/query/answer.js';
import { NEWEST_FIRST, type Condition } from '../bcdb/query/expression.js';
import type { Reader } from '../bcdb/reader.js';

/** What narrows them. */
export interface Narrow {
  /** `farm/<id>`, `node/<key>`, `contract/<id>` …: what a record concerns. */
  readonly tag?: string;
  /** Key among the signers, hex. */
  readonly signer?: string;
  readonly kind?: string;
  /** Taken in at or after this time, ms. */
  readonly since?: number;
}

/** Numbers of all lines that fit, oldest first. @param most no more than these are given @throws what the index throws */
export function linesOf(reader: Reader, { tag, signer, kind, since }: Narrow, most = Infinity): number[] {
  const is = (field: string, value: string | undefined): Condition[] => (value === undefined ? [] : [{ type: 'condition', field, operator: '=', values: [value] }]);
  const at: Condition[] = since === undefined ? [] : [{ type: 'condition', field: 'at', operator: '>=', values: [BigInt(since)] }];
  const where = { type: 'and' as const, of: [...is('tag', tag), ...is('signer', signer), ...is('kind', kind), ...at] };
  const lines: number[] = [];
  for (let cursor: string | undefined; lines.length < most; ) {
    const page = askLines(reader, { where, order: { field: 'at', descending: false }, limit: null }, { cursor, limit: MAX_ROWS });
    lines.push(...page.lines);
    if (page.next === null) break;
    cursor = page.next;
  }
  return lines.slice(0, most);
}

/** Numbers of the newest lines that fit, newest first, at most so many. @throws what the index throws */
export function newestOf(reader: Reader, { tag, signer }: Pick<Narrow, 'tag' | 'signer'>, most: number): readonly number[] {
  const where: Condition = tag === undefined ? { type: 'condition', field: 'signer', operator: '=', values: [signer ?? ''] } : { type: 'condition', field: 'tag', operator: '=', values: [tag] };
  return askLines(reader, { where, order: NEWEST_FIRST, limit: null }, { limit: most }).lines;
}
