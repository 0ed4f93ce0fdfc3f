// What this look makes of every workload's life, and with it what is in force. Pure.
import type { Workload } from '../../schema/types.js';
import { refKey } from '../driver.js';
import type { BookTime, Desired } from '../plan/desired.js';
import type { Machine, Memory } from '../plan/draft.js';
import { live, taskInForce, type Life } from './life.js';
import { attemptOf } from '../plan/steps.js';

/** What is in force, and what is to be remembered of it. */
export interface Settled {
  /** As the lists say, but for what was rolled back. */
  readonly wanted: readonly Desired[];
  /** Lives that have changed, by `contract/name`. */
  readonly lives: ReadonlyMap<string, Life>;
}

/** Looks at what is wanted and what runs; before anything is planned. */
export function settle(wanted: readonly Desired[], { running }: Pick<Machine, 'running'>, memory: Pick<Memory, 'busy' | 'failures' | 'lives' | 'health'>, { now }: Pick<BookTime, 'now'>): Settled {
  const there = new Map(running.map((one) => [refKey(one), one]));
  const lives = new Map<string, Life>();
  const inForce = wanted.map((contract) => {
    const isLiving = contract.held && (contract.phase === 'run' || contract.phase === 'refused');
    const spare: Workload[] = [];
    const tasks = contract.tasks.map((task) => {
      const { name } = task.workload;
      const key = `${contract.contract}/${name}`;
      const before = memory.lives.get(key);
      if (!isLiving) return taskInForce(task, before);
      const failure = memory.failures.get(key);
      const life = live(before, {
        task, running: there.get(key), busy: memory.busy.has(key), health: memory.health.get(key), said: contract.said?.workloads.find((one) => one.name === name), now,
        givenUp: ({ workload, limits }) => {
          const begins = (['start', 'fetch'] as const).map((step) => attemptOf({ do: step, contract: contract.contract, workload, limits, data: null }));
          return (failure?.retry_at === null || failure?.away === true) && begins.includes(failure.attempt) ? failure : undefined;
        },
      });
      if (life !== before) lives.set(key, life);
      if (life.good !== null) spare.push(life.good);
      return taskInForce(task, life);
    });
    return { ...contract, tasks, spare };
  });
  return { wanted: inForce, lives };
}
