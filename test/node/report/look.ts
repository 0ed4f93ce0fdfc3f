// What a look at a machine gives that has one service on it: as values, for tests of what is said of it.
import { specDigest, type Running } from '../../../src/node/driver.js';
import { workloadDigest, type Life } from '../../../src/node/life/life.js';
import type { Desired } from '../../../src/node/plan/desired.js';
import type { Memory } from '../../../src/node/plan/draft.js';
import type { Workload } from '../../../src/schema/types.js';
import { bare } from '../local.js';

const C = 'c'.repeat(40);
const SERVICE: Workload = { ...bare(['serve']), restart: { policy: 'always', attempts: 100, interval_ms: 1_000, delay_ms: 100 } };
const LIMITS = { cru: 1, mru_mib: 64, pids: 8 };

/** A look at a service that was started again so often, which the book has not heard of. */
export function look(restarts: number): { wanted: Desired; running: Running; memory: Memory } {
  const life: Life = { workload: workloadDigest(SERVICE), started: 1, restarts, ends: [], again: null, over: null, health: null, good: null, refused: null };
  const task = { workload: SERVICE, limits: LIMITS, refusal: null };
  const said = { contract: C, state: 'held' as const, reason: null, at: 0, workloads: [{ name: 'web', state: 'running' as const, reason: null, exit_code: null, ports: [], at: 0, restarts: 0 }] };
  return {
    wanted: { contract: C, phase: 'run', checks: [], held: true, volume_mib: 0, tasks: [task], keep_until: 0, said },
    running: { contract: C, workload: 'web', digest: specDigest(task), state: 'running', reason: null, exit_code: null, ports: [], started: 1 },
    memory: { busy: new Map(), pulling: new Map(), failures: new Map(), fetched: new Map<string, string>(), waiting: new Map(), health: new Map(), lives: new Map([[`${C}/web`, life]]), spoken: new Map(), taken: new Map() },
  };
}
