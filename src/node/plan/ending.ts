// A contract that is paused or over: nothing of it runs; what is left goes when the retention is over. Pure.
import type { Desired } from './desired.js';
import type { Draft } from './draft.js';
import { stoppedByUs } from '../life/life.js';
import { isListed } from './listed.js';
import { STOPPED_FOR_PAUSE } from '../life/pause.js';

/** No workload may run any more. */
export function end(draft: Draft, { contract, tasks, said, phase, held }: Desired): void {
  for (const [key, step] of draft.busyWith(contract)) if (step === 'start' || step === 'fetch' || step === 'volume') draft.abandon.push(key);
  for (const running of draft.of(contract)) {
    const { workload, state, exit_code } = running;
    const last = said?.workloads.find(({ name }) => name === workload)?.state;
    if (state === 'running') {
      const life = draft.life(contract, workload);
      if (phase === 'paused' && life !== undefined) draft.remember(contract, workload, stoppedByUs(life, draft.time.now));
      draft.act({ do: 'stop', contract, workload });
    }
    if (state !== 'running' && state !== 'created' && held && last !== 'exited' && last !== 'failed' && isListed(tasks, running)) {
      // However it ended: we ended it.
      draft.say(contract, workload, 'exited', { reason: phase === 'paused' ? STOPPED_FOR_PAUSE : 'stopped: the contract is over', exit_code });
    }
  }
}

/** Takes away what is left, once the retention is over and a later checkpoint has shown again that it may. */
export function clear(draft: Draft, { contract, keep_until, held, said }: Desired): void {
  const { machine, memory, time } = draft;
  const here = draft.of(contract);
  const isHere = here.length > 0 || machine.volumes.has(contract) || memory.taken.has(contract);
  // Nobody can see whether its volume is still there, so nothing is gone yet.
  if ((machine.missing ?? null) !== null) return;
  // Released before, or never held: it may stand among the node's allocations for long.
  if (!isHere && (!held || said?.state === 'released')) return;
  draft.over.push(contract);
  const first = memory.taken.get(contract) ?? null;
  // A book that is shorter than that of the first look is another one: a copy that was put back, or a home that lost lines.
  const again = first !== null && time.size >= first.size && (time.size > first.size || time.stamp > first.stamp);
  if (!again || Math.min(time.now, time.stamp) < keep_until) return;
  if (here.some(({ state }) => state === 'running') || draft.busyWith(contract).length > 0) return;
  for (const { workload } of here) draft.act({ do: 'remove', contract, workload });
  if (here.length > 0) return;
  if (machine.volumes.has(contract)) draft.act({ do: 'wipe', contract });
  else if (held && said?.state !== 'released') draft.say(contract, null, 'released');
  else draft.done.push(contract);
}
