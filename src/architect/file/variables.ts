// ${NAME} in the texts of a blueprint, as Compose writes it.
import { MAX_INPUT_CHARS } from '../../base/limits.js';
import type { Faults } from './faults.js';
import { withTexts, type Scalar, type Table, type Tree } from './tree.js';

/** One use of a variable. */
interface Use {
  readonly name: string;
  /** What stands in its place where it has no value (`-`), or an empty one (`:-`); null: nothing does. */
  readonly fallback: string | null;
}

/*
 *   $NAME ${NAME}          its value                  ${NAME:?text} ${NAME?text}   its value, which has to be given
 *   ${NAME:-x} ${NAME-x}   its value, else x          ${NAME:+x} ${NAME+x}         x where it has one
 *   $$                     a $
 *
 * x may hold further variables. This is what Compose knows; a shell knows more.
 */
const TOKEN = /\$(?:(\$)|([A-Za-z_][A-Za-z0-9_]*)|\{)/g;
const HEAD = /^([A-Za-z_][A-Za-z0-9_-]*?)(?:(:?[-?+])|\})/;
/** A fallback within a fallback within …: nobody writes more. */
const MAX_NESTED = 8;
/** Where what stands in the file stands for itself. */
const UNTOUCHED = ['inputs'];

/** The variables that the texts of a file use, each once, with the first fallback that is said. */
export function variablesIn(root: Table): Use[] {
  const uses = new Map<string, Use>();
  const take = (use: Use): string => {
    const before = uses.get(use.name);
    if (before === undefined || before.fallback === null) uses.set(use.name, use);
    return '';
  };
  eachText(root, ({ value }) => {
    expand(value, { valueOf: (name, fallback) => take({ name, fallback }), isSet: (name) => take({ name, fallback: '' }) === '', wrong: () => undefined });
    return value;
  });
  return [...uses.values()];
}

/** The same tree with its variables in place; what cannot be is a fault where it stands. */
export function filled(root: Table, values: ReadonlyMap<string, string>, faults: Faults): Table {
  return eachText(root, (scalar) => {
    const refuse = (text: string, instead: string): void => faults.spoil(scalar, text, instead);
    const text = expand(scalar.value, {
      valueOf: (name, fallback) => values.get(name) ?? fallback ?? (refuse(`${name} has no value`, `--set ${name}=…, or a default: \${${name}:-…}, or x-3bot: {inputs: {${name}: …}}`), ''),
      isSet: (name) => (values.get(name) ?? '') !== '',
      wrong: refuse,
    });
    if (text.length <= 4 * MAX_INPUT_CHARS + scalar.value.length) return text;
    refuse('its variables make too much of it', `at most ${4 * MAX_INPUT_CHARS} characters more than stand there`);
    return '';
  }) as Table;
}

function eachText(root: Table, change: (scalar: Scalar & { readonly value: string }) => string): Tree {
  const entries = [...root.entries].map(([name, { at, value }]) => {
    const isMarket = name === 'x-3bot' && value.kind === 'table';
    const kept = isMarket ? new Map([...value.entries].filter(([key]) => UNTOUCHED.includes(key))) : new Map<string, never>();
    const changed = withTexts(value, change);
    return [name, { at, value: isMarket && changed.kind === 'table' ? { ...changed, entries: new Map([...changed.entries, ...kept]) } : changed }] as const;
  });
  return { ...root, entries: new Map(entries) };
}

interface Handlers {
  valueOf(name: string, fallback: string | null): string;
  isSet?(name: string): boolean;
  wrong(text: string, instead: string): void;
}

function expand(text: string, handlers: Handlers, depth = 0): string {
  if (!text.includes('$')) return text;
  let out = '';
  let last = 0;
  TOKEN.lastIndex = 0;
  for (const token of text.matchAll(TOKEN)) {
    if (token.index < last) continue;
    out += text.slice(last, token.index);
    const end = token.index + token[0].length;
    if (token[1] !== undefined) [out, last] = [`${out}$`, end];
    else if (token[2] !== undefined) [out, last] = [out + handlers.valueOf(token[2], null), end];
    else {
      const braced = inBraces(text.slice(end), handlers, depth);
      if (braced === undefined) return '';
      out += braced.value;
      last = end + braced.length;
    }
  }
  return out + text.slice(last);
}

/** What follows `${`. @returns its value, and how many characters it takes with the `}` */
function inBraces(rest: string, handlers: Handlers, depth: number): { readonly value: string; readonly length: number } | undefined {
  const [head = '', name, operator] = HEAD.exec(rest) ?? [];
  const end = name === undefined ? -1 : operator === undefined ? head.length : closing(rest, head.length);
  if (name === undefined || end < 0 || depth >= MAX_NESTED) {
    handlers.wrong(`not a variable: \${${rest.slice(0, 40)}`, '${NAME}, ${NAME:-default}, ${NAME:?why it is needed}; write $$ for a $');
    return undefined;
  }
  const more = rest.slice(head.length, end - 1);
  const inner = (): string => expand(more, handlers, depth + 1);
  if (operator === undefined || operator.endsWith('?')) return { value: handlers.valueOf(name, null), length: end };
  if (operator.endsWith('+')) return { value: handlers.isSet?.(name) === true ? inner() : '', length: end };
  return { value: valueOr(name, operator, inner(), handlers), length: end };
}

function valueOr(name: string, operator: string, fallback: string, handlers: Handlers): string {
  const value = handlers.valueOf(name, fallback);
  return value === '' && operator === ':-' ? fallback : value;
}

/** Where the `}` ends that closes an open `${`; -1: it does not. */
function closing(text: string, from: number): number {
  let open = 1;
  for (let i = from; i < text.length; i += 1) {
    if (text.startsWith('${', i)) open += 1;
    else if (text[i] === '}' && (open -= 1) === 0) return i + 1;
  }
  return -1;
}
