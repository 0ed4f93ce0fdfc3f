// The query language: one parser for the command line, the API and the page.
//
//   query     = [expression] ["order" "by" field ["asc" | "desc"]] ["limit" number]
//   expression= all {"or" all}          all = one {"and" one}
//   one       = "not" one | "(" expression ")" | condition
//   condition = field ("=" | "!=" | "<" | "<=" | ">" | ">=" | "prefix" | "match") value
//             | field "in" "(" value {"," value} ")" | field "exists"
import { MAX_QUERY_DEPTH, MAX_QUERY_TERMS, MAX_QUERY_WORDS, MAX_ROWS } from '../../base/limits.js';
import { FIELDS, NEWEST_FIRST, operatorsOf, type Ask, type Condition, type Expression, type Operator } from './expression.js';
import { tokensOf, wrong, type Token } from './lexer.js';
import { isBodyPath } from './paths.js';
import { valueOf } from './values.js';
import { patternsOf } from './words.js';

const FIELD_NAMES = `${Object.keys(FIELDS).join(', ')}, or a field of the body: body.x.y`;
const KEYWORDS = new Set(['and', 'or', 'not', 'order', 'limit']);
const OPERATORS: readonly string[] = ['=', '!=', '<', '<=', '>', '>=', 'in', 'prefix', 'exists', 'match'] satisfies Operator[];

/**
 * Reads a query.
 * @param text hostile
 * @throws Problem `usage`, reason `query`: the column, a caret below it, and what is allowed there
 */
export function parseQuery(text: string): Ask {
  return new Parser(text).query();
}

