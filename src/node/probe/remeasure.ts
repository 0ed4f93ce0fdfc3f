// A machine that has changed announces itself again: what is offered is compared with what is there, once an hour.
//
//   look ──▶ as announced: nothing ──▶ in an hour
//     └────▶ differs ──▶ look again in a minute ──▶ the same again: announce · something else: wait for that
import { canonical } from '../../base/canonical.js';
import type { Clock } from '../../base/clock.js';
import { isProblem, messageOf, Problem } from '../../base/errors.js';
import { DISK_CHANGE_MIB, DISK_CHANGE_PART, REMEASURE_AGAIN_MS, REMEASURE_FIRST_MS, REMEASURE_MS } from '../../base/limits.js';
import { formatSize } from '../../capacity/format.js';
import { RESOURCE_NAMES, type ResourceName } from '../../capacity/fit.js';
import type { Keyring } from '../../keys/keyring.js';
import type { Grid } from '../../net/grid.js';
import { freeCapacity } from '../../rules/node.js';
import { readGrid } from '../../rules/objects.js';
import type { Announcement } from '../../schema/types.js';
import { announce, announcementOf, nodeOf, termsOf } from './join.js';
import type { Offer, Probe } from './probe.js';
import type { WatchEvent } from '../report/tell.js';

/** What is needed to look. */
export interface RemeasureParts {
  readonly grid: Grid;
  readonly keyring: Keyring;
  readonly clock: Clock;
  /** Measures the machine as it was measured for what is announced. */
  readonly look: (before: Announcement) => Promise<Probe>;
  readonly tell: (event: WatchEvent) => void;
}

/** Looks at the machine of one node from time to time. */
export class Remeasurer {
  readonly #parts: RemeasureParts;
  /** What differed at the last look, as text. */
  #seen: string | null = null;

  constructor(parts: RemeasureParts) {
    this.#parts = parts;
  }

  /** Looks until the signal ends; what goes wrong is told, and tried again an hour later. */
  async forever(signal: AbortSignal): Promise<void> {
    for (let wait_ms = REMEASURE_FIRST_MS; !signal.aborted; ) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, wait_ms);
        signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
      });
      if (signal.aborted) return;
      try {
        wait_ms = await this.look();
      } catch (thrown) {
        if (signal.aborted) return;
        this.#parts.tell({ event: 'machine', changes: [], short: null, problem: isProblem(thrown) ? thrown : new Problem('failed', messageOf(thrown), { cause: thrown }) });
        wait_ms = REMEASURE_MS;
      }
    }
  }

  /**
   * One look; announces what two looks in a row have found.
   * @returns after how many ms to look again
   * @throws Problem what measuring and `append` throw
   */
  async look(): Promise<number> {
    const { grid, keyring, clock, look, tell } = this.#parts;
    const { key } = keyring.signer('node');
    const before = nodeOf(grid, key)?.announcement;
    if (before === undefined) return REMEASURE_MS;
    const { offer: found, checks } = await look(before);
    // A runtime that does not answer now is not a machine without one.
    if (checks.some(({ name, ok }) => name === 'podman' && !ok)) return REMEASURE_AGAIN_MS;
    const offer = steady(before, found);
    const terms = termsOf(before);
    const changes = differences(before, announcementOf(terms, offer, before.sealing_key, readGrid(grid.reader).rules));
    const text = changes.length === 0 ? null : canonical({ changes });
    const again = text !== null && text === this.#seen;
    this.#seen = text;
    if (text === null) return REMEASURE_MS;
    if (!again) return REMEASURE_AGAIN_MS;
    if (await announce(grid, keyring, terms, offer)) tell({ event: 'machine', changes, short: shortOf(grid, key, clock()), problem: null });
    this.#seen = null;
    return REMEASURE_MS;
  }
}

/** The offer with those amounts of disk as announced that have hardly changed: what is free on a disk is never twice the same. */
export function steady(before: Announcement, offer: Offer): Offer {
  const capacity = { ...offer.capacity };
  const host_share = { ...offer.host_share };
  for (const name of ['sru_mib', 'hru_mib'] as const) {
    const announced = before.capacity[name];
    const hardly = Math.max(DISK_CHANGE_MIB, Math.floor(announced * DISK_CHANGE_PART));
    if (announced === 0 || capacity[name] === 0 || Math.abs(capacity[name] - announced) > hardly) continue;
    capacity[name] = announced;
    host_share[name] = before.host_share[name];
  }
  return { ...offer, capacity, host_share };
}

/** What differs between what is announced and what would be now, in words; addresses of interfaces alone do not count. */
export function differences(before: Announcement, now: Announcement): string[] {
  const changes: string[] = [];
  for (const name of RESOURCE_NAMES) {
    if (before.capacity[name] !== now.capacity[name]) changes.push(`${NAMES[name]} ${amount(name, before.capacity[name])} → ${amount(name, now.capacity[name])}`);
  }
  for (const feature of before.features) if (!now.features.includes(feature)) changes.push(`no ${feature} any more`);
  for (const feature of now.features) if (!before.features.includes(feature)) changes.push(`${feature} now`);
  for (const name of ['kernel', 'release', 'platform'] as const) {
    if (before[name] !== now[name]) changes.push(`${name} ${before[name] ?? 'not said'} → ${now[name] ?? 'not said'}`);
  }
  if (before.virtualised !== now.virtualised) changes.push(now.virtualised ? 'a virtual machine now' : 'no virtual machine any more');
  if (canonical({ devices: before.devices }) !== canonical({ devices: now.devices })) changes.push('other devices');
  return changes;
}

const NAMES: Readonly<Record<ResourceName, string>> = { cru: 'cores', mru_mib: 'memory', sru_mib: 'SSD', hru_mib: 'HDD', ipv4: 'IPv4' };

function amount(name: ResourceName, value: number): string {
  return name.endsWith('_mib') ? formatSize(value) : String(value);
}

/** What was sold beyond what the node has now; null where all of it is there. */
function shortOf(grid: Grid, key: string, at: number): string | null {
  const node = nodeOf(grid, key);
  if (node === undefined) return null;
  const free = freeCapacity(node, at);
  const short = RESOURCE_NAMES.filter((name) => free[name] < 0).map((name) => `${amount(name, -free[name])} ${NAMES[name]}`);
  return short.length === 0 ? null : short.join(', ');
}
