// What differs between two JSON values, place by place.
import type { Json } from './canonical.js';

/** One place that differs; undefined where the value has nothing there. */
export interface Change {
  /** `balance_stroops`, `agreement.payers[0].account`; empty for the value as a whole. */
  readonly path: string;
  readonly before: Json | undefined;
  readonly after: Json | undefined;
}

/** The places in which two values differ, in order of their keys; what is new or gone is one place, however large. */
export function changes(before: Json | undefined, after: Json | undefined, path = ''): Change[] {
  if (before === after) return [];
  if (Array.isArray(before) && Array.isArray(after)) {
    return Array.from({ length: Math.max(before.length, after.length) }, (_, i) => changes(before[i], after[i], `${path}[${i}]`)).flat();
  }
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return keys.flatMap((key) => changes(before[key], after[key], path === '' ? key : `${path}.${key}`));
  }
  return [{ path, before, after }];
}

function isObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
