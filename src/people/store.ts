// Drafts on a bot's desk, in bot.sqlite: those that were sent to it, and its own proposals; and what it has last seen.
import { MAX_DRAFTS, MAX_STRANGERS_DRAFTS } from '../base/limits.js';
import { Problem } from '../base/errors.js';
import { parseRecord } from '../bcdb/record.js';
import { mergeSignatures, type SignedFile } from '../net/envelope.js';
import type { Private } from '../private.js';
import type { Payload, Signature } from '../schema/types.js';

/** Somebody who does not sign. */
export interface Declined {
  readonly party: string;
  readonly reason: string;
}

/** A draft as kept; every signature on it holds. */
export interface KeptDraft extends SignedFile {
  /** Who sent it: `bot/…`. */
  readonly proposer: string;
  /** Nobody this bot has to do with. */
  readonly stranger: boolean;
  readonly declined: readonly Declined[];
  /** What this bot did about it. */
  readonly mine: 'open' | 'signed' | 'declined';
}

const SQL = {
  list: 'SELECT payload, signatures, proposer, stranger, declined, mine FROM drafts WHERE grid = ? AND bot = ? ORDER BY came_ms, record',
  get: 'SELECT payload, signatures, proposer, stranger, declined, mine FROM drafts WHERE grid = ? AND bot = ? AND record = ?',
  count: 'SELECT COUNT(*) AS all_of_them, COALESCE(SUM(stranger), 0) AS strange FROM drafts WHERE grid = ? AND bot = ?',
  add: 'INSERT OR IGNORE INTO drafts (grid, bot, record, payload, signatures, proposer, stranger, came_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  change: 'UPDATE drafts SET signatures = ?, declined = ?, mine = ? WHERE grid = ? AND bot = ? AND record = ?',
  drop: 'DELETE FROM drafts WHERE grid = ? AND bot = ? AND record = ?',
  looked: 'SELECT payload FROM looked WHERE grid = ? AND bot = ? AND chain = ? AND kind = ?',
  look: 'INSERT INTO looked (grid, bot, chain, kind, payload) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET payload = excluded.payload',
} as const;

interface Row {
  readonly payload: string;
  readonly signatures: string;
  readonly proposer: string;
  readonly stranger: 0 | 1;
  readonly declined: string;
  readonly mine: KeptDraft['mine'];
}

/** The drafts of one bot on one grid. */
export class Drafts {
  readonly #data: Private;
  readonly #of: readonly [grid: string, bot: string];

  /** @param bot key, hex */
  constructor(data: Private, grid: string, bot: string) {
    this.#data = data;
    this.#of = [grid, bot];
  }

  /** All, in the order in which they came. */
  list(): KeptDraft[] {
    return (this.#data.db.prepare(SQL.list).all(...this.#of) as Row[]).map(keptOf);
  }

  get(record: string): KeptDraft | undefined {
    const row = this.#data.db.prepare(SQL.get).get(...this.#of, record) as Row | undefined;
    return row === undefined ? undefined : keptOf(row);
  }

  /** Those whose record or chain has an id that begins so. */
  named(prefix: string): KeptDraft[] {
    return this.list().filter(({ record }) => record.id.startsWith(prefix) || record.payload.chain.split('/')[1]?.startsWith(prefix) === true);
  }

  /**
   * The draft whose record or chain has an id that begins so.
   * @throws Problem `not_found`; `usage` where several do
   */
  find(prefix: string): KeptDraft {
    const [found, more] = this.named(prefix);
    if (found === undefined) throw new Problem('not_found', `no file and no draft ${prefix.slice(0, 80)}`, { reason: 'draft', hint: '3bot inbox' });
    if (more !== undefined) throw new Problem('usage', `several drafts begin with ${prefix}`, { hint: 'give more digits: 3bot inbox --json' });
    return found;
  }

  /** Whether there is room for a further one. */
  hasRoom(stranger: boolean): boolean {
    const { all_of_them, strange } = this.#data.db.prepare(SQL.count).get(...this.#of) as { all_of_them: number; strange: number };
    return all_of_them < MAX_DRAFTS && (!stranger || strange < MAX_STRANGERS_DRAFTS);
  }

  /** Puts a draft on the desk; signatures that it has already stay. */
  keep(draft: SignedFile, from: Pick<KeptDraft, 'proposer' | 'stranger'>, at: number): KeptDraft {
    this.#data.db.prepare(SQL.add).run(...this.#of, draft.record.id, draft.record.text, '[]', from.proposer, from.stranger ? 1 : 0, at);
    return this.change(draft.record.id, { signatures: draft.signatures });
  }

  /**
   * Notes what is new about a draft.
   * @param signatures checked ones, added to those that are there
   * @param declined whoever does not sign; a later word of theirs stands in its place
   * @param signed parties that sign after all, so that what they declined before is forgotten
   */
  change(record: string, { signatures = [], declined = [], signed = [], mine }: { signatures?: readonly Signature[]; declined?: readonly Declined[]; signed?: readonly string[]; mine?: KeptDraft['mine'] }): KeptDraft {
    const before = this.get(record);
    if (before === undefined) throw new Error(`no draft ${record}`);
    const said = new Map([...before.declined, ...declined].map((one) => [one.party, one]));
    for (const party of signed) said.delete(party);
    const changed: KeptDraft = {
      ...before,
      signatures: mergeSignatures(before.signatures, signatures),
      declined: [...said.values()],
      mine: mine ?? before.mine,
    };
    this.#data.db.prepare(SQL.change).run(JSON.stringify(changed.signatures), JSON.stringify(changed.declined), changed.mine, ...this.#of, record);
    return changed;
  }

  drop(record: string): void {
    this.#data.db.prepare(SQL.drop).run(...this.#of, record);
  }

  /** The payload of this chain and kind that was last shown, if any was. */
  lastSeen({ chain, kind }: Payload): Payload | undefined {
    const text = this.#data.db.prepare(SQL.looked).pluck().get(...this.#of, chain, kind) as string | undefined;
    return text === undefined ? undefined : parseRecord(text).payload;
  }

  /** Notes what was shown. */
  noteSeen({ text, payload: { chain, kind } }: SignedFile['record']): void {
    this.#data.db.prepare(SQL.look).run(...this.#of, chain, kind, text);
  }
}

function keptOf({ payload, signatures, proposer, stranger, declined, mine }: Row): KeptDraft {
  return { record: parseRecord(payload), signatures: JSON.parse(signatures) as Signature[], proposer, stranger: stranger === 1, declined: JSON.parse(declined) as Declined[], mine };
}
