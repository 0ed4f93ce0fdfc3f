// How a node stands: what it should run, what runs, what it said, and why.
import type { Clock } from '../../base/clock.js';
import type { Problem } from '../../base/errors.js';
import type { Grid } from '../../net/grid.js';
import { drainOf } from '../../rules/node.js';
import { read } from '../../rules/objects.js';
import type { NodeConfig, PublishedPort } from '../../schema/types.js';
import { desired, type BookTime, type Desired, type Phase } from '../plan/desired.js';
import type { Check, RunState } from '../driver.js';
import type { Machine } from '../plan/draft.js';
import type { Health, Life } from '../life/life.js';
import { proveAgreement } from '../plan/proof.js';
import { bookTime, foundContracts } from '../watch.js';

/** A workload on this node. */
export interface WorkloadStanding {
  readonly name: string;
  /** On this machine; absent: nothing of it is there; unknown: the runtime does not answer. */
  readonly state: 'absent' | RunState | 'unknown';
  /** In the book; null: nothing was said of it. */
  readonly said: string | null;
  readonly reason: string | null;
  readonly exit_code: number | null;
  readonly ports: readonly PublishedPort[];
  /** How often it was started again. */
  readonly restarts: number;
  /** Null without a health check. */
  readonly health: Health | null;
  /** When it is started again, ms since 1970; null: it is not waiting for that. */
  readonly next_start_ms: number | null;
}

/** A contract on this node. */
export interface ContractStanding {
  readonly contract: string;
  readonly phase: Phase;
  /** What the node said of it as a whole. */
  readonly said: string | null;
  readonly reason: string | null;
  readonly volume_mib: number;
  readonly workloads: readonly WorkloadStanding[];
  readonly checks: readonly Check[];
}

/** A node as it stands. */
export interface NodeStanding {
  readonly time: BookTime;
  /** What stands in the way of reading the book or the runtime; empty when all is well. */
  readonly problems: readonly Problem[];
  /** Whether its farm has admitted it. */
  readonly admitted: boolean;
  /** It takes nothing new: until when (ms since 1970; null: until it says otherwise), and why. Null: it does. */
  readonly draining: { readonly until: number | null; readonly reason: string } | null;
  readonly contracts: readonly ContractStanding[];
}

/** What a look at a node needs. */
export interface Looking {
  readonly grid: Grid;
  readonly config: NodeConfig;
  readonly clock: Clock;
  /** Null: the runtime does not answer. */
  readonly machine: Machine | null;
  /** Contracts that the node has taken on. */
  readonly taken: ReadonlyMap<string, unknown>;
  readonly problems: readonly Problem[];
  /** What the watcher remembers of each workload. */
  readonly lives: ReadonlyMap<string, Life>;
  /** A contract to look at although nothing of it is here. */
  readonly also?: string | undefined;
}

/** Says how a node stands, from its own copy and its machine; changes nothing. */
export function standing({ grid, config, clock, machine, taken, lives, problems, also }: Looking): NodeStanding {
  const reading = problems.find(({ code }) => code === 'integrity') ?? null;
  const time = bookTime(grid.reader, clock, reading);
  const found = foundContracts(machine ?? { running: [], volumes: new Map(), growsInUse: true }, taken);
  if (also !== undefined) found.add(also);
  const wanted = desired(grid.reader, config, time, found, (contract) => proveAgreement(grid.reader, grid.id, contract));
  const node = read(grid.reader, 'node', config.key);
  const drain = node === undefined ? undefined : drainOf(node, clock());
  return {
    time,
    problems,
    admitted: node?.admitted === config.farm,
    draining: drain === undefined ? null : { until: drain.until, reason: drain.reason },
    contracts: wanted.map((one) => contractStanding(one, time, machine, lives)),
  };
}

function contractStanding(wanted: Desired, time: BookTime, machine: Machine | null, lives: ReadonlyMap<string, Life>): ContractStanding {
  const { contract, phase, said, volume_mib, tasks } = wanted;
  const here = machine?.running.filter((running) => running.contract === contract) ?? [];
  const names = new Set([...tasks.map(({ workload }) => workload.name), ...here.map(({ workload }) => workload)]);
  const workloads = [...names].map((name): WorkloadStanding => {
    const running = here.find(({ workload }) => workload === name);
    const last = said?.workloads.find((one) => one.name === name);
    const life = lives.get(`${contract}/${name}`);
    return {
      name, state: running?.state ?? (machine === null ? 'unknown' : 'absent'), said: last?.state ?? null, reason: life?.over?.reason ?? life?.again?.reason ?? running?.reason ?? last?.reason ?? null,
      exit_code: running?.exit_code ?? last?.exit_code ?? null, ports: running?.ports ?? last?.ports ?? [],
      restarts: life?.restarts ?? last?.restarts ?? 0, health: life?.health ?? last?.health ?? null, next_start_ms: life?.again?.begun === false ? life.again.at : null,
    };
  });
  const checks = [freshCheck(time), ...wanted.checks, ...machineChecks(wanted, machine), ...workloads.map(workloadCheck)];
  return { contract, phase, said: said?.state ?? null, reason: said?.reason ?? null, volume_mib, workloads, checks };
}

function freshCheck({ fresh, stamp, now, size }: BookTime): Check {
  const seconds = Math.round((now - stamp) / 1_000);
  return { name: 'book', ok: fresh, evidence: `${size} lines, the newest verified ${seconds} s ago${fresh ? '' : ': too old, or of a clock that is off, to begin or end anything'}`, remedy: fresh ? null : '3bot doctor' };
}

function machineChecks({ contract, volume_mib, held, said, phase }: Desired, machine: Machine | null): Check[] {
  const checks: Check[] = [];
  if (volume_mib > 0 && machine !== null) {
    const volume = machine.volumes.get(contract);
    const path = volume?.path ?? null;
    const ok = phase === 'over' || path !== null;
    const lost = held && volume === undefined;
    const missing = machine.missing ?? null;
    const evidence = missing !== null ? missing.message : volume === undefined ? (held ? 'it is gone, with the data of the consumer' : 'there is none') : path === null ? 'it is there, not mounted' : `${volume.size_mib ?? volume_mib} MiB at ${path}`;
    checks.push({ name: 'volume', ok, evidence, remedy: ok ? null : missing !== null ? (missing.hint ?? null) : lost ? 'mount the disk on which the volumes of this node lie' : '3bot node watch' });
  }
  if (phase !== 'unknown') {
    const ok = held || phase === 'over';
    const evidence = said?.state === 'failed' ? `this node said failed: ${said.reason ?? 'without a reason'}` : held ? 'this node has said held' : 'this node has not said held';
    checks.push({ name: 'held', ok, evidence, remedy: ok ? null : '3bot node watch' });
  }
  return checks;
}

function workloadCheck({ name, state, said, reason, exit_code, health }: WorkloadStanding): Check {
  const ok = (state === 'running' && health !== 'unhealthy') || state === 'exited';
  const why = [reason, exit_code === null ? null : `exit code ${exit_code}`].filter((part) => part !== null).join(', ');
  return { name: `running ${name}`, ok, evidence: `${state}${health === null ? '' : ` and ${health}`} on this machine, ${said ?? 'nothing'} in the book${why === '' ? '' : `: ${why}`}`, remedy: null };
}
