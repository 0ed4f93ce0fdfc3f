// In place of src/schema/validate.ts: the same validators, but of those kinds only that say whose word counts on a grid.
import { Problem } from '../../../base/errors.js';
import { wrongOf, type Validator } from '../../../schema/shape.js';
import change from 'schema:change@1';
import genesis from 'schema:genesis@1';
import handover from 'schema:handover@1';
import line from 'schema:line@1';
import policy from 'schema:policy@1';
import record from 'schema:record@1';
import witnesses from 'schema:witnesses@1';

const validators: ReadonlyMap<string, Validator> = new Map([
  ['change@1', change], ['genesis@1', genesis], ['handover@1', handover], ['line@1', line], ['policy@1', policy], ['record@1', record], ['witnesses@1', witnesses],
]);

/** Whether this page can check a schema of this name. */
export function hasSchema(name: string): boolean {
  return validators.has(name);
}

/** As that of src/schema/validate.ts. @throws Error for a kind that this page has no schema of */
export function shapeError(name: string, value: unknown): string | null {
  const validator = validators.get(name);
  if (validator === undefined) throw new Error(`this page has no schema ${name}`);
  return wrongOf(name, validator, value);
}

/** As that of src/schema/validate.ts. @throws Problem `malformed` */
export function validated<T>(name: string, value: unknown): T {
  const wrong = shapeError(name, value);
  if (wrong !== null) throw new Problem('malformed', wrong);
  return value as T;
}
