// What this bot remembers of those it bought from, or asked: in bot.sqlite, bounded, and never sent to anybody.
//
//   journal_answers    each answer of a farm: offer, code of a decline, silent, false; how long it took
//   journal_contracts  each contract of an order made here: how long until it ran, whether it failed by the node's fault
import { JOURNAL_LIFE_MS, MAX_JOURNAL_ANSWERS_OF_ONE, MAX_JOURNAL_CONTRACTS, MAX_JOURNAL_LEARNED } from '../base/limits.js';
import type { Reader } from '../bcdb/reader.js';
import type { Private } from '../private.js';
import { penaltyPpm, STRANGER, type Experience } from './experience.js';
import { outcomeOf } from './outcome.js';

/** What came of asking a farm. */
export interface Answer {
  /** Farm id. */
  readonly farm: string;
  /** `offer`, the code of a decline, `silent`, or `false` for one that did not hold. */
  readonly answer: string;
  readonly took_ms: number;
}

/** A farm and one of its nodes, as it was lived through. Times in ms. */
export interface Remembered extends Experience {
  readonly farm: string;
  /** Node key; null: what farms say is of no node. */
  readonly node: string | null;
  /** Declines by code. */
  readonly refused: Readonly<Record<string, number>>;
  /** Middle one of the last answers; null without any. */
  readonly answer_ms: number | null;
  /** Middle one of the times from order to running; null where none ran. */
  readonly running_ms: number | null;
  /** Why contracts failed, newest first. */
  readonly faults: readonly { readonly contract: string; readonly fault: string }[];
}

const SQL = {
  answer: 'INSERT INTO journal_answers (grid, bot, farm, answer, took_ms, at_ms) VALUES (?, ?, ?, ?, ?, ?)',
  answers: 'SELECT farm, answer, took_ms FROM journal_answers WHERE grid = ? AND bot = ? AND at_ms > ? ORDER BY seq DESC',
  forgetAnswers: 'DELETE FROM journal_answers WHERE grid = ? AND bot = ? AND (farm = ? OR ? IS NULL)',
  pruneOld: 'DELETE FROM journal_answers WHERE at_ms <= ?',
  pruneMany: 'DELETE FROM journal_answers WHERE grid = ? AND bot = ? AND farm = ? AND seq <= (SELECT seq FROM journal_answers WHERE grid = ? AND bot = ? AND farm = ? ORDER BY seq DESC LIMIT 1 OFFSET ?)',
  open: `SELECT o.contract FROM orders o LEFT JOIN journal_contracts j ON j.grid = o.grid AND j.contract = o.contract
    WHERE o.grid = ? AND o.bot = ? AND o.stage IN ('committed', 'kept') AND coalesce(j.closed, 0) = 0 ORDER BY o.changed_ms DESC LIMIT ?`,
  contract: `INSERT INTO journal_contracts (grid, bot, contract, farm, node, ordered_ms, running_ms, fault, closed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (grid, contract) DO UPDATE SET running_ms = coalesce(running_ms, excluded.running_ms), fault = coalesce(fault, excluded.fault), closed = excluded.closed`,
  contracts: 'SELECT contract, farm, node, running_ms, fault FROM journal_contracts WHERE grid = ? AND bot = ? AND forgotten = 0 AND ordered_ms > ? ORDER BY ordered_ms DESC LIMIT ?',
  forgetContracts: 'UPDATE journal_contracts SET forgotten = 1, closed = 1 WHERE grid = ? AND bot = ? AND (farm = ? OR ? IS NULL)',
} as const;

interface ContractRow {
  readonly contract: string;
  readonly farm: string;
  readonly node: string;
  readonly running_ms: number | null;
  readonly fault: string | null;
}
type AnswerRow = Answer;

/** The journal of one bot on one grid. Durable on return of every call. */
export class Journal {
  readonly #data: Private;
  readonly #scope: readonly [grid: string, bot: string];

  /** @param bot key of the identity, hex */
  constructor(data: Private, grid: string, bot: string) {
    this.#data = data;
    this.#scope = [grid, bot];
  }

