// Writes into the book what the node did. How things are is never queued: it follows from the next look, so it survives a
// home that is away and a restart alike. What they were meanwhile is in the journal.
import { canonical } from '../../base/canonical.js';
import type { Clock } from '../../base/clock.js';
import { isProblem, type Problem } from '../../base/errors.js';
import { MAX_REASON_CHARS, SAY_AGAIN_MS } from '../../base/limits.js';
import type { Reader } from '../../bcdb/reader.js';
import type { Signer } from '../../keys/ed25519.js';
import { hasMeters, seenOf } from '../../market/meter.js';
import { appendSigned } from '../../net/compose.js';
import type { Grid } from '../../net/grid.js';
import { read } from '../../rules/objects.js';
import type { Run } from '../../schema/types.js';
import { oneLine } from '../children.js';
import type { Journal } from './journal.js';
import type { Report } from '../plan/steps.js';
import type { Teller } from './tell.js';

interface Observed {
  /** The report, to see whether it is still the same. */
  readonly text: string;
  /** When it was observed first, ms. */
  readonly at: number;
  conflicts: number;
  /** Refused; not before then again. */
  again_at: number;
}

/** What came of saying things. */
export interface Said {
  /** The book has changed, or has to be looked at again. */
  readonly again: boolean;
  /** Nobody took it: `unreachable` or `busy`. */
  readonly problem: Problem | null;
}

/** Says reports for one node. */
export class Reporter {
  readonly #grid: Grid;
  readonly #signer: Signer;
  readonly #clock: Clock;
  readonly #teller: Teller;
  readonly #spoken = new Map<string, number>();
  readonly #observed = new Map<string, Observed>();

  constructor(grid: Grid, signer: Signer, clock: Clock, teller: Teller) {
    this.#grid = grid;
    this.#signer = signer;
    this.#clock = clock;
    this.#teller = teller;
  }

  /** When something was said last of each workload, by `contract/name`, ms since 1970. */
  get spoken(): ReadonlyMap<string, number> {
    return this.#spoken;
  }

  /** Appends one record a report. What the rules refuse is tried again a minute later, should it still be so. */
  async say(reports: readonly Report[]): Promise<Said> {
    let again = false;
    for (const report of reports) {
      const observed = this.#observe(report);
      if (observed.again_at > this.#clock()) continue;
      try {
        await this.#append(report, observed.at);
        again = true;
      } catch (thrown) {
        if (!isProblem(thrown)) throw thrown;
        this.#teller.notSaid(report, thrown.message);
        if (thrown.code === 'unreachable' || thrown.code === 'busy' || thrown.code === 'interrupted') return { again, problem: thrown };
        // A lost reply looks like this once: the next look at the book then has the record. Twice is another writer.
        if (thrown.reason === 'chain_conflict' && observed.conflicts === 0) {
          observed.conflicts += 1;
          again = true;
        } else observed.again_at = this.#clock() + SAY_AGAIN_MS;
      }
    }
    return { again, problem: null };
  }

  /**
   * Appends what could not be said when it was seen, in order, each once.
   * @returns what stood in the way; the rest is for another time
   */
  async sayPast(journal: Journal): Promise<Problem | null> {
    for (const past of journal.all) {
      try {
        await this.#append(past.report, past.observed_ms, isInBook(past.report));
      } catch (thrown) {
        if (!isProblem(thrown)) throw thrown;
        if (thrown.code !== 'refused' || thrown.reason === 'chain_conflict') return thrown;
        // What the rules refuse now they refuse later, too: its contract is over, or another list is in force.
        this.#teller.notSaid(past.report, thrown.message);
      }
      journal.drop(past);
    }
    return null;
  }

  /** Nothing more will be said of this contract. */
  forget(contract: string): void {
    for (const map of [this.#observed, this.#spoken]) for (const key of map.keys()) if (key.startsWith(`${contract}/`)) map.delete(key);
  }

  #observe(report: Report): Observed {
    const key = `${report.contract}/${report.workload ?? ''}`;
    const text = canonical({ ...report, reason: null });
    const before = this.#observed.get(key);
    if (before?.text === text) return before;
    const observed = { text, at: this.#clock(), conflicts: 0, again_at: 0 };
    this.#observed.set(key, observed);
    return observed;
  }

  async #append(report: Report, observed_ms: number, isKnown: (reader: Reader) => boolean = () => false): Promise<void> {
    const { contract, workload, state, exit_code, ports, restarts, health } = report;
    const reason = report.reason === null ? null : oneLine(report.reason, MAX_REASON_CHARS);
    const body = (reader: Reader): Run | null => (isKnown(reader) ? null : {
      workload, state, reason, exit_code, observed_ms, ports,
      ...(restarts === undefined ? {} : { restarts }), ...(health === undefined ? {} : { health }), ...(state === 'held' && hasMeters(reader) ? { seen: seenOf(reader) } : {}),
    });
    await appendSigned(this.#grid, { chain: `run/${contract}`, kind: 'run@1', body }, [this.#signer]);
    if (workload !== null) this.#spoken.set(`${contract}/${workload}`, this.#clock());
    this.#teller.said(report, reason);
  }
}

/** Whether this very thing was said last: its reply was lost. */
function isInBook({ contract, workload, state, reason, exit_code, ports, restarts, health }: Report): (reader: Reader) => boolean {
  return (reader) => {
    const said = read(reader, 'run', contract)?.workloads.find(({ name }) => name === workload);
    const words = reason === null ? null : oneLine(reason, MAX_REASON_CHARS);
    return said !== undefined && said.reason === words && canonical({ state, exit_code, ports, restarts: restarts ?? null, health: health ?? null }) === canonical({ state: said.state, exit_code: said.exit_code, ports: said.ports, restarts: said.restarts ?? null, health: said.health ?? null });
  };
}
