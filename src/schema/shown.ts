// The schemas that people and programs read: what commands print (schemas/json/<words>.json) and formats
// (schemas/<name>.<version>.json), each made whole for whoever reads it alone.
import { existsSync, readFileSync, readdirSync } from 'node:fs';

/** A JSON Schema (draft 7), or a part of one. */
export type Schema = { readonly [name: string]: unknown };

const FOLDER = new URL('../../../schemas/', import.meta.url);

/**
 * The schema of what a command prints, or of a format, with everything that it refers to among its own `$defs`.
 * @param name words of a command; `error`: what stderr gets; `3bot`: what the program alone prints; a format: `agreement@1`
 * @returns null where there is none
 */
export function schemaOf(name: string): Schema | null {
  const format = /^([a-z_]+)@([0-9]+)$/.exec(name);
  const file = format === null ? `json/${name.replaceAll(' ', '.')}.json` : `${format[1] ?? ''}.${format[2] ?? ''}.json`;
  if (!/^(json\/)?[a-z0-9._]+$/.test(file) || !existsSync(new URL(file, FOLDER))) return null;
  const definitions: Record<string, unknown> = {};
  const whole = inlined(read(new URL(file, FOLDER)), new URL(file, FOLDER), definitions) as Schema;
  return { $schema: 'http://json-schema.org/draft-07/schema#', ...whole, ...(Object.keys(definitions).length === 0 ? {} : { $defs: definitions }) };
}

/** Names of the formats that have a schema: records, messages, files. */
export function formatNames(): string[] {
  return readdirSync(FOLDER).filter((file) => file.endsWith('.json') && file !== 'common.1.json').map((file) => file.replace(/\.(\d+)\.json$/, '@$1')).sort();
}

function read(file: URL): Schema {
  return JSON.parse(readFileSync(file, 'utf8')) as Schema;
}

/** A copy whose references lead to `definitions`, which gets what they lead to. */
function inlined(value: unknown, from: URL, definitions: Record<string, unknown>): unknown {
  if (Array.isArray(value)) return value.map((one) => inlined(one, from, definitions));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== '$id').map(([name, part]) => [name, name === '$ref' ? define(String(part), from, definitions) : inlined(part, from, definitions)]));
}

function define(ref: string, from: URL, definitions: Record<string, unknown>): string {
  const target = new URL(ref, from);
  const path = target.hash.split('/').slice(1);
  const file = (target.pathname.split('/').at(-1) ?? '').replace(/(\.\d+)?\.json$/, '');
  // Shapes of records keep the name of their file, so that a `key` of theirs is not taken for one of ours.
  const own = [...(file === 'shared' ? [] : [file]), ...path.filter((part) => part !== '$defs' && part !== 'properties')].join('_');
  if (!(own in definitions)) {
    // Taken before it is read: a shape may refer to itself.
    definitions[own] = {};
    const whole = read(new URL(target.pathname, target));
    definitions[own] = inlined(path.reduce<unknown>((shape, part) => (shape as Schema)[part], whole), target, definitions);
  }
  return `#/$defs/${own}`;
}
