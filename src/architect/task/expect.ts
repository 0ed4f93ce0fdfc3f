// What a command's JSON has to show, and what it shows: the evidence of a check.
import type { Expectation } from '../../schema/types.js';

/** Whether what was expected is there, and what is. */
export interface Finding {
  readonly holds: boolean;
  /** For people, short. */
  readonly evidence: string;
}

/**
 * The values at a path, in order: `[].farm` of a list, `parts[].services[].state` of an object. Null is no value; what is
 * not there gives none.
 */
export function valuesIn(json: unknown, path: string): string[] {
  let found: unknown[] = [json];
  for (const step of path.split('.')) {
    const name = step.replace(/\[\]$/, '');
    if (name !== '') found = found.flatMap((value) => (value !== null && typeof value === 'object' && Object.hasOwn(value, name) ? [(value as Record<string, unknown>)[name]] : []));
    if (step.endsWith('[]')) found = found.flatMap((value) => (Array.isArray(value) ? (value as unknown[]) : []));
  }
  return found.flatMap((value) => (value === null || value === undefined ? [] : [typeof value === 'object' ? JSON.stringify(value) : String(value as string | number | boolean)]));
}

/** Holds JSON against an expectation. */
export function expectedIn(json: unknown, { at, is, distinct, least = 1 }: Expectation): Finding {
  const values = valuesIn(json, at);
  const different = new Set(values);
  const holds = values.length >= least && (is === undefined || values.every((value) => is.includes(value))) && (distinct === undefined || different.size >= distinct);
  const shown = [...different].slice(0, MAX_SHOWN).map((value) => value.slice(0, MAX_SHOWN_CHARS)).join(', ');
  return { holds, evidence: `${at}: ${shown === '' ? 'nothing' : shown}${different.size > MAX_SHOWN ? `, and ${different.size - MAX_SHOWN} more` : ''}` };
}

const MAX_SHOWN = 4;
const MAX_SHOWN_CHARS = 60;
