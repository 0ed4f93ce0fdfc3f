// How it is written down that a workload was stopped because nobody pays; by that the next watcher knows to start it again.
import type { WorkloadStatus } from '../../rules/objects.js';

/** The reason that is said. */
export const STOPPED_FOR_PAUSE = 'stopped: the contract is paused';

/** Whether a workload was stopped because its contract was paused. */
export function wasStoppedForPause(status: WorkloadStatus | undefined): boolean {
  return status?.state === 'exited' && status.reason === STOPPED_FOR_PAUSE;
}
