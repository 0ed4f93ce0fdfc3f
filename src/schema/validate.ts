// The one door to the validators that the schemas in schemas/ become.
import { createRequire } from 'node:module';
import { Problem } from '../base/errors.js';
import { wrongOf, type Validator } from './shape.js';
import { SCHEMA_NAMES, type SchemaName } from './types.js';

const require = createRequire(import.meta.url);
const loaded = new Map<SchemaName, Validator>();
const names: ReadonlySet<string> = new Set(SCHEMA_NAMES);

/** Loaded at its first use: all of them are a megabyte, and a command needs a few. */
function validatorOf(name: SchemaName): Validator {
  let found = loaded.get(name);
  if (found === undefined) {
    // A path is made of names of our own alone.
    if (!names.has(name)) throw new Error(`no schema ${name}`);
    found = require(`./validators/${name}.cjs`) as Validator;
    loaded.set(name, found);
  }
  return found;
}

/** Whether a schema of this name (`agreement@1`) exists. */
export function hasSchema(name: string): name is SchemaName {
  return names.has(name);
}

/**
 * Says what is wrong with a value, or null when it fits the schema.
 * @param name schema name, `<file name>@<version>`
 * @param value anything; hostile input is expected
 */
export function shapeError(name: SchemaName, value: unknown): string | null {
  return wrongOf(name, validatorOf(name), value);
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
