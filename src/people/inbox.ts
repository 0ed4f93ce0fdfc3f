// How each draft on a desk stands, and what is to be done about it.
import { isProblem } from '../base/errors.js';
import type { Reader } from '../bcdb/reader.js';
import { read } from '../rules/objects.js';
import { isCommitted, standingOf } from './draft.js';
import { kindOf, usableUntil } from './kinds.js';
import type { Declined, KeptDraft } from './store.js';

/**
 * waiting: for this bot's signature. signed: by this bot, others are missing. complete: nobody is missing, not yet in the
 * book. declined: by this bot. What follows is over: committed; expired; overtaken: its chain went on without it;
 * refused: no signature can help it any more.
 */
export type DraftProgress = 'waiting' | 'signed' | 'complete' | 'declined' | 'committed' | 'expired' | 'overtaken' | 'refused';

/** A draft in an inbox. */
export interface InboxItem {
  readonly record: string;
  readonly kind: string;
  readonly chain: string;
  /** What it is, in a few words. */
  readonly about: string;
  /** `bot/…`, and its name where it has one. */
  readonly from: string;
  readonly from_name: string | null;
  readonly stranger: boolean;
  readonly state: DraftProgress;
  /** Until when signatures can be used, ms; null: no deadline. */
  readonly until: number | null;
  readonly signed: readonly string[];
  readonly missing: readonly string[];
  readonly optional: readonly string[];
  readonly declined: readonly (Declined & { readonly name: string | null })[];
}

const OVER: ReadonlySet<DraftProgress> = new Set(['declined', 'committed', 'expired', 'overtaken', 'refused']);

/** Whether a draft needs nobody any more, and is told once. */
export function isOver({ state }: Pick<InboxItem, 'state'>): boolean {
  return OVER.has(state);
}

/** A draft as the inbox shows it. @param at ms */
export function itemOf(reader: Reader, draft: KeptDraft, at: number): InboxItem {
  const { record: { id, payload }, proposer, stranger } = draft;
  const until = usableUntil(payload);
  return {
    record: id, kind: payload.kind, chain: payload.chain, about: aboutOf(draft),
    from: proposer, from_name: nameOf(reader, proposer), stranger, until,
    declined: draft.declined.map((one) => ({ ...one, name: nameOf(reader, one.party) })),
    ...progressOf(reader, draft, until, at),
  };
}

function nameOf(reader: Reader, party: string): string | null {
  return read(reader, 'bot', party.slice('bot/'.length))?.name ?? null;
}

type Progress = Pick<InboxItem, 'state' | 'signed' | 'missing' | 'optional'>;

function progressOf(reader: Reader, draft: KeptDraft, until: number | null, at: number): Progress {
  const over = (state: DraftProgress): Progress => ({ state, signed: draft.signatures.map(({ by }) => by), missing: [], optional: [] });
  try {
    if (isCommitted(reader, draft)) return over('committed');
  } catch (thrown) {
    if (isProblem(thrown, 'refused', 'terms')) return over('overtaken');
    throw thrown;
  }
  if (until !== null && at > until) return over('expired');
  try {
    const { signed, missing, optional, refusal } = standingOf(reader, draft, at);
    const state = draft.mine === 'declined' ? 'declined' : refusal === null ? 'complete' : draft.mine === 'signed' ? 'signed' : 'waiting';
    return { state, signed, missing, optional };
  } catch (thrown) {
    if (isProblem(thrown, 'refused')) return over('refused');
    throw thrown;
  }
}

function aboutOf({ record: { payload } }: KeptDraft): string {
  const [type = '', id = ''] = payload.chain.split('/');
  const title = kindOf(payload).words(payload).find(([name]) => name === 'title' || name === 'capacity')?.[1];
  return [`${payload.kind.split('@')[0] ?? ''}${type === payload.kind.split('@')[0] ? '' : ` of ${type}`} ${id.slice(0, 12)}`.trim(), ...(title === undefined ? [] : [title])].join(': ');
}
