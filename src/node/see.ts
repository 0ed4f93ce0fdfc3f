// One look at this machine: what runs, and which volumes there are.
import type { Machine } from './plan/draft.js';
import type { Driver } from './driver.js';
import type { Volumes } from './volume.js';

/** @throws Problem what the driver throws */
export async function seeMachine(driver: Driver, volumes: Volumes, signal: AbortSignal): Promise<Machine> {
  // Before and after: a list that was read while a disk came or went is none to go by.
  const before = await volumes.missing();
  const [running, there] = await Promise.all([driver.list(signal), volumes.list()]);
  const missing = before ?? (await volumes.missing());
  return { running, volumes: new Map(there.map((volume) => [volume.contract, volume])), growsInUse: volumes.growsInUse, missing };
}
