// Reading values out of a tree: each either is what it should be, or a fault where it stands.
import { parseDuration } from '../../base/duration.js';
import { parseSize } from '../../capacity/parse.js';
import type { Faults, Where } from './faults.js';
import type { List, Scalar, Table, Tree } from './tree.js';

/** The entry of this name; undefined where it is not there or says nothing. */
export function at(table: Table, name: string): Tree | undefined {
  const value = table.entries.get(name)?.value;
  return value === undefined || (value.kind === 'scalar' && value.value === null) ? undefined : value;
}

/** Refuses what is not among these names; `x-…` may always be there. */
export function knownOnly(table: Table, names: readonly string[], faults: Faults): void {
  for (const [name, { at: place, value }] of table.entries) {
    if (!names.includes(name) && !name.startsWith('x-')) faults.refuse({ at: place, path: value.path }, 'there is no such field', `there are ${names.join(', ')}`);
  }
}

/** The table of this name; undefined where it is not there, or is none, which is a fault. */
export function tableAt(table: Table, name: string, faults: Faults): Table | undefined {
  const value = at(table, name);
  return value === undefined || value.kind === 'table' ? value : faults.refuse(value, 'it is no table of names', `${name}: {NAME: …}`);
}

/** The list of this name; as `tableAt`. */
export function listAt(table: Table, name: string, faults: Faults): List | undefined {
  const value = at(table, name);
  return value === undefined || value.kind === 'list' ? value : faults.refuse(value, 'it is no list', `${name}: [ …, … ]`);
}

/** A text; numbers and truth values as they are written. */
export function textAt(table: Table, name: string, faults: Faults): string | undefined {
  const value = at(table, name);
  return value === undefined ? undefined : textOf(value, faults);
}

/** The text of a value that should be one, on one line. */
export function textOf(value: Tree, faults: Faults): string | undefined {
  const text = value.kind === 'scalar' ? scalarText(value).trim() : null;
  if (text === null) return faults.refuse(value, 'it is no text', '');
  return isUnwritable(text) ? faults.refuse(value, 'it has a line break or another control character, which no record holds', '') : text;
}

/** Whether a record could not hold a text: the characters that canonical JSON refuses. */
export function isUnwritable(text: string): boolean {
  return /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/.test(text) || !text.isWellFormed();
}

/** As it stands in the file: YAML would make 1.10 of a version into 1.1. */
export function scalarText({ value, text }: Scalar): string {
  return typeof value === 'string' ? value : value === null ? '' : text;
}

/** True or false, in any spelling that Compose takes; as `tableAt`. */
export function truthAt(table: Table, name: string, faults: Faults): boolean | undefined {
  const value = at(table, name);
  if (value === undefined) return undefined;
  const text = value.kind === 'scalar' ? scalarText(value).toLowerCase() : '';
  // What the older YAML of Compose took for truth, too.
  if (['true', 'yes', 'on'].includes(text)) return true;
  return ['false', 'no', 'off'].includes(text) ? false : faults.refuse(value, 'it is neither true nor false', '');
}

/** A whole number within the bounds, both included; as `tableAt`. */
export function integerAt(table: Table, name: string, faults: Faults, least = Number.MIN_SAFE_INTEGER, most = Number.MAX_SAFE_INTEGER): number | undefined {
  const value = at(table, name);
  return value === undefined ? undefined : integerOf(value, faults, least, most);
}

/** A value that should be a whole number within the bounds, both included. */
export function integerOf(value: Tree, faults: Faults, least: number, most: number): number | undefined {
  const text = value.kind === 'scalar' ? scalarText(value).replaceAll('_', '') : '';
  const number = /^-?[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN;
  const bounds = least <= 0 && most === Number.MAX_SAFE_INTEGER ? '' : `from ${least} to ${most}`;
  return number >= least && number <= most ? number : faults.refuse(value, `not a whole number${bounds === '' ? '' : ` ${bounds}`}: ${shown(value)}`, '');
}

/** One of these words; as `tableAt`. */
export function oneOf<T extends string>(table: Table, name: string, allowed: readonly T[], faults: Faults): T | undefined {
  const value = at(table, name);
  if (value === undefined) return undefined;
  const text = value.kind === 'scalar' ? scalarText(value) : '';
  return allowed.find((one) => one === text) ?? faults.refuse(value, `there is no such thing: ${shown(value)}`, `one of ${allowed.join(', ')}`);
}

/** MiB of `20GiB` as 3bot writes it; a bare number is GiB. */
export function sizeAt(table: Table, name: string, faults: Faults): number | undefined {
  return parsedAt(table, name, parseSize, 'a number of GiB, or with MiB, GiB or TiB: 512MiB, 20', faults);
}

/** ms of `30d` as 3bot writes it. */
export function spanAt(table: Table, name: string, faults: Faults): number | undefined {
  return parsedAt(table, name, parseDuration, 'for example 90s, 12h or 30d', faults);
}

/** @param parse throws where the text is not what it should be */
export function parsedAt<T>(table: Table, name: string, parse: (text: string) => T, instead: string, faults: Faults): T | undefined {
  const value = at(table, name);
  if (value === undefined) return undefined;
  try {
    if (value.kind === 'scalar') return parse(scalarText(value));
  } catch {
    // Said below, with its place.
  }
  return faults.refuse(value, `not what it should be: ${shown(value)}`, instead);
}

/** A text alone, or a list of texts, each as it stands there. */
export function textsOf(value: Tree | undefined, faults: Faults): string[] | undefined {
  if (value === undefined) return undefined;
  if (value.kind === 'table') return faults.refuse(value, 'it is neither a text nor a list of texts', '');
  return (value.kind === 'list' ? value.items : [value]).flatMap((item) => (item.kind === 'scalar' ? [scalarText(item)] : (faults.refuse(item, 'it is no text', '') ?? [])));
}

/** A value for a message: short, and without what drives a terminal. */
export function shown(value: Tree): string {
  return value.kind === 'scalar' ? JSON.stringify(scalarText(value).slice(0, 80)) : value.kind === 'list' ? 'a list' : 'a table';
}

/** Where a name stands, rather than its value. */
export function nameOf(table: Table, name: string): Where {
  const entry = table.entries.get(name);
  return entry === undefined ? table : { at: entry.at, path: entry.value.path };
}
