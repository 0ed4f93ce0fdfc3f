// The watcher: follow → what should run → what runs → difference → act → say. First start, restart and routine are
// this one loop, and nothing is torn down when it ends.
import type { Clock } from '../base/clock.js';
import { isProblem, messageOf, Problem } from '../base/errors.js';
import { NODE_STEP_TIMEOUT_MS, SAY_AGAIN_MS } from '../base/limits.js';
import { freshness } from '../bcdb/copy.js';
import type { Reader } from '../bcdb/reader.js';
import type { Signer } from '../keys/ed25519.js';
import { appendSigned } from '../net/compose.js';
import type { Grid } from '../net/grid.js';
import type { ContractObject } from '../rules/objects.js';
import type { NodeConfig } from '../schema/types.js';
import { Checker, patientsOf } from './life/checker.js';
import { desired, type BookTime, type Desired, type Proof } from './plan/desired.js';
import type { Machine, Wait } from './plan/draft.js';
import type { Driver, Running } from './driver.js';
import { Heart } from './report/heart.js';
import type { Lives } from './life/lives.js';
import type { Networks } from './network/networks.js';
import type { LinkReport } from './network/private.js';
import { plan } from './plan/plan.js';
import { proveAgreement } from './plan/proof.js';
import { Queue } from './queue.js';
import type { Journal } from './report/journal.js';
import { Reporter, type Said } from './report/reporter.js';
import type { Report } from './plan/steps.js';
import { seeMachine } from './see.js';
import { settle } from './life/settle.js';
import type { Taken } from './plan/taken.js';
import type { Secrets } from './secrets/secrets.js';
import { Teller, type WatchEvent } from './report/tell.js';
import type { Volumes } from './volume.js';

/** What a watcher is made of; who makes it disposes of the parts. */
export interface WatchParts {
  readonly grid: Grid;
  readonly config: NodeConfig;
  readonly driver: Driver;
  readonly volumes: Volumes;
  readonly networks: Networks;
  readonly taken: Taken;
  readonly lives: Lives;
  /** What could not be said while the home was away. */
  readonly journal: Journal;
  /** Left out: this node takes none, and what needs one waits for ever. */
  readonly secrets?: Secrets;
  /** Leads the web names to what runs. */
  readonly gateway?: (wanted: readonly Desired[], running: readonly Running[], signal: AbortSignal) => Promise<void>;
  /** The node's own key. */
  readonly signer: Signer;
  /** Address of this machine on which workloads' ports are published. */
  readonly address: string;
  readonly clock: Clock;
  /** Ends the watcher; whatever runs goes on. */
  readonly signal: AbortSignal;
  readonly tell: (event: WatchEvent) => void;
  /** Called after each whole round: machine and book were looked at, and a problem is at most that the home is away. */
  readonly rounded?: (round: Round) => void;
}

/** What a whole round saw. */
export interface Round {
  readonly time: BookTime;
  readonly machine: Machine;
  readonly wanted: readonly Desired[];
}

/** What a node may conclude from its copy; a problem other than silence makes it "cannot read". */
export function bookTime(book: Reader, clock: Clock, problem: Problem | null = null): BookTime {
  const { fresh, time_ms } = freshness(book, clock);
  const readable = problem === null || problem.code === 'unreachable' || problem.code === 'busy';
  // Stamps are whole seconds; a line taken in later shows that the home's clock is further.
  return { fresh: fresh && readable, stamp: Math.max(time_ms, book.lastAt), now: clock(), size: book.size };
}

/** Contracts of which something was found on this machine. */
export function foundContracts(machine: Machine, taken: ReadonlyMap<string, unknown>): Set<string> {
  return new Set([...taken.keys(), ...machine.volumes.keys(), ...machine.running.map(({ contract }) => contract)]);
}

const NOTHING_SAID: Said = { again: false, problem: null };
const NOTHING_WAITS: ReadonlyMap<string, Wait> = new Map();

function asProblem(thrown: unknown): Problem {
  return isProblem(thrown) ? thrown : new Problem('failed', messageOf(thrown), { cause: thrown });
}

