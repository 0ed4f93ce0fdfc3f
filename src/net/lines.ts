// Lines as they come from a bot or a mirror: the outer form alone, since `ingest` looks at all that is within.
import { MAX_SIGNATURES } from '../base/limits.js';
import type { Line } from '../schema/types.js';

/**
 * Whether a value has the fields of a line (schema line@1) and no others, with a bounded list of signatures. Payload
 * and signatures are checked where the line is taken in; doing it here too costs more than all else about a line.
 * @param value hostile
 */
export function isLine(value: unknown): value is Line {
  if (typeof value !== 'object' || value === null || Object.keys(value).length !== 3) return false;
  const { payload, signatures, at } = value as Partial<Line>;
  return typeof payload === 'string' && typeof at === 'number' && Array.isArray(signatures) && signatures.length <= MAX_SIGNATURES;
}
