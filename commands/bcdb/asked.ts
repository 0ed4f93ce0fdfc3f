// What `bcdb query` is asked: the query's own words and the flags beside it, as one.
import { Problem } from '../../src/base/errors.js';
import type { Ask, Condition, Expression } from '../../src/bcdb/query/expression.js';
import type { Clock } from '../../src/base/clock.js';
import { parseCount, parseSince } from './when.js';

/** Flags that say a condition in short. */
export interface Shorthand {
  readonly chain?: string;
  readonly kind?: string;
  readonly signer?: string;
  readonly tag?: string;
  readonly since?: string;
  readonly before?: string;
  readonly text?: string;
}

/**
 * The query that is typed, and everything that the flags say.
 * @throws Problem `usage`
 */
export async function asked(words: readonly string[], flags: Shorthand, clock: Clock): Promise<Ask> {
  const { parseQuery } = await import('../../src/bcdb/query/parse.js');
  const { quoted } = await import('../../src/bcdb/query/lexer.js');
  const parse: Parse = (field, operator, value) => parseQuery(`${field} ${operator} ${quoted(value)}`).where as Expression;
  const ask = parseQuery(words.join(' '));
  const { chain, kind, signer, tag, since, before, text } = flags;
  const parts: Expression[] = ask.where === null ? [] : [ask.where];
  // Through the parser, so that a flag means what the same words mean.
  for (const [field, value] of Object.entries({ chain, kind, signer, tag })) if (value !== undefined) parts.push(flag(parse, field, '=', value));
  if (text !== undefined) parts.push(flag(parse, 'text', 'match', text));
  if (since !== undefined) parts.push(bound('at', '>=', parseSince(since, clock())));
  if (before !== undefined) parts.push(bound('index', '<', parseCount(before, '--before')));
  return { ...ask, where: parts.length < 2 ? (parts[0] ?? null) : { type: 'and', of: parts } };
}

type Parse = (field: string, operator: string, value: string) => Expression;

function flag(parse: Parse, field: string, operator: string, value: string): Expression {
  try {
    return parse(field, operator, value);
  } catch (thrown) {
    if (!(thrown instanceof Problem)) throw thrown;
    throw new Problem('usage', `--${field}: ${thrown.message.replace(/^column [0-9]+: /, '').split('\n')[0]}`, { hint: thrown.hint ?? '3bot bcdb query --help' });
  }
}

function bound(field: string, operator: Condition['operator'], value: number): Condition {
  return { type: 'condition', field, operator, values: [BigInt(value)] };
}
