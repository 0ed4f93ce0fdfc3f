// Random books and random queries, with a naive answer to each that shares no code with the product.
import fc from 'fast-check';
import type { JsonObject } from '../../../src/base/canonical.js';
import type { Ask, Expression } from '../../../src/bcdb/query/expression.js';
import type { Line, Payload } from '../../../src/schema/types.js';
import { BEGIN, idOf, keyOf, type Made } from './books.js';

const NAMES = ['alpha', 'beta', 'alphabet', 'Straße 7', 'é', '\u{10ffff}x', '\u{e000}', '5', 'true', ''];
const CHAINS = [`account/${keyOf(1)}`, `account/${keyOf(2)}`, `contract/${idOf(1)}`, `contract/${idOf(2)}`, `run/${idOf(1)}`, `farm/${idOf(3)}`];
const KINDS = ['transfer@1', 'transfer@2', 'agreement@1', 'run@1', 'end@1'];
const AMOUNTS = ['0', '9', '10', '999', '1000', '9223372036854775807', '9223372036854775806', 'no amount'];

const scalar = fc.oneof(fc.constantFrom(...NAMES), fc.integer({ min: -3, max: 12 }), fc.boolean(), fc.constant(null));
const body = fc.record({
  name: fc.oneof(scalar, fc.array(scalar, { maxLength: 3 })),
  total_stroops: fc.constantFrom(...AMOUNTS),
  node: fc.constantFrom(keyOf(7), keyOf(8), 'none'),
  roles: fc.array(fc.record({ party: fc.constantFrom(`farm/${idOf(3)}`, `bot/${keyOf(2)}`, `account/${keyOf(1)}`) }), { maxLength: 3 }),
  memo: fc.constantFrom(...NAMES, 'the alpha and the beta', 'nginx-1.25 in Ghent'),
  part: fc.record({ deep: scalar }, { requiredKeys: [] }),
}, { requiredKeys: [] });

/** A line of a made-up book. */
export const anyLine: fc.Arbitrary<Made> = fc.record({
  chain: fc.constantFrom(...CHAINS), kind: fc.constantFrom(...KINDS),
  signers: fc.uniqueArray(fc.constantFrom(keyOf(1), keyOf(2), keyOf(3)), { minLength: 1, maxLength: 3 }),
  body: body as fc.Arbitrary<JsonObject>, later: fc.integer({ min: 0, max: 3 }),
});

