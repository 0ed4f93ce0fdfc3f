// Where a page ended, as a text that means nothing to anybody: 8 bytes of the query's hash, lines of the book when the
// first page was asked, line after which to go on.
import { createHash } from 'node:crypto';
import { Problem } from '../../base/errors.js';
import { expressionText, type Ask } from './expression.js';

/** Where to go on. */
export interface Position {
  /** Lines of the book that the pages are of, whatever it has grown to since. */
  readonly size: number;
  readonly after: number;
}

/** @param ask the query that the page is of; another limit is the same query */
export function cursorText(ask: Ask, { size, after }: Position): string {
  const bytes = Buffer.alloc(20);
  hashOf(ask).copy(bytes);
  bytes.writeUIntBE(size, 8, 6);
  bytes.writeUIntBE(after, 14, 6);
  return bytes.toString('base64url');
}

/**
 * Reads a cursor.
 * @param text hostile
 * @throws Problem `usage` where it is none, is of another query, or of a longer book than this
 */
export function readCursor(ask: Ask, text: string, size: number): Position {
  const bytes = Buffer.from(text, 'base64url');
  const hint = 'begin again without a cursor';
  if (bytes.length !== 20 || bytes.toString('base64url') !== text) throw new Problem('usage', 'this is no cursor', { reason: 'cursor', hint });
  if (!bytes.subarray(0, 8).equals(hashOf(ask))) throw new Problem('usage', 'this cursor is of another query', { reason: 'cursor', hint: 'give the same query and order, or begin again without a cursor' });
  const position = { size: bytes.readUIntBE(8, 6), after: bytes.readUIntBE(14, 6) };
  if (position.size > size || position.after > position.size) throw new Problem('usage', `this cursor is of a book of ${position.size} lines, this one has ${size}`, { reason: 'cursor', hint });
  return position;
}

function hashOf({ where, order }: Ask): Buffer {
  return createHash('sha256').update(JSON.stringify([where === null ? '' : expressionText(where), order.field, order.descending])).digest().subarray(0, 8);
}
