// A query's text as words, with their places, and the one error that its reading throws.
import { Problem } from '../../base/errors.js';
import { MAX_QUERY_CHARS } from '../../base/limits.js';

/** A piece of a query. `text` is what it means: of a quoted text what stands between the quotes. */
export interface Token {
  readonly type: 'word' | 'quoted' | 'symbol' | 'end';
  readonly text: string;
  /** Place in the query, from 0, and characters there. */
  readonly from: number;
  readonly length: number;
}

const SYMBOLS = ['!=', '<=', '>=', '=', '<', '>', '(', ')', ','] as const;
// Whatever kinds, chains, keys, times, numbers and paths are written with.
const WORD = /[A-Za-z0-9_@./:+*-]+/y;
const QUOTED = /"((?:[^"\\]|\\["\\])*)"|'((?:[^'\\]|\\['\\])*)'/y;

/**
 * Takes a query apart.
 * @param text hostile
 * @throws Problem `usage`
 */
export function tokensOf(text: string): Token[] {
  if (text.length > MAX_QUERY_CHARS) throw new Problem('usage', `a query has at most ${MAX_QUERY_CHARS} characters, this one ${text.length}`);
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; ) {
    if (/\s/.test(text[at] ?? '')) {
      at += 1;
      continue;
    }
    const token = tokenAt(text, at);
    tokens.push(token);
    at += token.length;
  }
  return [...tokens, { type: 'end', text: '', from: text.length, length: 1 }];
}

function tokenAt(text: string, from: number): Token {
  const between = matchAt(QUOTED, text, from);
  if (between !== null) return { type: 'quoted', text: (between[1] ?? between[2] ?? '').replace(/\\(.)/g, '$1'), from, length: between[0].length };
  const symbol = SYMBOLS.find((one) => text.startsWith(one, from));
  if (symbol !== undefined) return { type: 'symbol', text: symbol, from, length: symbol.length };
  const word = matchAt(WORD, text, from);
  if (word !== null) return { type: 'word', text: word[0], from, length: word[0].length };
  const isQuote = text[from] === '"' || text[from] === "'";
  throw wrong(text, { from, length: 1 }, isQuote ? 'a quote that does not end' : `the character ${JSON.stringify(String.fromCodePoint(text.codePointAt(from) ?? 0))} has no meaning here`, isQuote ? 'a closing quote; inside, \\" stands for a quote' : 'quote the text: "…"');
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** A text as a query has it. */
export function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}

/** Characters of a long query that are shown on each side of the place that is wrong. */
const AROUND = 40;

/** The Problem of a query that cannot be read: what is wrong, the place with a caret, what is allowed there. */
export function wrong(query: string, place: { readonly from: number; readonly length: number }, what: string, allowed: string): Problem {
  const begin = Math.max(0, place.from - AROUND);
  const line = query.slice(begin, place.from + place.length + AROUND).replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
  const caret = `${' '.repeat(place.from - begin)}${'^'.repeat(Math.max(1, Math.min(place.length, AROUND)))}`;
  return new Problem('usage', `column ${place.from + 1}: ${what}\n  ${line}\n  ${caret}`, { reason: 'query', hint: allowed });
}
