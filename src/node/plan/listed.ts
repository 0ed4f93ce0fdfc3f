// Whether what is on the machine is what the list says.
import type { Task } from './desired.js';
import { specDigest, type Running } from '../driver.js';

/** Whether just this, with this spec, is to run. */
export function isListed(tasks: readonly Pick<Task, 'workload' | 'limits'>[], running: Running): boolean {
  return tasks.some(({ workload, limits }) => workload.name === running.workload && specDigest({ workload, limits }) === running.digest);
}
