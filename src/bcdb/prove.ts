// The proof that a record is in a book, made from the book.
import { Problem } from '../base/errors.js';
import { lineOf } from './query.js';
import { formatReceipt } from './receipt.js';
import type { Reader } from './reader.js';

/**
 * The receipt of a record, as `.tlog-proof` text (C2SP tlog-proof), against the newest checkpoint that is held.
 * @param recordId hex
 * @throws Problem `not_found` where the book does not hold the record below a checkpoint
 */
export function receiptOf(reader: Reader, recordId: string): string {
  return reader.look(() => {
    reader.refresh();
    const index = lineOf(reader, recordId);
    const kept = reader.checkpoint();
    if (index === undefined || kept === undefined || index >= kept.size) throw new Problem('not_found', `no record ${recordId} below a checkpoint of this book`, { hint: '3bot bcdb query' });
    return formatReceipt({ line: reader.line(index), index, proof: reader.tree.inclusionProof(index, kept.size), checkpoint: kept.note });
  });
}
