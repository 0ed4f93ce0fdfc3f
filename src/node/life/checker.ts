// Runs the health checks of a node: each at its interval, a few at a time, none twice at once.
import type { Clock } from '../../base/clock.js';
import { isProblem } from '../../base/errors.js';
import { MAX_CONTRACT_CHECKS, MAX_HEALTH_CHECKS } from '../../base/limits.js';
import type { HealthCheck } from '../../schema/types.js';
import { checkOnce } from './checks.js';
import type { Desired } from '../plan/desired.js';
import type { Machine } from '../plan/draft.js';
import { refKey, type Driver, type Ref } from '../driver.js';
import { afterCheck, nextCheckIn, type Checked } from './health.js';
import type { Health, Life } from './life.js';
import { isListed } from '../plan/listed.js';

/** Something that runs and has a check. */
export interface Patient {
  readonly ref: Ref;
  readonly check: HealthCheck;
  /** When its run was started, ms since 1970. */
  readonly started: number;
  /** What was known of this run before this agent began; null: nothing. */
  readonly known: Health | null;
}

/** What runs as it should, and says how its health is seen. */
export function patientsOf(wanted: readonly Desired[], { running }: Machine, lives: ReadonlyMap<string, Life>): Patient[] {
  const there = new Map(running.map((one) => [refKey(one), one]));
  return wanted.flatMap(({ contract, phase, tasks }) => (phase !== 'run' && phase !== 'refused' ? [] : tasks.flatMap((task): Patient[] => {
    const { name, health } = task.workload;
    const one = there.get(`${contract}/${name}`);
    if (health === undefined || one?.state !== 'running' || one.started === null || !isListed([task], one)) return [];
    const life = lives.get(`${contract}/${name}`);
    return [{ ref: { contract, workload: name }, check: health, started: one.started, known: life?.started === one.started ? life.health : null }];
  })));
}

/** A patient, and how far its checks are. */
interface Chart extends Patient {
  checked: Checked;
  due: number;
  /** Undefined: not asked yet; null: it has none. */
  address: string | null | undefined;
  isBusy: boolean;
}

/** Checks workloads; `onChange` is called when the health of one has changed. */
export class Checker {
  readonly #driver: Driver;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #onChange: () => void;
  readonly #charts = new Map<string, Chart>();
  #busy = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor({ driver, clock, signal }: { readonly driver: Driver; readonly clock: Clock; readonly signal: AbortSignal }, onChange: () => void) {
    this.#driver = driver;
    this.#clock = clock;
    this.#signal = signal;
    this.#onChange = onChange;
    signal.addEventListener('abort', () => clearTimeout(this.#timer), { once: true });
  }

  /** What is known of each, by `contract/name`. */
  get health(): ReadonlyMap<string, Checked> {
    return new Map([...this.#charts].map(([key, { checked }]) => [key, checked]));
  }

  /** From now on just these are checked; a run that is new to it at once. */
  watch(patients: readonly Patient[]): void {
    const now = this.#clock();
    const keys = new Set(patients.map(({ ref }) => refKey(ref)));
    for (const key of this.#charts.keys()) if (!keys.has(key)) this.#charts.delete(key);
    for (const patient of patients) {
      const key = refKey(patient.ref);
      const before = this.#charts.get(key);
      if (before?.started === patient.started && JSON.stringify(before.check) === JSON.stringify(patient.check)) continue;
      const checked: Checked = { started: patient.started, health: patient.known ?? 'starting', failures: 0, reason: null };
      this.#charts.set(key, { ...patient, checked, due: now, address: undefined, isBusy: false });
    }
    this.#next();
  }

  /** Begins what is due, and sets the clock for the rest. */
  #next(): void {
    clearTimeout(this.#timer);
    if (this.#signal.aborted) return;
    const now = this.#clock();
    let next = Infinity;
    for (const chart of [...this.#charts.values()].sort((a, b) => a.due - b.due)) {
      if (chart.isBusy) continue;
      if (chart.due > now) next = Math.min(next, chart.due);
      else if (this.#mayCheck(chart.ref)) void this.#check(chart);
    }
    if (next !== Infinity) this.#timer = setTimeout(() => this.#next(), Math.max(1, next - now)).unref();
  }

  #mayCheck({ contract }: Ref): boolean {
    const own = [...this.#charts.values()].filter(({ isBusy, ref }) => isBusy && ref.contract === contract);
    return this.#busy < MAX_HEALTH_CHECKS && own.length < MAX_CONTRACT_CHECKS;
  }

  async #check(chart: Chart): Promise<void> {
    const { ref, check } = chart;
    chart.isBusy = true;
    this.#busy += 1;
    try {
      if (check.type !== 'command') chart.address ??= await this.#driver.address(ref, this.#signal);
      const finding = await checkOnce(this.#driver, ref, chart.address ?? null, check, this.#signal);
      const before = chart.checked;
      chart.checked = afterCheck(before, check, finding, this.#clock());
      if (chart.checked.health !== before.health && this.#charts.get(refKey(ref)) === chart) this.#onChange();
    } catch (thrown) {
      // It has ended, or the runtime does not answer: neither says anything of its health, and the next look sees it.
      if (!isProblem(thrown)) throw thrown;
    } finally {
      chart.isBusy = false;
      this.#busy -= 1;
      chart.due = this.#clock() + nextCheckIn(chart.checked, check);
      this.#next();
    }
  }
}
