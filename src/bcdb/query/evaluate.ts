// Holds a line against a query: what an index answers must be what this says of every line.
import { tagsOf, textOf, valuesAt, type Facts, type Value } from '../index/facts.js';
import type { Condition, Expression, Operator } from './expression.js';
import { patternsOf } from './words.js';

/** Whether a line is what is asked. */
export function holds(expression: Expression, line: Facts): boolean {
  switch (expression.type) {
    case 'condition':
      return holdsOne(expression, line);
    case 'not':
      return !holds(expression.of, line);
    case 'and':
      return expression.of.every((part) => holds(part, line));
    case 'or':
      return expression.of.some((part) => holds(part, line));
  }
}

function holdsOne({ field, operator, values }: Condition, line: Facts): boolean {
  if (operator === 'match') return matches(String(values[0]), line);
  const found = [...valuesIn(line, field)];
  if (operator === 'exists') return found.length > 0;
  if (operator === '!=') return found.length > 0 && !found.some((value) => value === values[0]);
  if (operator === 'in') return found.some((value) => values.includes(value));
  const [wanted] = values;
  return wanted !== undefined && found.some((value) => compares(value, operator, wanted));
}

/** The values of a line in a field. */
export function valuesIn(line: Facts, field: string): Iterable<Value> {
  switch (field) {
    case 'chain':
      return [line.payload.chain];
    case 'kind':
      return [line.payload.kind];
    case 'signer':
      return line.signers;
    case 'tag':
      return tagsOf(line.payload);
    case 'id':
      return [line.id];
    case 'at':
      return [BigInt(line.at)];
    case 'index':
      return [BigInt(line.index)];
    default:
      return valuesAt(line.payload, field);
  }
}

function compares(value: Value, operator: Operator, wanted: Value): boolean {
  if (typeof value !== typeof wanted) return false;
  if (operator === 'prefix') return typeof value === 'string' && value.startsWith(String(wanted));
  const order = compareValues(value, wanted);
  switch (operator) {
    case '=':
      return order === 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    default:
      return order >= 0;
  }
}

/** Numbers before texts before truth values; texts by their UTF-8 bytes. As SQLite compares what the index keeps. */
export function compareValues(a: Value, b: Value): number {
  if (typeof a !== typeof b) return rankOf(a) - rankOf(b);
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : a > b ? 1 : 0;
}

function rankOf(value: Value): number {
  return typeof value === 'bigint' ? 0 : typeof value === 'string' ? 1 : 2;
}

function matches(wanted: string, line: Facts): boolean {
  const words = new Set(textOf(line.payload));
  return patternsOf(wanted).every(({ word, open }) => (open ? [...words].some((one) => one.startsWith(word)) : words.has(word)));
}
