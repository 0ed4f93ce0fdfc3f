// The inputs of a blueprint: what may be filled in, of which type, and whether what was given is of it.
import { parseDuration } from '../../base/duration.js';
import { Problem } from '../../base/errors.js';
import { MAX_INPUT_CHARS, MAX_INPUTS, MAX_PATTERN_CHARS, MAX_PATTERN_REPEATS } from '../../base/limits.js';
import { parseSize } from '../../capacity/parse.js';
import type { Faults } from './faults.js';
import { integerAt, knownOnly, listAt, oneOf, tableAt, textAt } from './read.js';
import type { Table, Tree } from './tree.js';
import { variablesIn } from './variables.js';

const INPUT_TYPES = ['string', 'integer', 'boolean', 'size', 'duration', 'secret', 'choice'] as const;

/** Something that whoever applies a blueprint may fill in. */
export interface Input {
  readonly name: string;
  readonly type: (typeof INPUT_TYPES)[number];
  /** As it would be typed; null: it has to be given. A secret has none. */
  readonly default: string | null;
  /** What it is for; empty where nobody says. */
  readonly help: string;
  /** Of an integer its value, of a string its length; null: no bound. */
  readonly min: number | null;
  readonly max: number | null;
  /** A regular expression for the whole of a string. */
  readonly pattern: string | null;
  /** Of a choice. */
  readonly choices: readonly string[];
  /** False: the file only uses `${NAME}`. */
  readonly declared: boolean;
}

/** Values by the names of inputs, as they stand in the file then. */
export type Values = ReadonlyMap<string, string>;

const NAME = /^[A-Za-z_][A-Za-z0-9_-]{0,62}$/;
const FIELDS = ['type', 'default', 'help', 'min', 'max', 'pattern', 'choices'] as const;

/** The inputs that a tree declares under `x-3bot.inputs`, then those that it only uses. */
export function inputsIn(root: Table, faults: Faults): Input[] {
  const market = tableAt(root, 'x-3bot', faults);
  const declared = market === undefined ? undefined : tableAt(market, 'inputs', faults);
  const inputs = new Map<string, Input>();
  for (const [name, { at, value }] of declared?.entries ?? []) {
    const where = { at, path: value.path };
    if (inputs.size >= MAX_INPUTS) faults.refuse(where, 'there are too many inputs', `at most ${MAX_INPUTS}`);
    else if (!NAME.test(name)) faults.refuse(where, 'not a name for an input', 'letters, digits, _ and -, at most 63, not a digit first');
    else inputs.set(name, inputOf(name, value, faults));
  }
  for (const { name, fallback } of variablesIn(root)) {
    if (!inputs.has(name) && inputs.size < MAX_INPUTS) inputs.set(name, { ...UNSAID, name, default: fallback, declared: false });
  }
  return [...inputs.values()];
}

const UNSAID = { type: 'string', help: '', min: null, max: null, pattern: null, choices: [] } as const;

/** One declaration; `NAME: value` is short for a string with that default. */
function inputOf(name: string, tree: Tree, faults: Faults): Input {
  if (tree.kind === 'scalar') return { ...UNSAID, name, default: tree.value === null ? null : tree.text, declared: true };
  if (tree.kind === 'list') {
    faults.refuse(tree, 'an input is no list', 'NAME: {type: string, default: …, help: …}');
    return { ...UNSAID, name, default: null, declared: true };
  }
  knownOnly(tree, FIELDS, faults);
  const type = oneOf(tree, 'type', INPUT_TYPES, faults) ?? 'string';
  const said = tree.entries.get('default')?.value;
  const input: Input = {
    name, type, declared: true,
    default: said?.kind === 'scalar' && said.value !== null ? said.text : null,
    help: textAt(tree, 'help', faults) ?? '',
    min: integerAt(tree, 'min', faults) ?? null,
    max: integerAt(tree, 'max', faults) ?? null,
    pattern: patternAt(tree, faults),
    choices: (listAt(tree, 'choices', faults)?.items ?? []).flatMap((item) => (item.kind === 'scalar' ? [item.text] : [])),
  };
  if (type === 'choice' && input.choices.length === 0) faults.refuse(tree, 'a choice without choices', 'choices: [small, large]');
  if (type === 'secret' && input.default !== null) faults.refuse(said ?? tree, 'a secret in the file is none', 'leave the default out: it is asked for, or given as --secret NAME=@FILE');
  const wrong = input.default === null ? null : wrongWith(input, input.default);
  if (wrong !== null) faults.refuse(said ?? tree, `the default ${wrong}`, '');
  return input;
}

/** A pattern is the author's, and is held against what others type: only what cannot take long is allowed. */
function patternAt(tree: Table, faults: Faults): string | null {
  const pattern = textAt(tree, 'pattern', faults);
  if (pattern === undefined) return null;
  const where = tree.entries.get('pattern')?.value ?? tree;
  try {
    new RegExp(`^(?:${pattern})$`, 'u');
  } catch {
    faults.refuse(where, 'not a regular expression', 'for example [a-z0-9.-]+');
    return null;
  }
  if (pattern.length > 200 || canTakeLong(pattern)) {
    faults.refuse(where, 'a pattern of this kind can take for ever', 'characters and classes with * + ? or {n,m}, three of them at most, such as [a-z0-9]{1,20}; no groups that repeat');
    return null;
  }
  return pattern;
}

