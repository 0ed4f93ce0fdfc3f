// A contract in force: its volume is made, it is held, its workloads run and are spoken of. Pure.
import type { PublishedPort } from '../schema/types.js';
import type { Desired, Task } from './desired.js';
import type { Draft } from './draft.js';
import { wasStoppedForPause } from './ending.js';
import { isListed } from './listed.js';

/** Why a held contract has failed as a whole. */
const VOLUME_GONE = 'its volume is not on this machine any more; nothing is started without it, and no empty one is made in its place';

/** What a contract in force needs next. */
export function keep(draft: Draft, wanted: Desired): void {
  const { contract, volume_mib, tasks, held } = wanted;
  if (grows(draft, wanted)) return;
  observe(draft, wanted);
  for (const running of draft.of(contract)) if (!isListed(tasks, running)) draft.takeAway(running);
  const volume = draft.machine.volumes.get(contract);
  const data = volume_mib > 0 ? (volume?.path ?? null) : null;
  if (volume_mib > 0 && held && volume === undefined) {
    // Its disk may not be mounted; when it is back, the contract goes on.
    draft.sayFailed(wanted, VOLUME_GONE);
    return;
  }
  if (volume_mib > 0 && data === null) {
    const failed = draft.act({ do: 'volume', contract, size_mib: volume_mib });
    if (failed !== null && held) for (const task of tasks) runTask(draft, wanted, { ...task, refusal: task.refusal ?? failed }, null);
    if (failed !== null && !held) draft.sayFailed(wanted, failed);
    return;
  }
  if (!held) draft.say(contract, null, 'held');
  else for (const task of tasks) runTask(draft, wanted, task, data);
}

/** Says how the workloads of the list are. */
export function observe(draft: Draft, { contract, held, tasks, said }: Desired): void {
  if (!held) return;
  for (const running of draft.of(contract)) {
    const { workload, state, exit_code } = running;
    if (state === 'created' || !isListed(tasks, running)) continue;
    const ports = state === 'running' ? sorted(running.ports) : [];
    const last = said?.workloads.find(({ name }) => name === workload);
    // However it ended, we ended it, and it is about to be started again.
    if (state !== 'running' && wasStoppedForPause(last)) continue;
    if (last?.state === state && last.exit_code === exit_code && JSON.stringify(sorted(last.ports)) === JSON.stringify(ports)) continue;
    draft.say(contract, workload, state, { reason: running.reason, exit_code, ports });
  }
}

/**
 * Lets a volume grow that an amendment made larger.
 * @returns true where nothing else may be done on the contract until that is over
 */
function grows(draft: Draft, wanted: Desired): boolean {
  const { contract, volume_mib, held } = wanted;
  const { volumes, growsInUse } = draft.machine;
  const here = draft.of(contract);
  const size_mib = volumes.get(contract)?.size_mib ?? null;
  if (!held || size_mib === null || size_mib >= volume_mib) return false;
  const isGivenUp = draft.memory.failures.get(contract)?.retry_at === null;
  if (!growsInUse && here.length > 0 && !isGivenUp) {
    // Stopped and taken away, which is not said: it is started again as soon as the volume has grown.
    for (const running of here) draft.takeAway(running);
    return true;
  }
  const failed = draft.act({ do: 'volume', contract, size_mib: volume_mib });
  if (failed !== null) draft.sayFailed(wanted, failed);
  return failed === null && !growsInUse;
}

function runTask(draft: Draft, { contract, said }: Desired, { workload, limits, refusal }: Task, data: string | null): void {
  const { name } = workload;
  const present = draft.of(contract).find((running) => running.workload === name);
  const status = said?.workloads.find((one) => one.name === name);
  const last = status?.state;
  const isResumed = wasStoppedForPause(status);
  if (isResumed && present !== undefined && present.state !== 'running') {
    draft.takeAway(present);
    return;
  }
  // Made but never started, as after a restart of the machine, counts as not there.
  if (present !== undefined && present.state !== 'created') return;
  // What ended by itself is not run again: only a new list of workloads does that.
  if (!isResumed && (last === 'exited' || last === 'failed')) return;
  const key = `${contract}/${name}`;
  const wait = refusal === null ? draft.memory.waiting.get(key) : undefined;
  if (wait !== undefined) {
    const isNews = last !== 'pulling' || status?.reason !== wait.reason;
    if (wait.isSaid && isNews) draft.say(contract, name, 'pulling', { reason: wait.reason });
    return;
  }
  const failed = refusal ?? draft.act({ do: 'start', contract, workload, limits, data });
  if (failed !== null) draft.say(contract, name, 'failed', { reason: failed });
  else if (last === undefined && draft.memory.pulling.has(key)) draft.say(contract, name, 'pulling');
}

function sorted(ports: readonly PublishedPort[]): PublishedPort[] {
  return ports.map(({ container, host }) => ({ container, host })).sort((a, b) => a.container - b.container || a.host - b.host);
}
