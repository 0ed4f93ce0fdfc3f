// What a query asks, as a tree: what the parser makes, what is planned, what a line is held against.
import { quoted } from './lexer.js';
import { isBodyPath } from './paths.js';
import type { Value } from '../index/facts.js';

/** How a condition compares. */
export type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'prefix' | 'exists' | 'match';

/** One comparison. A line may have several values in a field (signers, tags, lists in a body): one that fits is enough. */
export interface Condition {
  readonly type: 'condition';
  /** A name of FIELDS, or `body.x.y`. */
  readonly field: string;
  readonly operator: Operator;
  /** One for most, several for `in`, none for `exists`. */
  readonly values: readonly Value[];
}

/** A condition, or conditions joined. `!=` is false where the field is missing; `not x = 1` is true there. */
export type Expression =
  | Condition
  | { readonly type: 'not'; readonly of: Expression }
  | { readonly type: 'and' | 'or'; readonly of: readonly Expression[] };

/** A whole query. */
export interface Ask {
  /** Null: every line. */
  readonly where: Expression | null;
  /** By `at` (the order of the book), or by a field of the body: then only lines that have it. */
  readonly order: { readonly field: string; readonly descending: boolean };
  /** Null: the query does not say. */
  readonly limit: number | null;
}

/** Newest first, as when nothing is said. */
export const NEWEST_FIRST: Ask['order'] = { field: 'at', descending: true };

const COMPARISONS: readonly Operator[] = ['=', '!=', '<', '<=', '>', '>=', 'in'];
const NAMES: readonly Operator[] = ['=', '!=', 'in', 'prefix'];

/** Fields that every line has, and how each can be compared. */
export const FIELDS: Readonly<Record<string, readonly Operator[]>> = {
  chain: NAMES,
  kind: NAMES,
  signer: ['=', '!=', 'in'],
  tag: NAMES,
  id: ['=', 'in', 'prefix'],
  at: COMPARISONS,
  index: COMPARISONS,
  text: ['match'],
};

/** How a field can be compared; undefined where there is no such field. */
export function operatorsOf(field: string): readonly Operator[] | undefined {
  if (Object.hasOwn(FIELDS, field)) return FIELDS[field];
  return isBodyPath(field) ? [...COMPARISONS, 'prefix', 'exists'] : undefined;
}

/** The one text of an expression, which parses to the same again; cursors are bound to it. */
export function expressionText(expression: Expression): string {
  switch (expression.type) {
    case 'condition': {
      const { field, operator, values } = expression;
      const texts = values.map(valueText);
      return operator === 'exists' ? `${field} exists` : `${field} ${operator} ${operator === 'in' ? `(${texts.join(', ')})` : texts[0]}`;
    }
    case 'not':
      return `not (${expressionText(expression.of)})`;
    default:
      return expression.of.map((part) => `(${expressionText(part)})`).join(` ${expression.type} `);
  }
}

function valueText(value: Value): string {
  return typeof value === 'string' ? quoted(value) : String(value);
}
