// What to do next: what should run against what really runs. Pure.
//
//   fresh  phase     has                   →  does
//   no     any       anything              →  nothing at all: "cannot read" is not "deleted"
//   yes    run       no volume, not held   →  make the volume
//                    no volume, held       →  make and start nothing: an empty one would look like the consumer's. Say failed
//                    disk not here         →  make no volume, start nothing that needs one; wait
//                    volume not mounted    →  mount it
//                    volume too small      →  let it grow; what runs goes on, or is stopped first and started again
//                    volume, not held      →  say held
//                    nothing               →  start, unless it was said to have ended or failed, or its network or a secret is not there
//                    stopped for a pause   →  remove, then start: it is paid for again
//                    another spec          →  fetch its image if it has another, stop, remove, then start
//                    what is not listed    →  stop, remove
//          refused   anything              →  keep, begin nothing; not held yet: say failed and why
//          paused    running               →  stop; data stays
//          over      running               →  stop
//                    stopped, retention over, second look   →  remove, then wipe, then say released
//                    disk not here         →  wipe nothing, say nothing of it; wait
//          unclear   anything              →  keep, begin nothing
//          unknown   anything              →  keep, tell the owner
//
// keeping.ts has the rows of `run`, ending.ts those of `paused` and `over`.
import type { BookTime, Desired } from './desired.js';
import { Draft, type Machine, type Memory, type Plan } from './draft.js';
import { clear, end } from './ending.js';
import { keep, keepRunning, observe } from './keeping.js';

/** The next steps, of what `settle` made of the list; run it again after they are done. */
export function plan(wanted: readonly Desired[], machine: Machine, memory: Memory, time: BookTime): Plan {
  const draft = new Draft(machine, memory, time);
  for (const contract of wanted) {
    if (time.fresh) planContract(draft, contract);
    else if (contract.phase === 'run') keepRunning(draft, contract);
  }
  return draft;
}

function planContract(draft: Draft, wanted: Desired): void {
  if (wanted.phase !== 'over' && (draft.memory.taken.get(wanted.contract) ?? null) !== null) draft.notOver.push(wanted.contract);
  switch (wanted.phase) {
    case 'run':
      keep(draft, wanted);
      break;
    case 'refused':
      observe(draft, wanted);
      if (!wanted.held) draft.sayFailed(wanted, wanted.checks.filter(({ ok }) => !ok).map(({ evidence }) => evidence).join('; ') || 'refused');
      break;
    case 'paused':
      end(draft, wanted);
      break;
    case 'over':
      end(draft, wanted);
      clear(draft, wanted);
      break;
    case 'unclear':
      break;
    case 'unknown':
      draft.strangers.push(...draft.of(wanted.contract).map(({ contract, workload }) => ({ contract, workload })));
  }
}
