// A machine, a book and a clock that exist only as values: what plans make of a workload over time, without waiting.
import type { BookTime, Desired } from '../../src/node/plan/desired.js';
import type { Plan } from '../../src/node/plan/draft.js';
import { specDigest, type Limits, type Running, type RunState } from '../../src/node/driver.js';
import type { Checked } from '../../src/node/life/health.js';
import type { Life } from '../../src/node/life/life.js';
import { plan } from '../../src/node/plan/plan.js';
import { settle } from '../../src/node/life/settle.js';
import { attemptOf, keyOf, type Failure } from '../../src/node/plan/steps.js';
import type { RunObject, WorkloadStatus } from '../../src/rules/objects.js';
import type { Workload } from '../../src/schema/types.js';

export const C = 'c'.repeat(40);
const LIMITS: Limits = { cru: 1, mru_mib: 64, pids: 10 };
const FIRST = 1_000_000_000;

/** A service that is started again twice within a minute, after 1 s and then 2 s. */
export const web: Workload = { name: 'web', image: null, command: ['web'], env: [], ports: [], secrets: [], restart: { policy: 'on-failure', attempts: 2, interval_ms: 60_000, delay_ms: 1_000 } };

/** One contract without a volume, held. What is planned is done at once, what is reported is in the book at once. */
export class Living {
  /** ms since 1970 */
  now = FIRST;
  /** Every step and report so far, with the second in which it came: `1: start web`, `1: web running`. */
  readonly log: string[] = [];
  list: Workload[];
  limits = LIMITS;
  phase: Desired['phase'] = 'run';
  fresh = true;
  running: Running[] = [];
  lives = new Map<string, Life>();
  /** Commands of which a start fails, or, of those with an image, already the fetching; with the reason. */
  readonly broken = new Map<string, string>();
  readonly health = new Map<string, Checked>();
  readonly #failures = new Map<string, Failure>();
  readonly #fetched = new Map<string, string>();
  readonly #spoken = new Map<string, number>();
  #said = new Map<string, WorkloadStatus>();
  #look_at: number | null = null;

  constructor(...list: Workload[]) {
    this.list = list;
  }