/** Every repeat and every choice multiplies the ways in which a text can be tried: a few of them, in texts of bounded length, are tried in no time. */
function canTakeLong(pattern: string): boolean {
  const bare = pattern.replaceAll(/\\[^1-9]/g, 'x').replaceAll(/\[[^\]]*\]/g, 'x');
  const open = bare.match(/[*+?|]|\{\d+,\d*\}/g)?.length ?? 0;
  return open > MAX_PATTERN_REPEATS || /\)[*+{?]|\\|\(\?/.test(bare);
}

/**
 * Values for all inputs but secrets: what was given, else defaults. Pure.
 * @param given by name, as typed to `--set NAME=VALUE`
 * @returns `missing`: inputs that have to be given and were not
 * @throws Problem `usage` that names the input, for a value that is not of its type, or of no input
 */
export function fill(inputs: readonly Input[], given: ReadonlyMap<string, string>): { readonly values: Values; readonly missing: readonly Input[] } {
  const values = new Map<string, string>();
  for (const [name, text] of given) {
    const input = inputs.find((one) => one.name === name);
    if (input === undefined) throw new Problem('usage', `--set ${name}: there is no such input`, { reason: 'input', hint: inputs.length === 0 ? 'this blueprint has none' : `it has ${inputs.map((one) => one.name).join(', ')}` });
    if (input.type === 'secret') throw new Problem('usage', `--set ${name}: a secret stands in no command`, { reason: 'input', hint: `--secret ${name}=@FILE` });
    const wrong = wrongWith(input, text);
    if (wrong !== null) throw new Problem('usage', `--set ${name}: ${wrong}`, { reason: 'input', ...(input.help === '' ? {} : { hint: input.help }) });
    values.set(name, text);
  }
  const open = inputs.filter(({ name, type }) => type !== 'secret' && !values.has(name));
  // What the file merely uses has its fallbacks where it is used, and they may differ.
  for (const input of open) if (input.default !== null && input.declared) values.set(input.name, input.default);
  return { values, missing: open.filter((input) => input.default === null) };
}

/** What is wrong with a value of an input, in words that say what is allowed; null: nothing. For questions on a terminal, too. */
export function wrongWith({ type, min, max, pattern, choices }: Input, text: string): string | null {
  if (text.length > MAX_INPUT_CHARS) return `has more than ${MAX_INPUT_CHARS} characters`;
  if (/[\u0000-\u001f\u007f]/.test(text)) return 'has a line break or another control character';
  switch (type) {
    case 'integer': return /^-?[0-9]{1,15}$/.test(text) ? outside(Number(text), min, max, 'is') : `is no whole number: ${shown(text)}`;
    case 'boolean': return text === 'true' || text === 'false' ? null : `is neither true nor false: ${shown(text)}`;
    case 'size': return parses(() => parseSize(text)) ? null : `is no size: ${shown(text)}; for example 512MiB or 20GiB`;
    case 'duration': return parses(() => parseDuration(text)) ? null : `is no span of time: ${shown(text)}; for example 12h or 30d`;
    case 'choice': return choices.includes(text) ? null : `is none of ${choices.join(', ')}: ${shown(text)}`;
    case 'string':
    case 'secret':
      if (pattern !== null && text.length > MAX_PATTERN_CHARS) return `has more than ${MAX_PATTERN_CHARS} characters, which are held against a pattern`;
      if (pattern !== null && !new RegExp(`^(?:${pattern})$`, 'u').test(text)) return `does not fit ${pattern}: ${shown(text)}`;
      return outside(text.length, min, max, 'its length is');
  }
}

/** A value of each type; of those the first that an input takes. */
const SAMPLES: Readonly<Record<Input['type'], readonly string[]>> = {
  string: ['sample', 'sample.example', '1', 'docker.io/library/sample:1'], integer: ['1'], boolean: ['true'], size: ['1GiB'], duration: ['1h'], choice: [], secret: [],
};

/** Something that an input takes, to read a file with that nobody has filled in yet; empty where nothing of that kind is at hand. */
export function sampleOf(input: Input): string {
  if (input.default !== null) return input.default;
  const lowest = input.min === null ? [] : [input.type === 'integer' ? String(input.min) : 'x'.repeat(Math.min(Math.max(0, input.min), MAX_INPUT_CHARS))];
  return [...input.choices, ...lowest, ...SAMPLES[input.type]].find((text) => wrongWith(input, text) === null) ?? '';
}

function outside(value: number, min: number | null, max: number | null, what: string): string | null {
  if (min !== null && value < min) return `${what} ${value}, below ${min}`;
  return max !== null && value > max ? `${what} ${value}, above ${max}` : null;
}

function parses(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 60));
}

