// What the node would have said while nobody could take it: kept in the private database, in order, and appended with
// the time it was observed once the home is back. The present state follows from the next look, as ever.
//
// Losing it loses what became of workloads in between; how they are now is said all the same.
import { effect } from '../../base/effect.js';
import { MAX_JOURNAL_OF_ONE } from '../../base/limits.js';
import type { Private } from '../../private.js';
import type { RunObject, WorkloadStatus } from '../../rules/objects.js';
import type { BookTime, Desired } from '../plan/desired.js';
import { Draft, type Machine, type Memory } from '../plan/draft.js';
import type { Scope } from '../driver.js';
import { observe } from '../plan/keeping.js';
import type { Report } from '../plan/steps.js';

const SQL = {
  all: 'SELECT seq, report, observed_ms FROM node_journal WHERE grid = ? AND node = ? ORDER BY seq',
  add: 'INSERT INTO node_journal (grid, node, report, observed_ms) VALUES (?, ?, ?, ?)',
  change: 'UPDATE node_journal SET report = ?, observed_ms = ? WHERE seq = ?',
  drop: 'DELETE FROM node_journal WHERE seq = ?',
} as const;

/** Something that could not be said when it was seen. */
export interface Past {
  readonly seq: number;
  readonly report: Report;
  /** By this machine's clock, ms since 1970. */
  readonly observed_ms: number;
}

/** The journal of one node of one grid; durable on return of every call. One process writes it. */
export class Journal {
  readonly #data: Private;
  readonly #scope: readonly [grid: string, node: string];
  #all: Past[];

  constructor(data: Private, { grid, node }: Scope) {
    this.#data = data;
    this.#scope = [grid, node];
    const rows = data.db.prepare(SQL.all).all(grid, node) as { seq: number; report: string; observed_ms: number }[];
    this.#all = rows.map(({ seq, report, observed_ms }) => ({ seq, report: JSON.parse(report) as Report, observed_ms }));
  }

  /** In the order in which it was seen. */
  get all(): readonly Past[] {
    return this.#all;
  }

  /**
   * Keeps what would be said now of workloads that were held, by the rules of what is said to the book: an end at once,
   * what repeats itself once a minute. After MAX_JOURNAL_OF_ONE of a workload the newest takes the place of the one before.
   * @returns when time alone gives more to keep, ms since 1970; null: it does not
   */
  note(wanted: readonly Desired[], machine: Machine, memory: Memory, time: BookTime): number | null {
    const draft = new Draft(machine, { ...memory, spoken: this.#spoken(memory.spoken) }, time);
    for (const contract of wanted) if (contract.phase === 'run' || contract.phase === 'refused') observe(draft, { ...contract, said: this.#said(contract.said) });
    for (const report of draft.reports) this.#keep(report, time.now);
    return draft.look_at;
  }

  /** It is in the book, or nobody will ever take it. */
  drop({ seq }: Past): void {
    this.#data.db.prepare(SQL.drop).run(seq);
    this.#all = this.#all.filter((one) => one.seq !== seq);
  }

  #keep(report: Report, observed_ms: number): void {
    const same = this.#all.filter((past) => keyOf(past.report) === keyOf(report));
    const last = same.at(-1);
    const { db } = this.#data;
    if (last !== undefined && same.length >= MAX_JOURNAL_OF_ONE) {
      db.prepare(SQL.change).run(JSON.stringify(report), observed_ms, last.seq);
      this.#all = this.#all.map((past) => (past.seq === last.seq ? { seq: past.seq, report, observed_ms } : past));
      return;
    }
    const { lastInsertRowid } = effect('journal_kept', () => db.prepare(SQL.add).run(...this.#scope, JSON.stringify(report), observed_ms));
    this.#all.push({ seq: Number(lastInsertRowid), report, observed_ms });
  }

  #spoken(before: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
    return new Map([...before, ...this.#all.map(({ report, observed_ms }) => [keyOf(report), observed_ms] as const)]);
  }

  /** What the book would have, had it been told. */
  #said(book: RunObject | undefined): RunObject | undefined {
    if (book === undefined) return undefined;
    const told = new Map<string, WorkloadStatus>(book.workloads.map((status) => [status.name, status]));
    for (const { report, observed_ms } of this.#all) {
      const { contract, workload, state, reason, exit_code, ports, restarts, health } = report;
      if (contract !== book.contract || workload === null) continue;
      told.set(workload, { name: workload, state, reason, exit_code, ports, at: observed_ms, ...(restarts === undefined ? {} : { restarts }), ...(health === undefined ? {} : { health }) });
    }
    return { ...book, workloads: [...told.values()] };
  }
}

function keyOf({ contract, workload }: Report): string {
  return `${contract}/${workload ?? ''}`;
}