  /** Looks until nothing changes any more. */
  look(): this {
    for (let i = 0; i < 20; i += 1) if (!this.#once()) return this;
    throw new Error(`no end: ${this.log.slice(-6).join(', ')}`);
  }

  /** Lets time pass, looking whenever a plan asks for it and every 10 s. */
  pass(ms: number): this {
    const end = this.now + ms;
    while (this.now < end) {
      const asked = this.#look_at ?? Infinity;
      this.now = Math.min(end, this.now + 10_000, asked > this.now ? asked : this.now + 10_000);
      this.look();
    }
    return this;
  }

  /** What runs ends. */
  ends(state: Exclude<RunState, 'created' | 'running'>, name = 'web'): this {
    const exit_code = state === 'exited' ? 0 : state === 'failed' ? 3 : null;
    this.running = this.running.map((one) => (one.workload === name ? { ...one, state, exit_code, ports: [], reason: state === 'failed' ? 'ended with exit code 3' : null } : one));
    return this.look();
  }

  /** The checks of what runs say so. */
  is(health: Checked['health'], name = 'web'): this {
    const started = this.running.find(({ workload }) => workload === name)?.started ?? 0;
    this.health.set(`${C}/${name}`, { started, health, failures: 0, reason: health === 'unhealthy' ? 'no answer' : null });
    return this.look();
  }

  /** Another list: what is said of a workload that is replaced goes, as the rules have it. */
  becomes(...list: Workload[]): this {
    const same = new Set(this.list.map((one) => JSON.stringify(one)));
    const kept = new Set(list.filter((one) => same.has(JSON.stringify(one))).map(({ name }) => name));
    this.#said = new Map([...this.#said].filter(([name]) => kept.has(name)));
    this.list = list;
    return this.look();
  }

  /** What the book has of a workload. */
  said(name = 'web'): WorkloadStatus | undefined {
    return this.#said.get(name);
  }

  /** The command that runs. */
  runs(name = 'web'): string | undefined {
    const one = this.running.find(({ workload, state }) => workload === name && state === 'running');
    return this.#commands.get(one?.digest ?? '');
  }

  /** What came since the last call, without the times. */
  news(): string[] {
    return this.log.splice(0).map((line) => line.replace(/^[0-9]+: /, ''));
  }

  readonly #commands = new Map<string, string>();

  #once(): boolean {
    const time: BookTime = { fresh: this.fresh, stamp: this.now, now: this.now, size: 1 };
    const held: RunObject = { contract: C, state: 'held', reason: null, at: FIRST, workloads: [...this.#said.values()] };
    const wanted: Desired = { contract: C, phase: this.phase, checks: [], held: true, volume_mib: 0, tasks: this.list.map((workload) => ({ workload, limits: this.limits, refusal: null })), keep_until: Infinity, said: held };
    const machine = { running: this.running, volumes: new Map(), growsInUse: true };
    const memory = { busy: new Map(), pulling: new Map<string, string>(), failures: this.#failures, fetched: this.#fetched, health: this.health, spoken: this.#spoken, waiting: new Map(), taken: new Map([[C, null]]) };
    const settled = settle([wanted], machine, { ...memory, lives: this.lives }, time);
    // As in the database: what comes back is a copy.
    const keep = (lives: ReadonlyMap<string, Life>): void => {
      for (const [key, life] of lives) this.lives.set(key, JSON.parse(JSON.stringify(life)) as Life);
    };
    keep(settled.lives);
    const next = plan(settled.wanted, machine, { ...memory, lives: this.lives }, time);
    keep(next.lives);
    this.#look_at = Math.min(next.look_at ?? Infinity, next.retry_at ?? Infinity);
    this.#carryOut(next);
    return settled.lives.size + next.lives.size + next.actions.length + next.reports.length > 0;
  }

  #carryOut({ actions, reports }: Plan): void {
    const second = Math.round((this.now - FIRST) / 1_000);
    for (const action of actions) {
      if (action.do === 'volume' || action.do === 'wipe') throw new Error('there is no volume');
      const name = typeof action.workload === 'string' ? action.workload : action.workload.name;
      const words = typeof action.workload === 'string' ? name : action.workload.command.join(' ');
      this.log.push(`${second}: ${action.do} ${words}`);
      const others = this.running.filter(({ workload }) => workload !== name);
      if (action.do === 'remove') this.running = others;
      if (action.do === 'stop') this.running = this.running.map((one) => (one.workload === name ? { ...one, state: 'failed', exit_code: 143, ports: [], reason: 'killed by signal 15' } : one));
      if (action.do === 'fetch' && !this.broken.has(words)) this.#fetched.set(keyOf(action), attemptOf(action));
      if (action.do === 'start' || action.do === 'fetch') {
        const reason = this.broken.get(words);
        if (reason !== undefined) this.#failures.set(keyOf(action), { attempt: attemptOf(action), reason, at: this.now, refused: false, retry_at: null });
        else if (action.do === 'start') {
          const digest = specDigest(action);
          this.#commands.set(digest, words);
          this.running = [...others, { contract: C, workload: name, digest, state: 'running', reason: null, exit_code: null, ports: [], started: this.now }];
        }
      }
    }
    for (const { workload, state, reason, exit_code, ports, restarts, health } of reports) {
      const name = workload ?? '';
      this.log.push(`${second}: ${name} ${state}${restarts === undefined ? '' : ` ${restarts}`}${health === undefined ? '' : ` ${health}`}${reason === null ? '' : ` (${reason})`}`);
      this.#said.set(name, { name, state, reason, exit_code, ports: [...ports], at: this.now, ...(restarts === undefined ? {} : { restarts }), ...(health === undefined ? {} : { health }) });
      this.#spoken.set(`${C}/${name}`, this.now);
    }
  }
}