const quote = (text: string): string => `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
const comparison = fc.constantFrom('=', '!=', '<', '<=', '>', '>=');
const name = fc.constantFrom('name', 'part.deep', 'memo');
const condition: fc.Arbitrary<string> = fc.oneof(
  fc.tuple(fc.constantFrom('chain', 'tag'), fc.constantFrom('=', '!='), fc.constantFrom(...CHAINS, `node/${keyOf(7)}`, 'grid')).map((parts) => parts.join(' ')),
  fc.tuple(fc.constantFrom('chain', 'tag'), fc.constantFrom('contract/', 'account', `contract/${'b'.repeat(39)}`, '""', 'z')).map(([field, text]) => `${field} prefix ${text}`),
  fc.tuple(fc.constantFrom('=', '!='), fc.constantFrom(...KINDS, 'transfer')).map(([op, kind]) => `kind ${op} ${kind}`),
  fc.constantFrom('kind in (run@1, transfer)', 'kind prefix transfer@', `signer in (${keyOf(1)}, ${keyOf(9)})`, `signer != ${keyOf(2)}`, `signer = ${keyOf(3)}`),
  fc.tuple(fc.constantFrom('at', 'index'), comparison, fc.integer({ min: 0, max: 40 })).map(([field, op, n]) => `${field} ${op} ${field === 'at' ? BEGIN + n : n}`),
  fc.tuple(name, comparison, fc.constantFrom(...NAMES.map(quote), '5', '-1', 'true', 'false')).map(([path, op, value]) => `body.${path} ${op} ${value}`),
  fc.tuple(name, fc.constantFrom('alpha', '""', '"\u{10ffff}"', 'b')).map(([path, text]) => `body.${path} prefix ${text}`),
  fc.tuple(comparison, fc.constantFrom(...AMOUNTS.slice(0, 7))).map(([op, value]) => `body.total_stroops ${op} ${value}`),
  fc.constantFrom('body.name exists', 'body.part.deep exists', 'body.roles.party exists', 'body.name in (alpha, 5, true)', `body.roles.party = farm/${idOf(3)}`),
  fc.constantFrom('text match alpha', 'text match "ALPHA beta"', 'text match alph*', 'text match strasse', 'text match "ghent nginx 25"', 'text match nothing'),
);

/** A query as a person would type it. */
export const anyWhere: fc.Arbitrary<string> = fc.letrec<{ expression: string; joined: string; not: string }>((tie) => ({
  expression: fc.oneof({ depthSize: 'small', withCrossShrink: true }, condition, tie('joined'), tie('not')),
  joined: fc.tuple(fc.array(tie('expression'), { minLength: 2, maxLength: 3 }), fc.constantFrom(' and ', ' or ')).map(([parts, word]) => `(${parts.join(word)})`),
  not: tie('expression').map((inner) => `not (${inner})`),
})).expression;

export const anyOrder = fc.constantFrom('', ' order by at asc', ' order by body.total_stroops', ' order by body.name asc');

/** A line, opened by hand. */
interface Opened {
  readonly index: number;
  readonly line: Line;
  readonly payload: Payload;
}

function leaves(value: unknown, path: readonly string[]): unknown[] {
  if (Array.isArray(value)) return value.flatMap((item) => leaves(item, path));
  const [first, ...rest] = path;
  if (first === undefined) return value === null || value === undefined || typeof value === 'object' ? [] : [value];
  return value !== null && typeof value === 'object' ? leaves((value as Record<string, unknown>)[first], rest) : [];
}

function texts(value: unknown, key: string, found: [string, string][] = []): [string, string][] {
  if (typeof value === 'string') found.push([key, value]);
  else if (Array.isArray(value)) for (const item of value) texts(item, key, found);
  else if (value !== null && typeof value === 'object') for (const [name, inner] of Object.entries(value)) texts(inner, name, found);
  return found;
}

function valuesOf({ index, line, payload }: Opened, field: string): unknown[] {
  switch (field) {
    case 'chain': return [payload.chain];
    case 'kind': return [payload.kind];
    case 'signer': return line.signatures.map(({ by }) => by);
    case 'at': return [BigInt(line.at)];
    case 'index': return [BigInt(index)];
    case 'tag': {
      const run = payload.chain.startsWith('run/') ? [`contract/${payload.chain.slice(4)}`] : [];
      return [payload.chain, ...run, ...texts(payload.body, '').flatMap(([key, text]) => (key === 'node' && text.length === 64 ? [`node/${text}`] : /^(farm|bot|account)\/[0-9a-f]{40,64}$/.test(text) ? [text] : []))];
    }
    default: {
      const found = leaves(payload.body, field.split('.').slice(1));
      return found.map((value) => (typeof value === 'number' || (field.endsWith('_stroops') && /^[0-9]+$/.test(String(value))) ? BigInt(value as string) : value));
    }
  }
}

/** Order of UTF-8 bytes is order of code points. */
function less(a: unknown, b: unknown): boolean {
  if (typeof a !== 'string' || typeof b !== 'string') return (a as bigint) < (b as bigint);
  const [left, right] = [[...a], [...b]].map((text) => text.map((char) => char.codePointAt(0) ?? 0));
  for (let i = 0; ; i += 1) {
    if (right?.[i] === undefined) return false;
    if (left?.[i] === undefined) return true;
    if (left[i] !== right[i]) return (left[i] as number) < (right[i] as number);
  }
}

function naively(where: Expression, line: Opened): boolean {
  if (where.type === 'not') return !naively(where.of, line);
  if (where.type !== 'condition') return where.type === 'and' ? where.of.every((part) => naively(part, line)) : where.of.some((part) => naively(part, line));
  const { field, operator, values } = where;
  if (field === 'text') {
    const words = texts(line.payload.body, '').filter(([key]) => ['name', 'memo'].includes(key)).flatMap(([, text]) => text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase().split(/[^\p{L}\p{N}]+/u));
    return String(values[0]).toLowerCase().split(' ').every((word) => (word.endsWith('*') ? words.some((one) => one.startsWith(word.slice(0, -1))) : words.includes(word)));
  }
  const found = valuesOf(line, field);
  const [wanted] = values;
  const alike = found.filter((value) => typeof value === typeof wanted);
  switch (operator) {
    case 'exists': return found.length > 0;
    case 'in': return found.some((value) => (values as unknown[]).includes(value));
    case '=': return found.includes(wanted);
    case '!=': return found.length > 0 && !found.includes(wanted);
    case 'prefix': return alike.some((value) => String(value).startsWith(String(wanted)));
    case '<': return alike.some((value) => less(value, wanted));
    case '<=': return alike.some((value) => !less(wanted, value));
    case '>': return alike.some((value) => less(wanted, value));
    default: return alike.some((value) => !less(value, wanted));
  }
}

/** The numbers of all lines that are asked for, in order. */
export function naiveAnswer({ where, order }: Ask, lines: readonly Line[]): number[] {
  const found = lines.map((line, index) => ({ index, line, payload: JSON.parse(line.payload) as Payload })).filter((line) => where === null || naively(where, line));
  if (order.field === 'at') return (order.descending ? found.reverse() : found).map(({ index }) => index);
  const rank = (value: unknown): number => ['bigint', 'string', 'boolean'].indexOf(typeof value);
  const compare = (a: unknown, b: unknown): number => rank(a) - rank(b) || (a === b ? 0 : less(a, b) ? -1 : 1);
  const sign = order.descending ? -1 : 1;
  return found
    .flatMap((line) => {
      const sorted = valuesOf(line, order.field).sort((a, b) => sign * compare(a, b));
      return sorted.length === 0 ? [] : [{ index: line.index, value: sorted[0] }];
    })
    .sort((a, b) => sign * (compare(a.value, b.value) || a.index - b.index))
    .map(({ index }) => index);
}
