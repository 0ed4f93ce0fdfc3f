// Late signatures: what can still be endorsed, by whom, and who has.
import { Problem } from '../base/errors.js';
import type { Reader } from '../bcdb/reader.js';
import type { Objects } from '../bcdb/rulebook.js';
import { parseRecord } from '../bcdb/record.js';
import { findRecord } from '../bcdb/query.js';
import type { Payload } from '../schema/types.js';
import { actsFor } from '../rules/identity.js';
import { read } from '../rules/objects.js';

/** A record to endorse. */
export interface Endorsable {
  readonly record: string;
  readonly payload: Payload;
}

/**
 * The record that a person means: the agreement of a contract, or the newest version of a document.
 * @param text beginning of a contract's or document's id, or a record's id in full
 * @param bot key of who endorses, hex
 * @throws Problem `not_found`; `usage` where several begin so; `refused` where that bot has signed the record itself
 */
export function endorsable(reader: Reader, text: string, bot: string): Endorsable {
  const record = /^[0-9a-f]{64}$/.test(text) ? text : recordOf(reader, text);
  const { payload, signatures } = findRecord(reader, record);
  if (signatures.some(({ by }) => actsFor(reader, by) === bot)) throw new Problem('refused', 'your signature is on the record itself', { reason: 'exists', hint: `3bot receipt get ${record.slice(0, 12)}` });
  return { record, payload: parseRecord(payload).payload };
}

function recordOf(reader: Objects, prefix: string): string {
  const found = /^[0-9a-f]{4,40}$/.test(prefix) ? ['contract', 'document'].flatMap((type) => reader.objects(`${type}/${prefix}`, 2)) : [];
  const [only, more] = found;
  if (only === undefined) throw new Problem('not_found', `no contract or document ${prefix.slice(0, 80)} on this grid`, { reason: 'record', hint: '3bot contract list' });
  if (more !== undefined) throw new Problem('usage', `several contracts or documents begin with ${prefix}`, { hint: 'give more digits' });
  return only.value['record'] as string;
}

/** The bots (keys) that have endorsed a record, at most `limit`. */
export function endorsersOf(state: Objects, record: string, limit: number): { bot: string; name: string | null; at: number }[] {
  return state.objects(`endorse/${record}/`, limit).map(({ value }) => {
    const { bot, at } = value as unknown as { bot: string; at: number };
    return { bot, name: read(state, 'bot', bot)?.name ?? null, at };
  });
}