/** Watches for one node of one grid. Exactly one per node runs; the command sees to it. */
export class Watcher {
  readonly #parts: WatchParts;
  readonly #queue: Queue;
  readonly #proven = new Map<string, Proof>();
  readonly #teller: Teller;
  readonly #reporter: Reporter;
  readonly #heart: Heart;
  readonly #checker: Checker;
  /** A single look checks no health: one check says too little. */
  #isLong = false;
  #links: readonly LinkReport[] = [];
  /** Not before then again, by this machine's clock. */
  #linksAt = 0;
  #woken = false;
  #cleared: (() => void) | null = null;
  /** Resolves once what a process before this one ran beside workloads has ended; never where the runtime does not answer. */
  readonly cleared = new Promise<void>((resolve) => (this.#cleared = resolve));
  #wake: () => void = () => undefined;

  constructor(parts: WatchParts) {
    this.#parts = parts;
    this.#teller = new Teller(parts.tell);
    this.#queue = new Queue(parts, this.#teller, () => this.wake());
    this.#reporter = new Reporter(parts.grid, parts.signer, parts.clock, this.#teller);
    this.#heart = new Heart(parts.grid, parts.signer, parts.clock, this.#teller);
    this.#checker = new Checker(parts, () => this.wake());
  }

  /**
   * Rounds until nothing is under way and nothing is left to do or say, but for what has to wait for a later look.
   * @throws Problem what stood in the way in the last round: `unreachable` when the home or the runtime does not answer
   */
  async once(): Promise<void> {
    for (;;) {
      const { quiet, wait_ms, problem } = await this.#round();
      this.#parts.signal.throwIfAborted();
      if (quiet || (problem !== null && this.#queue.busy.size === 0)) {
        if (problem !== null) throw problem;
        return;
      }
      await this.#pause(wait_ms ?? NODE_STEP_TIMEOUT_MS);
    }
  }

  /** Rounds until the signal ends, at least one every `interval_ms`, and at once when something has ended or `wake` was called. */
  async forever(interval_ms: number): Promise<void> {
    this.#isLong = true;
    while (!this.#parts.signal.aborted) {
      const { wait_ms } = await this.#round();
      await this.#pause(Math.min(interval_ms, wait_ms ?? interval_ms));
    }
    // Steps end with the signal; what they have begun is found again by the next watcher.
    await this.#queue.ended();
    await this.#parts.secrets?.end();
  }

  /** Something may have changed: the next round begins at once. */
  wake(): void {
    this.#woken = true;
    this.#wake();
  }

  /** One look and what follows from it. `wait_ms`: the next round is due no later; `problem`: what stood in the way. */
  async #round(): Promise<{ quiet: boolean; wait_ms: number | null; problem: Problem | null }> {
    const { grid, config, clock, taken, lives, journal } = this.#parts;
    const reading = await this.#follow();
    // All that was news until now is looked at below, so what this round itself has fetched is no reason for another one.
    this.#woken = false;
    // What ends while the machine is looked at may show as it was before: it is left alone until the next look.
    const { busy } = this.#queue;
    const machine = await this.#look();
    // From here to the plan without a pause: clock, state and proofs of one and the same moment of the copy.
    const time = bookTime(grid.reader, clock, reading);
    this.#teller.book(time, reading);
    if (isProblem(machine)) return { quiet: false, wait_ms: null, problem: machine };

    const known = taken.all();
    const listed = desired(grid.reader, config, time, foundContracts(machine, known), (contract) => this.#prove(contract));
    const { pulling, failures, fetched } = this.#queue;
    const remembered = { busy, pulling, failures, fetched, health: this.#checker.health, spoken: this.#reporter.spoken, taken: known };
    const { wanted, lives: settled } = settle(listed, machine, { ...remembered, lives: lives.all }, time);
    lives.put(settled);
    if (time.fresh) lives.trim(new Map(wanted.flatMap(({ contract, phase, tasks }) => (phase === 'run' ? [[contract, new Set(tasks.map(({ workload }) => workload.name))] as const] : []))));
    // Network → volume → workload → gateway; back the same way, as each looks at what is still there.
    const waiting = new Map([...(await this.#network(wanted, machine, time)), ...(await this.#fetchSecrets(wanted, machine, time))]);
    const next = plan(wanted, machine, { ...remembered, lives: lives.all, waiting }, time);
    // Before the steps: should we die in between, a start that was begun twice is counted once.
    lives.put(next.lives);
    if (this.#isLong) this.#checker.watch(patientsOf(wanted, machine, lives.all));
    for (const contract of next.over) if ((known.get(contract) ?? null) === null) taken.over(contract, time);
    for (const contract of next.notOver) taken.notOver(contract);
    for (const key of next.abandon) this.#queue.abandon(key);
    for (const ref of next.strangers) this.#teller.stranger(ref);
    // Before anything is made for it, so that what is made is found again.
    for (const { contract, phase } of wanted) if (phase === 'run' && time.fresh && !known.has(contract)) taken.add(contract);
    for (const action of next.actions) this.#queue.begin(action);
    await this.#route(wanted, machine);
    const isAway = reading !== null || !time.fresh;
    const journal_at = isAway ? journal.note(wanted, machine, { ...remembered, lives: lives.all, waiting }, time) : null;
    const said = isAway ? NOTHING_SAID : await this.#say(next.reports);
    await this.#sayLinks();
    const problem = said.problem ?? (await this.#heart.beat(time)) ?? reading;
    for (const contract of next.done) await this.#forget(contract);
    // What was under way when the machine was looked at may have ended since: then there is another look to take.
    if (problem === null || problem.code === 'unreachable' || problem.code === 'busy') this.#parts.rounded?.({ time, machine, wanted });
    const quiet = next.actions.length === 0 && next.retry_at === null && !said.again && busy.size === 0 && this.#queue.busy.size === 0 && this.#parts.secrets?.isLooking !== true && problem === null;
    const next_at = Math.min(next.retry_at ?? Infinity, next.look_at ?? Infinity, journal_at ?? Infinity, this.#heart.due ?? Infinity);
    const wait_ms = said.again ? 0 : next_at === Infinity ? null : Math.max(0, next_at - clock());
    return { quiet, wait_ms, problem };
  }

  /** First what could not be said before; how things are now is then for the next look, which comes at once. */
  async #say(reports: readonly Report[]): Promise<Said> {
    const { journal } = this.#parts;
    if (journal.all.length === 0) return this.#reporter.say(reports);
    const problem = await this.#reporter.sayPast(journal);
    return { again: problem === null, problem };
  }

  /** The home away is a normal state: what it is then allowed to do follows from how old the copy is. */
  async #follow(): Promise<Problem | null> {
    try {
      await this.#parts.grid.refresh();
      return null;
    } catch (thrown) {
      return asProblem(thrown);
    }
  }

  async #look(): Promise<Machine | Problem> {
    const { driver, volumes, signal } = this.#parts;
    try {
      await this.#clear();
      const machine = await seeMachine(driver, volumes, signal);
      this.#teller.part('runtime', null);
      this.#teller.part('volumes', machine.missing ?? null);
      return machine;
    } catch (thrown) {
      const problem = asProblem(thrown);
      if (!signal.aborted) this.#teller.part('runtime', problem);
      return problem;
    }
  }

  /** A watcher that was killed has left its health checks, and commands whose operators nobody hears any more. */
  async #clear(): Promise<void> {
    if (this.#cleared === null) return;
    await this.#parts.driver.endCommands(this.#parts.signal);
    this.#cleared();
    this.#cleared = null;
  }

  /** Workloads that have to wait for their network, with the reason. */
  async #network(wanted: readonly Desired[], { running }: Machine, time: BookTime): Promise<ReadonlyMap<string, Wait>> {
    const { networks, signal } = this.#parts;
    try {
      const { waiting, links } = await networks.apply({ state: this.#parts.grid.reader, at: Math.min(time.now, time.stamp), wanted, running, busy: this.#queue.busy, fresh: time.fresh }, signal);
      this.#links = links;
      this.#teller.part('networks', null);
      return new Map([...waiting].map(([key, reason]) => [key, { reason, isSaid: false }]));
    } catch (thrown) {
      const problem = asProblem(thrown);
      if (!signal.aborted) this.#teller.part('networks', problem);
      return new Map(wanted.flatMap(({ contract, tasks }) => tasks.map(({ workload }) => [`${contract}/${workload.name}`, { reason: problem.message, isSaid: false }])));
    }
  }

  /** Tells the others in a private network where this node's workloads are; what stands in the way is told, and tried again a minute later. */
  async #sayLinks(): Promise<void> {
    const { grid, signer, clock, signal } = this.#parts;
    if (clock() < this.#linksAt) return;
    for (const { contract, ...body } of this.#links) {
      try {
        await appendSigned(grid, { chain: `run/${contract}`, kind: 'link@1', body }, [signer]);
        this.#woken = true;
      } catch (thrown) {
        this.#linksAt = clock() + SAY_AGAIN_MS;
        if (!signal.aborted) this.#teller.part('networks', asProblem(thrown));
        return;
      }
    }
  }

  /** Workloads that have to wait for a secret. */
  async #fetchSecrets(wanted: readonly Desired[], { running }: Machine, time: BookTime): Promise<ReadonlyMap<string, Wait>> {
    const { secrets, signal } = this.#parts;
    if (secrets === undefined) return NOTHING_WAITS;
    return secrets.round(wanted, running, time, (problem) => {
      if (signal.aborted) return;
      this.#teller.part('secrets', problem);
      this.wake();
    });
  }

  /** Also while the book is not fresh: names end by lines of it alone, and what was started again has another address. */
  async #route(wanted: readonly Desired[], { running }: Machine): Promise<void> {
    const { gateway, signal } = this.#parts;
    if (gateway === undefined) return;
    try {
      await gateway(wanted, running, signal);
      this.#teller.part('gateway', null);
    } catch (thrown) {
      if (!signal.aborted) this.#teller.part('gateway', asProblem(thrown));
    }
  }

  /** Once for each agreement: its record never changes. A proof that does not hold is tried again. */
  #prove(contract: ContractObject): Proof {
    const before = this.#proven.get(contract.record);
    if (before !== undefined) return before;
    const { grid } = this.#parts;
    const proof = proveAgreement(grid.reader, grid.id, contract);
    if (proof.checks.every(({ ok }) => ok)) this.#proven.set(contract.record, proof);
    return proof;
  }

  async #forget(contract: string): Promise<void> {
    await this.#parts.driver.forget(contract);
    this.#parts.taken.drop(contract);
    this.#parts.lives.drop(contract);
    this.#reporter.forget(contract);
    this.#queue.forget(contract);
  }

  async #pause(wait_ms: number): Promise<void> {
    const { signal } = this.#parts;
    if (!this.#woken && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, wait_ms);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
        signal.addEventListener('abort', this.#wake, { once: true });
      });
      signal.removeEventListener('abort', this.#wake);
      this.#wake = () => undefined;
    }
    this.#woken = false;
  }
}
