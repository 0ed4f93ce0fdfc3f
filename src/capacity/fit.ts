// Does it fit, what is left, and what is short. Pure arithmetic on resources.
import type { Resources } from '../schema/types.js';

/** The resources by name, in the order in which people read them. */
export const RESOURCE_NAMES = ['cru', 'mru_mib', 'sru_mib', 'hru_mib', 'ipv4'] as const satisfies readonly (keyof Resources)[];
/** Name of a resource, with its unit. */
export type ResourceName = (typeof RESOURCE_NAMES)[number];

/** A resource there is too little of. */
export interface Shortage {
  readonly resource: ResourceName;
  readonly wanted: number;
  readonly free: number;
}

/** No resources at all. */
export const NOTHING: Resources = Object.freeze({ cru: 0, mru_mib: 0, sru_mib: 0, hru_mib: 0, ipv4: 0 });

function combine(a: Resources, b: Resources, of: (x: number, y: number) => number): Resources {
  return { cru: of(a.cru, b.cru), mru_mib: of(a.mru_mib, b.mru_mib), sru_mib: of(a.sru_mib, b.sru_mib), hru_mib: of(a.hru_mib, b.hru_mib), ipv4: of(a.ipv4, b.ipv4) };
}

/** The sum of both. */
export function add(a: Resources, b: Resources): Resources {
  return combine(a, b, (x, y) => x + y);
}

/** What is left of `whole` without `part`; never below 0, since a machine that shrank may have promised more than it has. */
export function subtract(whole: Resources, part: Resources): Resources {
  return combine(whole, part, (x, y) => Math.max(0, x - y));
}

/** The smaller of both, resource by resource: for example of what is announced and what is certified. */
export function smallerOf(a: Resources, b: Resources): Resources {
  return combine(a, b, Math.min);
}

/** Which resources are short, and by how much; empty when it fits. */
export function shortages(wanted: Resources, free: Resources): Shortage[] {
  return RESOURCE_NAMES.filter((resource) => wanted[resource] > free[resource]).map((resource) => ({
    resource,
    wanted: wanted[resource],
    free: free[resource],
  }));
}

/** Whether all that is wanted is free. */
export function fits(wanted: Resources, free: Resources): boolean {
  return RESOURCE_NAMES.every((resource) => wanted[resource] <= free[resource]);
}