class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #next = 0;
  #terms = 0;
  #words = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokensOf(text);
  }

  query(): Ask {
    const where = this.#isAt('end', 'order', 'limit') ? null : this.#expression(1);
    const order = this.#take('order') === undefined ? NEWEST_FIRST : this.#order();
    const limit = this.#take('limit') === undefined ? null : this.#limit();
    if (this.#token.type !== 'end') throw this.#wrong(this.#token, `${this.#named(this.#token)} is one too many`, limit === null ? 'and, or, order by FIELD, limit NUMBER' : 'nothing more');
    return { where, order, limit };
  }

  #expression(depth: number): Expression {
    if (depth > MAX_QUERY_DEPTH) throw this.#wrong(this.#token, `more than ${MAX_QUERY_DEPTH} levels of parentheses and not`, 'a simpler query');
    return this.#joined('or', () => this.#joined('and', () => this.#one(depth)));
  }

  #joined(word: 'and' | 'or', part: () => Expression): Expression {
    const parts = [part()];
    while (this.#take(word) !== undefined) parts.push(part());
    const [first] = parts;
    return parts.length === 1 && first !== undefined ? first : { type: word, of: parts };
  }

  #one(depth: number): Expression {
    if (this.#take('not') !== undefined) {
      if (depth >= MAX_QUERY_DEPTH) throw this.#wrong(this.#token, `more than ${MAX_QUERY_DEPTH} levels of parentheses and not`, 'a simpler query');
      return { type: 'not', of: this.#one(depth + 1) };
    }
    if (this.#take('(') === undefined) return this.#condition();
    const inside = this.#expression(depth + 1);
    this.#must(')');
    return inside;
  }

  #condition(): Expression {
    const name = this.#field();
    const operators = operatorsOf(name.text) as readonly Operator[];
    const token = this.#step();
    const operator = token.text.toLowerCase() as Operator;
    if (token.type === 'quoted' || !OPERATORS.includes(operator)) throw this.#wrong(token, `${this.#named(token)} is no comparison`, operators.join(' '));
    if (!operators.includes(operator)) throw this.#wrong(token, `${name.text} cannot be compared with ${operator}`, operators.join(' '));
    return anyVersion({ type: 'condition', field: name.text, operator, values: this.#values(name.text, operator) });
  }

  #values(field: string, operator: Operator): Condition['values'] {
    if (operator === 'exists') {
      this.#count(1);
      return [];
    }
    if (operator !== 'in') return [this.#value(field, operator)];
    this.#must('(');
    const values = [this.#value(field, operator)];
    while (this.#take(',') !== undefined) values.push(this.#value(field, operator));
    this.#must(')');
    return values;
  }

  #value(field: string, operator: Operator): Condition['values'][number] {
    const token = this.#step();
    if (token.type !== 'quoted' && (token.type !== 'word' || KEYWORDS.has(token.text.toLowerCase()))) throw this.#wrong(token, `${this.#named(token)} is no value`, `a value for ${field}; a text with spaces or a keyword in quotes`);
    this.#count(1);
    const read = valueOf(field, operator, token.text, token.type === 'quoted');
    if (typeof read === 'object') throw this.#wrong(token, read.wrong, read.allowed);
    if (field === 'text') this.#words += patternsOf(token.text).length;
    if (this.#words > MAX_QUERY_WORDS) throw this.#wrong(token, `more than ${MAX_QUERY_WORDS} words to look for`, 'fewer words');
    return read;
  }

  #count(terms: number): void {
    this.#terms += terms;
    if (this.#terms > MAX_QUERY_TERMS) throw this.#wrong(this.#token, `more than ${MAX_QUERY_TERMS} values`, 'a query with fewer');
  }

  #order(): Ask['order'] {
    this.#must('by');
    const { text, ...token } = this.#field();
    if (text !== 'at' && text !== 'index' && !isBodyPath(text)) throw this.#wrong({ ...token, text }, `nothing is ordered by ${text}`, 'at, or a field of the body that is indexed');
    const descending = this.#take('desc') !== undefined || this.#take('asc') === undefined;
    return { field: text === 'index' ? 'at' : text, descending };
  }

  #limit(): number {
    const token = this.#step();
    const limit = /^[0-9]{1,4}$/.test(token.text) ? Number(token.text) : 0;
    if (limit < 1 || limit > MAX_ROWS) throw this.#wrong(token, `${this.#named(token)} is no limit`, `a number from 1 to ${MAX_ROWS}`);
    return limit;
  }

  #field(): Token {
    const token = this.#step();
    if (token.type !== 'word' || operatorsOf(token.text) === undefined) throw this.#wrong(token, `${this.#named(token)} is no field`, FIELD_NAMES);
    return token;
  }

  get #token(): Token {
    return this.#tokens[this.#next] as Token;
  }

  #step(): Token {
    const token = this.#token;
    if (token.type !== 'end') this.#next += 1;
    return token;
  }

  #isAt(...texts: readonly string[]): boolean {
    const { type, text } = this.#token;
    return type === 'end' ? texts.includes('end') : type !== 'quoted' && texts.includes(text.toLowerCase());
  }

  #take(text: string): Token | undefined {
    return this.#isAt(text) ? this.#step() : undefined;
  }

  #must(text: string): void {
    if (this.#take(text) === undefined) throw this.#wrong(this.#token, `${this.#named(this.#token)} where ${text} should be`, text);
  }

  #named({ type, text }: Token): string {
    return type === 'end' ? 'the end' : JSON.stringify(text.slice(0, 60));
  }

  #wrong(token: Token, what: string, allowed: string): Error {
    return wrong(this.#text, token, what, `allowed: ${allowed}`);
  }
}

/** `kind = agreement` means every version of it. */
function anyVersion(condition: Condition): Expression {
  const { field, operator, values } = condition;
  if (field !== 'kind' || !['=', '!=', 'in'].includes(operator) || values.every((kind) => String(kind).includes('@'))) return condition;
  const kinds = values.map((kind): Condition => (String(kind).includes('@') ? { ...condition, operator: '=', values: [kind] } : { ...condition, operator: 'prefix', values: [`${String(kind)}@`] }));
  const some: Expression = kinds.length === 1 && kinds[0] !== undefined ? kinds[0] : { type: 'or', of: kinds };
  return operator === '!=' ? { type: 'not', of: some } : some;
}
