// The one door to the validators that the schemas in schemas/ become.
import { createRequire } from 'node:module';
import { Problem } from '../base/errors.js';
import type { SchemaName } from './types.js';

interface Validator {
  (value: unknown): boolean;
  errors?: { instancePath: string; message?: string; params?: Record<string, unknown> }[] | null;
}

let loaded: Record<string, Validator> | undefined;

/** Loaded at the first use: they are large, and help needs none. */
function validators(): Record<string, Validator> {
  return (loaded ??= createRequire(import.meta.url)('./validators.cjs') as Record<string, Validator>);
}

/** Whether a schema of this name (`agreement@1`) exists. */
export function hasSchema(name: string): name is SchemaName {
  return Object.hasOwn(validators(), name);
}

/**
 * Says what is wrong with a value, or null when it fits the schema.
 * @param name schema name, `<file name>@<version>`
 * @param value anything; hostile input is expected
 */
export function shapeError(name: SchemaName, value: unknown): string | null {
  const validator = validators()[name];
  if (validator === undefined) throw new Error(`no schema ${name}`);
  if (validator(value)) return null;
  const first = validator.errors?.[0];
  const extra = first?.params?.['additionalProperty'] ?? first?.params?.['missingProperty'];
  return `${name}${first?.instancePath ?? ''} ${first?.message ?? 'does not fit'}${typeof extra === 'string' && !first?.message?.includes(extra) ? ` (${extra})` : ''}`;
}

/**
 * Returns the value as its type once it fits the schema.
 * @throws Problem `malformed` that names the place and what is allowed
 */
export function validated<T>(name: SchemaName, value: unknown): T {
  const wrong = shapeError(name, value);
  if (wrong !== null) throw new Problem('malformed', wrong);
  return value as T;
}
