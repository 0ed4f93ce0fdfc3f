// A contract in force: its volume is made, it is held, its workloads run and are spoken of. Pure.
import type { Desired, Task } from './desired.js';
import type { Draft } from './draft.js';
import type { Running } from '../driver.js';
import { cannotStart, starting, stoppedByUs, type Life } from '../life/life.js';
import { isListed } from './listed.js';
import { dueAt, sayingOf } from '../report/report.js';
import { isDue } from '../life/restart.js';
import { attemptOf, type Action } from './steps.js';

/** Why a held contract has failed as a whole. */
const VOLUME_GONE = 'its volume is not on this machine any more; nothing is started without it, and no empty one is made in its place';

/** What a contract in force needs next. */
export function keep(draft: Draft, wanted: Desired): void {
  if (grows(draft, wanted)) return;
  provide(draft, wanted);
  observe(draft, wanted);
}

function provide(draft: Draft, wanted: Desired): void {
  const { contract, volume_mib, tasks, held } = wanted;
  for (const running of draft.of(contract)) if (!isListed(tasks, running) && isReplaceable(draft, tasks, running)) draft.takeAway(running);
  const volume = draft.machine.volumes.get(contract);
  const data = volume_mib > 0 ? (volume?.path ?? null) : null;
  const isMissing = (draft.machine.missing ?? null) !== null;
  if (volume_mib > 0 && volume === undefined && (held || isMissing)) {
    // Its disk may not be mounted; when it is back, the contract goes on.
    if (held) draft.sayFailed(wanted, VOLUME_GONE);
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

/**
 * Whether what runs may go: where another image takes its place, that has to be here first. One that cannot be had is
 * rolled back to what runs, which has never stopped; where that was not proven to work, it goes as in any other update.
 */
function isReplaceable(draft: Draft, tasks: readonly Task[], { contract, workload: name, state }: Running): boolean {
  const task = tasks.find(({ workload }) => workload.name === name);
  const life = draft.life(contract, name);
  const { memory } = draft;
  const key = `${contract}/${name}`;
  // Another share of the same has its image here; what waits for a secret may need it to fetch.
  if (state !== 'running' || task === undefined || task.workload.image === null || task.refusal !== null || life?.started !== null || life.over !== null || memory.waiting.has(key)) return true;
  const fetch: Action = { do: 'fetch', contract, workload: task.workload, limits: task.limits, data: null };
  if (memory.fetched.get(key) === attemptOf(fetch)) return true;
  const failed = draft.act(fetch);
  if (failed !== null) draft.remember(contract, name, cannotStart(life, failed));
  return false;
}

/** What a copy that is not fresh leaves to do: what ended by itself is started again, as its policy says. Nothing else. */
export function keepRunning(draft: Draft, wanted: Desired): void {
  const { contract, volume_mib, tasks, held } = wanted;
  const data = volume_mib > 0 ? (draft.machine.volumes.get(contract)?.path ?? null) : null;
  if (!held || (volume_mib > 0 && data === null)) return;
  for (const task of tasks) if (draft.life(contract, task.workload.name)?.again?.why === 'ended') runTask(draft, wanted, task, data);
}

/** Says how the workloads of the list are. */
export function observe(draft: Draft, { contract, held, tasks, said }: Desired): void {
  if (!held) return;
  const { memory, time } = draft;
  for (const { workload, limits } of tasks) {
    const { name } = workload;
    const life = draft.life(contract, name);
    if (life === undefined) continue;
    const running = draft.of(contract).find((one) => isListed([{ workload, limits }], one));
    const last = said?.workloads.find((one) => one.name === name);
    const saying = sayingOf(workload, life, running, last);
    const due = saying === null ? null : dueAt(saying, last, memory.spoken.get(`${contract}/${name}`), time.now);
    if (saying === null || due === null) continue;
    if (due > time.now) draft.lookAt(due);
    else draft.say(contract, name, saying.state, saying);
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
    for (const running of here) {
      const life = draft.life(contract, running.workload);
      if (running.state === 'running' && life !== undefined) draft.remember(contract, running.workload, stoppedByUs(life, draft.time.now));
      draft.takeAway(running);
    }
    return true;
  }
  const failed = draft.act({ do: 'volume', contract, size_mib: volume_mib });
  if (failed !== null) draft.sayFailed(wanted, failed);
  return failed === null && !growsInUse;
}

/** Has one workload run as it is to. */
function runTask(draft: Draft, { contract, said }: Desired, { workload, limits, refusal }: Task, data: string | null): void {
  const { name } = workload;
  const key = `${contract}/${name}`;
  const life = draft.life(contract, name);
  const present = draft.of(contract).find((running) => running.workload === name);
  if (life === undefined || (present !== undefined && !isListed([{ workload, limits }], present))) return;
  if (present?.state === 'running') {
    // Unhealthy, or once too often.
    if (life.over !== null || life.again?.begun === false) draft.takeAway(present);
    return;
  }
  // What is over stays on the machine: somebody may want to know why.
  if (life.over !== null) return;
  if (!isDueNow(draft, life)) return;
  // Made but never started counts as not there.
  if (present !== undefined && present.state !== 'created') {
    if (life.again !== null) draft.takeAway(present);
    return;
  }
  const status = said?.workloads.find((one) => one.name === name);
  const wait = refusal === null ? draft.memory.waiting.get(key) : undefined;
  if (wait !== undefined) {
    const isNews = status?.state !== 'pulling' || status.reason !== wait.reason;
    // Of what ended by itself it is said already that it comes back.
    if (wait.isSaid && isNews && life.again?.why !== 'ended') draft.say(contract, name, 'pulling', { reason: wait.reason });
    return;
  }
  const start: Action = { do: 'start', contract, workload, limits, data };
  const failed = refusal ?? draft.act(start, life.ends.at(-1));
  if (failed !== null) draft.remember(contract, name, cannotStart(life, failed));
  else if (draft.actions.includes(start)) draft.remember(contract, name, starting(life));
  else {
    const failure = draft.memory.failures.get(key);
    const progress = draft.memory.pulling.get(key) ?? (failure?.away === true ? failure.reason : undefined);
    if (progress !== undefined && (status === undefined || (status.state === 'pulling' && status.reason !== progress))) draft.say(contract, name, 'pulling', { reason: progress });
  }
}

/** Whether the pause before it is started again is over. */
function isDueNow(draft: Draft, { again }: Life): boolean {
  if (again === null || isDue(again.at, draft.time.now)) return true;
  draft.lookAt(again.at);
  return false;
}
