// A draft: a record that several sign before it is in the book. What it says, who is in it, how far it is.
import { existsSync } from 'node:fs';
import { iso } from '../base/clock.js';
import { isProblem, Problem } from '../base/errors.js';
import { MAX_SHOWN_SIGNERS } from '../base/limits.js';
import type { ParsedRecord } from '../bcdb/record.js';
import type { Reader } from '../bcdb/reader.js';
import type { ReadState } from '../bcdb/rulebook.js';
import { readEnvelope, saveEnvelope, type SignedFile } from '../net/envelope.js';
import { gridRules } from '../rules/all.js';
import { readGrid } from '../rules/objects.js';
import { accountSigners } from '../rules/spending.js';
import type { Payers, Payload, Signature } from '../schema/types.js';
import { rowChanges, type RowChange } from './changes.js';
import { kindOf, usableUntil, type Row } from './kinds.js';
import { namedRow } from './names.js';

/** How far a draft is on its way into the book; parties as `bot/…`, `farm/…`, `node/…`, `account/…`. */
export interface Standing {
  readonly signed: readonly string[];
  /** Who must still sign, or could in place of others; nobody where the book would take it. */
  readonly missing: readonly string[];
  /** Who may sign as well, and need not. */
  readonly optional: readonly string[];
  /** What the rules say to it as it is: null, or how much is missing. */
  readonly refusal: Problem | null;
}

/**
 * Writes a draft; signatures that the file has on the same payload stay.
 * @throws Problem `refused`, reason `draft`, where the file is the draft of another chain: others may have signed it
 */
export function saveDraft(path: string, record: ParsedRecord, signatures: readonly Signature[]): SignedFile {
  const before = existsSync(path) ? readEnvelope(path) : undefined;
  if (before !== undefined && before.record.payload.chain !== record.payload.chain) {
    throw new Problem('refused', `${path} is the draft of another ${before.record.payload.chain.replace('/', ' ')}`, { reason: 'draft', hint: 'move that file away, or name another one' });
  }
  return saveEnvelope(path, record, signatures, before);
}

/** Everything that a draft says, and until when a signature on it can be used. */
export function draftRows(draft: SignedFile): Row[] {
  const { payload } = draft.record;
  const until = usableUntil(payload);
  const used = until === null ? 'until something else is recorded in its place' : `until ${iso(until)}`;
  return [...kindOf(payload).words(payload), ['your signature', `can be used ${used}`]];
}

/** What of a draft has changed since a payload of its chain that its signer saw; nothing where it saw none. */
export function changesOf({ record: { payload } }: SignedFile, before: Payload | undefined): RowChange[] {
  return before === undefined ? [] : rowChanges(kindOf(before).words(before), kindOf(payload).words(payload));
}

/** Who has signed, who is missing and who may sign as well: a row each, of many the first. */
export function standingRows({ signed, missing, optional }: Pick<Standing, 'signed' | 'missing' | 'optional'>): Row[] {
  const some = (name: string, parties: readonly string[]): Row[] => [
    ...parties.slice(0, MAX_SHOWN_SIGNERS).map((party): Row => [name, party]),
    ...(parties.length > MAX_SHOWN_SIGNERS ? [[name, `and ${parties.length - MAX_SHOWN_SIGNERS} more`] as Row] : []),
  ];
  return [...(signed.length === 0 ? [['signed', 'by nobody yet'] as Row] : some('signed', signed)), ...some('missing', missing), ...some('optional', optional)];
}

/**
 * A draft as it is shown before anybody signs it: what it says, who has signed, and what has changed since this signer
 * last saw one of its chain. Ids with the names that the grid has for them.
 * @param before the payload that it saw, if any
 */
export function draftText(state: ReadState, draft: SignedFile, standing: Standing, before: Payload | undefined): string {
  const rows = [...draftRows(draft), ...standingRows(standing)].map((row) => namedRow(state, row));
  const since = changesOf(draft, before).map(([sign, row]) => {
    const [name, text] = namedRow(state, row);
    return `  ${sign} ${name === '' ? '' : `${name}: `}${text}`;
  });
  return [rowsText(rows), ...(since.length === 0 ? [] : ['changed since you last looked:', ...since])].join('\n');
}

/** Rows as lines of text, names in a column. */
export function rowsText(rows: readonly Row[]): string {
  const width = Math.max(0, ...rows.map(([name]) => name.length)) + 1;
  return rows.map(([name, text]) => `${name.padEnd(Math.max(14, width))}${text}`).join('\n');
}

/**
 * Who has signed a draft, who must and who may, and whether that is enough.
 * @param at ms
 * @throws Problem `refused` where no signature can help any more: the deadline is over, a party unknown, another grid
 */
export function standingOf(reader: Reader, { record, signatures }: SignedFile, at: number): Standing {
  const { allowed, check, missing } = gridRules.expected(reader, record, { at, index: reader.size });
  const keys = new Set(signatures.map(({ by }) => by));
  const signed = new Set(signatures.flatMap(({ by }) => allowed.get(by) ?? []));
  const needed = new Set(missing(keys));
  const optional = [...new Set(allowed.values())].filter((party) => !signed.has(party) && !needed.has(party));
  return { signed: [...signed], missing: [...needed], optional, refusal: refusalOf(() => check(keys)) };
}

function refusalOf(check: () => void): Problem | null {
  try {
    check();
    return null;
  } catch (thrown) {
    if (isProblem(thrown, 'refused', 'signatures')) return thrown;
    throw thrown;
  }
}

/** The standing of a draft that is in the book, or that its state has moved on from: who signed, by their keys. */
export function pastStanding({ signatures }: SignedFile): Standing {
  return { signed: signatures.map(({ by }) => by), missing: [], optional: [], refusal: null };
}

/** Whether the book has this very record. @throws Problem `refused`, reason `terms`, where it has another one in its place */
export function isCommitted(reader: Reader, { record }: SignedFile): boolean {
  const { chain, height, prev } = record.payload;
  if (reader.find(record) !== undefined) return true;
  const head = reader.head(chain);
  if ((head?.height ?? -1) === height - 1 && (head?.id ?? null) === prev) return false;
  const where = chain.replace('/', ' ');
  const what = head === undefined ? `${where} has not begun yet` : height === 0 ? `${where} is in the book with other terms than this draft has` : `${where} was continued by another record`;
  throw new Problem('refused', `${what}; the draft can never be committed`, { reason: 'terms', hint: `3bot bcdb query 'chain=${chain}'` });
}

/** The payers of a record of whose keys these have one: their own accounts, and those that they spend with others. */
export function accountsSpentBy(state: ReadState, { payload: { kind, body } }: ParsedRecord, keys: ReadonlySet<string>, at: number): Set<string> {
  const { payers = [] } = body as { payers?: Payers };
  const occasion = { kind, at, rules: readGrid(state).rules };
  return new Set(payers.map(({ account }) => account).filter((account) => [...accountSigners(state, account, occasion).keys.keys()].some((key) => keys.has(key))));
}

/** What these accounts pay by a draft, stroops. */
export function paidBy({ record }: SignedFile, accounts: ReadonlySet<string>): bigint {
  const { payers = [] } = record.payload.body as { payers?: Payers };
  return payers.reduce((sum, payer) => (accounts.has(payer.account) ? sum + BigInt(payer.amount_stroops) : sum), 0n);
}
