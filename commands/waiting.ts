// --wait and --timeout of reserve and deploy, and how a contract is shown at the end of either.
import { Problem } from '../src/base/errors.js';
import type { Command } from 'commander';
import { parseDuration } from '../src/base/duration.js';
import type { ContractShown } from '../src/market/contract.js';
import type { Goal } from '../src/consumer/wait.js';
import type { Context } from './command.js';
import { openGridOf } from './handle.js';

/** How long a contract is waited for, unless somebody says otherwise. */
export const TIMEOUT_MS = 5 * 60_000;

/** The two flags. */
export interface WaitOptions {
  wait?: Goal;
  timeout?: number;
}

/** Adds the two flags. */
export function waitOptions(command: Command): Command {
  return command
    .option('--wait <goal>', 'wait until committed, held, or ready (default: ready with a workload, else held)', parseGoal)
    .option('--timeout <duration>', 'how long to wait (default: 5m)', parseDuration);
}

function parseGoal(text: string): Goal {
  if (text !== 'committed' && text !== 'held' && text !== 'ready') throw new Problem('usage', `not something to wait for: ${JSON.stringify(text.slice(0, 50))}`, { hint: 'committed, held or ready' });
  return text;
}

/** How a wait ended: what went wrong is for the caller to throw, once it has said what there is. */
export interface Waited {
  readonly contract: ContractShown;
  readonly problem: unknown;
}

/** Waits for a contract as the flags say; never throws for what the contract or the wait came to. */
export async function waitAndShow(context: Context, grid: string | undefined, id: string, fallback: Goal, { wait, timeout }: WaitOptions): Promise<Waited> {
  const { waitFor } = await import('../src/consumer/wait.js');
  const { findContract } = await import('../src/consumer/contracts.js');
  const { showContract } = await import('../src/market/contract.js');
  const { nowOf } = await import('./now.js');
  const { clock, signal } = context;
  const goal = wait ?? fallback;
  let problem: unknown;
  if (goal !== 'committed') {
    using progress = await context.progress(`waiting until ${id.slice(0, 12)} is ${goal}`);
    const open = (): ReturnType<typeof openGridOf> => openGridOf(context, grid);
    const said = new Set<string>();
    const onLook = (now: Goal, delays: readonly string[]): void => {
      progress.say(`${id.slice(0, 12)} is ${now}; waiting until ${goal}`);
      const news = delays.filter((one) => !said.has(one));
      for (const one of news) said.add(one);
      if (news.length > 0) progress.aside(() => context.out.note(`${news.join('\n')}\nwhat it printed: 3bot logs ${id.slice(0, 12)}`));
    };
    problem = await waitFor(id, goal, { open, clock, signal, timeout_ms: timeout ?? TIMEOUT_MS, onLook })
      .then(() => undefined, (thrown: unknown) => thrown ?? new Error('unknown'));
  }
  await using copy = await openGridOf(context, grid);
  return { contract: showContract(copy.reader, findContract(copy.reader, id), nowOf(copy)), problem };
}

/** `waitAndShow` for several, all within one time limit. */
export async function waitForAll(context: Context, grid: string | undefined, ids: readonly string[], fallback: Goal, { wait, timeout = TIMEOUT_MS }: WaitOptions): Promise<Waited[]> {
  const end = context.clock() + timeout;
  const all: Waited[] = [];
  for (const id of ids) all.push(await waitAndShow(context, grid, id, fallback, { ...(wait === undefined ? {} : { wait }), timeout: Math.max(0, end - context.clock()) }));
  return all;
}
