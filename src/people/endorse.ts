// Late signatures: what can still be endorsed, by whom, and who has.
import { Problem } from '../base/errors.js';
import type { Reader } from '../bcdb/reader.js';
import { parseRecord } from '../bcdb/record.js';
import { findRecord, lineOf } from '../bcdb/query.js';
import type { Payload } from '../schema/types.js';
import { actsFor } from '../rules/identity.js';
import type { Drafts } from './store.js';

/** A record to endorse. */
export interface Endorsable {
  readonly record: string;
  readonly payload: Payload;
}

/**
 * The record that a person means: the agreement of a contract, or the newest version of a document.
 * @param drafts on the desk: what is among them, and not in the book, is signed and not endorsed
 * @param text beginning of a contract's or document's id, or a record's id in full
 * @param bot key of who endorses, hex
 * @throws Problem `not_found`; `usage` where several begin so; `refused` where that bot has signed the record itself
 */
export function endorsable(reader: Reader, drafts: Drafts, text: string, bot: string): Endorsable {
  const found = inBook(reader, text);
  if (found === undefined) {
    if (drafts.named(text).length > 0) throw new Problem('not_found', `${text} is a draft, and not in the book yet`, { reason: 'draft', hint: `3bot sign ${text}` });
    throw new Problem('not_found', `no contract, document or record ${text.slice(0, 80)} in this book`, { reason: 'record', hint: '3bot contract list; a draft is signed: 3bot inbox' });
  }
  const { payload, signatures } = findRecord(reader, found);
  if (signatures.some(({ by }) => actsFor(reader, by) === bot)) throw new Problem('refused', 'your signature is on the record itself', { reason: 'exists', hint: `3bot receipt get ${found.slice(0, 12)}` });
  return { record: found, payload: parseRecord(payload).payload };
}

function inBook(reader: Reader, text: string): string | undefined {
  if (/^[0-9a-f]{64}$/.test(text)) return lineOf(reader, text) !== undefined ? text : undefined;
  const found = /^[0-9a-f]{4,40}$/.test(text) ? ['contract', 'document'].flatMap((type) => reader.objects(`${type}/${text}`, 2)) : [];
  if (found.length > 1) throw new Problem('usage', `several contracts or documents begin with ${text}`, { hint: 'give more digits' });
  return found[0]?.value['record'] as string | undefined;
}