  /** Notes what farms have answered; what is old or too much of one farm is forgotten. @param at ms since 1970 */
  heard(answers: readonly Answer[], at: number): void {
    const { db } = this.#data;
    db.transaction(() => {
      db.prepare(SQL.pruneOld).run(at - JOURNAL_LIFE_MS);
      for (const { farm, answer, took_ms } of answers) {
        db.prepare(SQL.answer).run(...this.#scope, farm, answer, Math.max(0, Math.round(took_ms)), at);
        db.prepare(SQL.pruneMany).run(...this.#scope, farm, ...this.#scope, farm, MAX_JOURNAL_ANSWERS_OF_ONE);
      }
    }).immediate();
  }

  /** Takes in what the book says by now of contracts that were ordered here. Without a copy nothing: each would be asked for. */
  learn(reader: Reader, at: number): void {
    if (reader.ask !== undefined) return;
    const { db } = this.#data;
    const open = db.prepare(SQL.open).all(...this.#scope, MAX_JOURNAL_LEARNED) as { contract: string }[];
    const known = open.flatMap(({ contract }) => outcomeOf(reader, contract, at) ?? []);
    if (known.length === 0) return;
    db.transaction(() => {
      for (const { contract, farm, node, ordered_ms, running_ms, fault, isOver } of known) db.prepare(SQL.contract).run(...this.#scope, contract, farm, node, ordered_ms, running_ms, fault, isOver ? 1 : 0);
    }).immediate();
  }

  /** Everything of the last 90 days, by farm and node; `node` null: how the farm answers. */
  all(at: number): Remembered[] {
    const answers = this.#data.db.prepare(SQL.answers).all(...this.#scope, at - JOURNAL_LIFE_MS) as AnswerRow[];
    const contracts = this.#data.db.prepare(SQL.contracts).all(...this.#scope, at - JOURNAL_LIFE_MS, MAX_JOURNAL_CONTRACTS) as ContractRow[];
    const farms = [...grouped(answers, ({ farm }) => farm)].map(([farm, rows]) => ({ ...EMPTY, farm, node: null, ...answered(rows) }));
    const nodes = [...grouped(contracts, ({ node }) => node)].map(([node, rows]) => ({ ...EMPTY, farm: rows[0]?.farm ?? '', node, ...lived(rows) }));
    return [...farms, ...nodes].sort((a, b) => (a.farm < b.farm ? -1 : a.farm > b.farm ? 1 : (a.node ?? '') < (b.node ?? '') ? -1 : 1));
  }

  /** What is known of nodes and their farms, for ranking: read once for many offers. */
  experience(at: number): (farm: string, node: string) => Experience {
    const all = this.all(at);
    return (farm, node) => {
      const { answered: heard, silent, false_answers } = all.find((one) => one.node === null && one.farm === farm) ?? STRANGER;
      const { fine, failed } = all.find((one) => one.node === node) ?? STRANGER;
      return { fine, failed, answered: heard, silent, false_answers };
    };
  }

  /** Forgets a farm and its nodes, or everything; contracts that run are not taken in again. */
  forget(farm: string | null): void {
    this.#data.db.transaction(() => {
      this.#data.db.prepare(SQL.forgetAnswers).run(...this.#scope, farm, farm);
      this.#data.db.prepare(SQL.forgetContracts).run(...this.#scope, farm, farm);
    }).immediate();
  }
}

const EMPTY: Omit<Remembered, 'farm' | 'node'> = { ...STRANGER, refused: {}, answer_ms: null, running_ms: null, faults: [] };

function answered(rows: readonly AnswerRow[]): Partial<Remembered> {
  const [silent, wrong] = ['silent', 'false'].map((what) => rows.filter(({ answer }) => answer === what).length) as [number, number];
  const refused: Record<string, number> = {};
  for (const { answer } of rows) if (!['offer', 'silent', 'false'].includes(answer)) refused[answer] = (refused[answer] ?? 0) + 1;
  return { answered: rows.length - silent - wrong, silent, false_answers: wrong, refused, answer_ms: middle(rows.filter(({ answer }) => answer !== 'silent').map(({ took_ms }) => took_ms)) };
}

function lived(rows: readonly ContractRow[]): Partial<Remembered> {
  const faults = rows.flatMap(({ contract, fault }) => (fault === null ? [] : [{ contract, fault }]));
  return { failed: faults.length, fine: rows.filter(({ fault, running_ms }) => fault === null && running_ms !== null).length, faults: faults.slice(0, 5), running_ms: middle(rows.flatMap(({ running_ms }) => running_ms ?? [])) };
}

function grouped<T>(rows: readonly T[], keyOf: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) groups.set(keyOf(row), [...(groups.get(keyOf(row)) ?? []), row]);
  return groups;
}

function middle(numbers: readonly number[]): number | null {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? null;
}

/** The penalty of an offer by what is remembered. */
export function penaltyBy(experience: (farm: string, node: string) => Experience): (farm: string, node: string) => number {
  return (farm, node) => penaltyPpm(experience(farm, node));
}
