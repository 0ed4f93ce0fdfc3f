// From argv to a command: which words, which flags. Only parses; nothing here works.
import type { Command, Option } from 'commander';
import { isProblem, Problem } from '../src/base/errors.js';
import type { Environment, Flags } from '../src/cli/io.js';
import type { CommandFile } from './command.js';
import { entries, type Entry } from './index.js';

/** Flags of every command, before or after its words; those with a value take the next word. */
const GLOBAL_FLAGS: readonly (readonly [syntax: string, meaning: string])[] = [
  ['--home <folder>', 'home folder (THREEBOT_HOME; default ~/.3bot)'],
  ['--passphrase-file <file>', 'file whose first line is the passphrase (THREEBOT_PASSPHRASE_FILE)'],
  ['--json', 'the result as one JSON value'],
  ['-q, --quiet', 'no notes, hints and progress'],
  ['-y, --yes', 'answer yes to every question'],
  ['--no-input', 'never ask; fail, naming what is missing'],
  ['--no-color', 'no colours (NO_COLOR)'],
];
const GLOBAL_WITH_VALUE = new Set(['--home', '--passphrase-file']);

/** A command line taken apart. */
export interface Line {
  /** The words that led, up to the longest that name a command or a group. */
  readonly words: readonly string[];
  /** The command they name, if any. */
  readonly entry: Entry | undefined;
  /** The first word after them that is no flag: an argument, or a mistake. */
  readonly word: string | undefined;
  /** Everything but the words, in order. */
  readonly rest: readonly string[];
}

/** Splits argv into the words of a command and the rest. */
export function splitLine(argv: readonly string[]): Line {
  const words: string[] = [];
  const rest: string[] = [];
  let at = 0;
  for (; at < argv.length; at += 1) {
    const token = argv[at] ?? '';
    if (token === '--') break;
    if (token.startsWith('-') && token !== '-') {
      rest.push(token);
      // Before the words only the flags of every command make sense, so only they are known to take a value.
      if (GLOBAL_WITH_VALUE.has(token) && at + 1 < argv.length) rest.push(argv[(at += 1)] ?? '');
      continue;
    }
    const path = [...words, token].join(' ');
    if (!entries.some((entry) => entry.words === path || entry.words.startsWith(`${path} `))) break;
    words.push(token);
  }
  const word = argv[at] === '--' ? undefined : argv[at];
  return { words, entry: entries.find((entry) => entry.words === words.join(' ')), word, rest: [...rest, ...argv.slice(at)] };
}

/** Whether the flag stands among the arguments, before `--`. */
export function hasFlag(argv: readonly string[], ...flags: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end === -1 ? argv : argv.slice(0, end)).some((token) => flags.includes(token));
}

/** How many letters to change, add or drop to get from one word to the other (Levenshtein). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...to].entries()) {
      next.push(Math.min((row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, (row[j] ?? 0) + (letter === other ? 0 : 1)));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}

/** The Problem of a line that names no command, with the nearest one as its hint. */
export function unknownCommand(line: Line): Problem {
  const group = line.words.join(' ');
  if (line.word === undefined) return new Problem('usage', `3bot ${group} needs one more word`, { hint: `3bot help ${group}` });
  // As many words as each command has, so that a mistake in the first of two words is found, too.
  const typed = [...line.words, ...line.rest.filter((token) => !token.startsWith('-'))].map((word) => word.slice(0, 50));
  const distances = entries.map(({ words }) => ({ words, far: distance(typed.slice(0, words.split(' ').length).join(' '), words) }));
  const best = distances.reduce((least, one) => (one.far < least.far ? one : least));
  const near = best.far <= Math.max(2, Math.floor(best.words.length / 4));
  return new Problem('usage', `unknown command: ${[...line.words, line.word.slice(0, 50)].join(' ')}`, { hint: near ? `did you mean 3bot ${best.words}` : `3bot help${group === '' ? '' : ` ${group}`}` });
}

/** A command as commander's object: its own arguments and options, and the flags of every command. */
export async function buildCommand(entry: Entry, file: CommandFile): Promise<Command> {
  const { Command, Option } = await import('commander');
  const built = new Command(`3bot ${entry.words}`.trim()).summary(entry.summary);
  // The lines of a source file are not those of a terminal: a paragraph is wrapped once, when it is shown.
  built.description(file.about === undefined ? entry.summary : `${entry.summary}\n\n${file.about.replace(/(?<=\S)\n(?=[^\s-])/g, ' ')}`);
  for (const [syntax, meaning] of file.arguments ?? []) built.argument(syntax, meaning);
  file.options?.(built);
  for (const option of built.options) nameIn(option);
  for (const [syntax, meaning] of GLOBAL_FLAGS) built.addOption(new Option(syntax, meaning).helpGroup('Flags of every command:'));
  built.helpOption('-h, --help', 'this text').exitOverride().configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
  const examples = file.examples.map((example) => `  $ ${example}`).join('\n');
  return examples === '' ? built : built.addHelpText('after', `\nExamples:\n${examples}`);
}

/** Says in every complaint about an option's value which option it was. */
function nameIn(option: Option): void {
  const { parseArg, long } = option;
  if (parseArg === undefined || long == null) return;
  option.parseArg = <T>(value: string, previous: T): T => {
    try {
      return parseArg(value, previous);
    } catch (thrown) {
      if (!isProblem(thrown, 'usage') || thrown.message.includes('--')) throw thrown;
      throw new Problem('usage', `${long}: ${thrown.message}`, { cause: thrown, ...(thrown.reason === undefined ? {} : { reason: thrown.reason }), ...(thrown.hint === undefined ? {} : { hint: thrown.hint }) });
    }
  };
}

/** The whole help of a command, with its examples. */
export function helpOf(built: Command): string {
  let text = '';
  built.configureOutput({ writeOut: (part) => void (text += part) }).outputHelp();
  return text;
}

/** A parsed command line. */
export interface Parsed {
  readonly args: readonly string[];
  readonly options: object;
  readonly flags: Flags;
}

/**
 * Parses what follows the words.
 * @throws Problem `usage` on anything the command does not take
 */
export function parseCommand(built: Command, rest: readonly string[], env: Environment): Parsed {
  try {
    built.parse([...rest], { from: 'user' });
  } catch (thrown) {
    if (thrown instanceof Problem || !(thrown instanceof Error) || !('exitCode' in thrown)) throw thrown;
    const [message = '', ...suggestion] = thrown.message.replace(/^error: /, '').split('\n');
    const hint = suggestion.join(' ').trim().replace(/^\((.*)\?\)$/, (_, inner: string) => `${inner[0]?.toLowerCase() ?? ''}${inner.slice(1)}`);
    throw new Problem('usage', message, { hint: hint === '' ? `${built.name()} --help` : hint });
  }
  const { json, quiet, yes, input, color, home, passphraseFile, ...options } = built.opts<Record<string, unknown>>();
  return { args: built.processedArgs.flat().filter((arg): arg is string => typeof arg === 'string'), options, flags: flagsOf({ json, quiet, yes, input, color, home, passphraseFile }, env) };
}

function flagsOf(given: Record<string, unknown>, env: Environment): Flags {
  const text = (value: unknown, variable: string) => (typeof value === 'string' ? value : env[variable] || undefined);
  return {
    json: given['json'] === true,
    quiet: given['quiet'] === true,
    yes: given['yes'] === true,
    input: given['input'] !== false,
    color: given['color'] !== false,
    home: text(given['home'], 'THREEBOT_HOME'),
    passphraseFile: text(given['passphraseFile'], 'THREEBOT_PASSPHRASE_FILE'),
  };
}
