// 3bot __complete: what a shell may offer at the cursor. Its scripts (commands/completion/) call it for every Tab.
//
// The answer: a first line `words`, `files` or `folders`, then for `words` a candidate a line, `value<tab>about`.
// Prompts for nothing, asks nobody, opens no key; what goes wrong is no candidates.
import { homedir } from 'node:os';
import { MAX_COMPLETIONS } from '../src/base/limits.js';
import type { Named, Nameable } from '../src/self/names.js';
import { CHOICES } from './choices.js';
import { entries } from './index.js';
import { buildCommand, splitLine } from './parse.js';
import { TOPICS } from './topics.js';

/** What may stand at the cursor. */
export interface Offer {
  readonly mode: 'words' | 'files' | 'folders';
  readonly words: readonly Named[];
}

const NOTHING: Offer = { mode: 'words', words: [] };
const FILES: Offer = { mode: 'files', words: [] };

/** What a placeholder stands for, where that can be named. A `name` depends on the command. */
const NAMEABLE: Readonly<Record<string, Nameable>> = {
  account: 'account', bot: 'bot', contract: 'contract', farm: 'farm', grid: 'grid', network: 'network', node: 'node', party: 'bot', session: 'session', to: 'bot', vote: 'vote',
};
const NAME_OF: Readonly<Record<string, Nameable>> = {
  'identity show': 'identity', 'identity use': 'identity', 'identity export': 'identity', 'identity passwd': 'identity', 'farm show': 'farm', 'witness show': 'witness', 'witness trust': 'witness', '--farm': 'farm', '--network': 'network',
};
const FILE = /^(file|bundle|draft|file-or-hash)$/;
const FOLDER = /^(folder|dir)$/;

/**
 * The answer to a shell.
 * @param shell `bash` hands over its line up to the cursor and the part of it that it will replace; the others the words
 * before the cursor, as they are without quotes, and the one at it
 * @returns text with a final line break
 */
export async function completeText([shell = '', ...rest]: readonly string[], env: Readonly<Record<string, string | undefined>>): Promise<string> {
  const { typed, current, quoted } = shell === 'bash' ? wordsOf(rest[0] ?? '') : { typed: rest.slice(0, -1), current: rest.at(-1) ?? '', quoted: false };
  const offer = await offerAt(typed, current, env).catch(() => NOTHING);
  // Bash replaces what follows the last of its word breaks, so it gets the rest of each candidate alone.
  const kept = shell === 'bash' ? current.length - (current.endsWith(rest[1] ?? '') ? (rest[1] ?? '').length : 0) : 0;
  const words = offer.words
    .filter(({ value }) => value.startsWith(current) && !/[\u0000-\u001f\u007f]/.test(value) && (!quoted || /^[\w.,:/@=+-]*$/.test(value)))
    .slice(0, MAX_COMPLETIONS)
    .map(({ value, about }) => `${value.slice(kept)}\t${about.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ').slice(0, 80)}\n`);
  return `${offer.mode}\n${words.join('')}`;
}

/** What may stand after `typed`, in place of `current`. */
export async function offerAt(typed: readonly string[], current: string, env: Readonly<Record<string, string | undefined>>): Promise<Offer> {
  if (typed.includes('--')) return FILES;
  if (typed[0] === 'help') return { mode: 'words', words: helpWords(typed.slice(1)) };
  const { words, entry, rest } = splitLine(typed);
  const next = rest.length > 0 && rest.some((word) => !word.startsWith('-')) ? [] : nextWords(words);
  if (entry === undefined) return current.startsWith('-') ? NOTHING : { mode: 'words', words: words.length === 0 && next.length > 0 ? [...next, { value: 'help', about: 'commands, flags, topics' }] : next };

  const { options, positionals } = await shapeOf(entry.words);
  const home = flagValue(typed, '--home') ?? env['THREEBOT_HOME'];
  const named = { home: home?.replace(/^~(?=\/|$)/, homedir()), grid: flagValue(typed, '--grid') };
  const before = options.get(typed.at(-1) ?? '');
  if (before?.takes != null) return offerOf(before.takes, before.long, entry.words, current, named);
  const [, flag = '', value] = /^(--[a-z-]+)=(.*)$/s.exec(current) ?? [];
  if (value !== undefined) {
    const { mode, words: offered } = await offerOf(options.get(flag)?.takes ?? '', flag, entry.words, value, named);
    return { mode, words: offered.map((one) => ({ ...one, value: `${flag}=${one.value}` })) };
  }
  if (current.startsWith('-')) return { mode: 'words', words: [...new Set(options.values())].filter(({ long, again }) => again || !typed.includes(long)).map(({ long, about }) => ({ value: long, about })) };
  const given = positionalsIn(rest, options);
  const wanted = positionals[Math.min(given.length, positionals.length - 1)];
  if (wanted === undefined || (given.length >= positionals.length && !wanted.again)) return { mode: 'words', words: next };
  if (wanted.name === 'workload' && given[0] !== undefined) return { mode: 'words', words: await workloads(given[0], named) };
  const offer = await offerOf(wanted.name, '', entry.words, current, named);
  return { ...offer, words: [...next, ...offer.words] };
}

interface Where {
  readonly home: string | undefined;
  readonly grid: string | undefined;
}

/** Values for a placeholder of an option or argument. */
async function offerOf(placeholder: string, long: string, command: string, current: string, where: Where): Promise<Offer> {
  const name = placeholder.replace(/\.\.\.$/, '');
  if (FILE.test(name)) return FILES;
  if (FOLDER.test(name)) return { mode: 'folders', words: [] };
  const choices = CHOICES[`${long} <${name}>`];
  if (choices !== undefined) return { mode: 'words', words: choices.map((value) => ({ value, about: '' })) };
  const kind = name === 'name' ? (NAME_OF[long] ?? NAME_OF[command]) : NAMEABLE[name];
  if (kind === undefined) return NOTHING;
  const [{ openHome }, { namesOf }] = await Promise.all([import('../src/home.js'), import('../src/self/names.js')]);
  return { mode: 'words', words: namesOf(openHome(where.home), kind, current, where.grid) };
}

async function workloads(contract: string, { home, grid }: Where): Promise<Named[]> {
  const [{ openHome }, { workloadsOf }] = await Promise.all([import('../src/home.js'), import('../src/self/names.js')]);
  return workloadsOf(openHome(home), contract, grid);
}

/** What help can be asked for: commands, and topics. */
function helpWords(words: readonly string[]): Named[] {
  if (words[0] === 'json') return nextWords(words.slice(1));
  const topics = words.length > 0 ? [] : [...TOPICS, { name: 'topics', summary: 'the list of them' }];
  return [...nextWords(words), ...topics.map(({ name, summary }) => ({ value: name, about: summary }))];
}

/** The words that continue these towards a command. */
function nextWords(words: readonly string[]): Named[] {
  const prefix = words.map((word) => `${word} `).join('');
  const found = new Map<string, string>();
  for (const { words: all, summary } of entries) {
    if (!all.startsWith(prefix) || all === prefix.trim()) continue;
    const [next = '', ...more] = all.slice(prefix.length).split(' ');
    const others = entries.filter((one) => one.words.startsWith(`${prefix}${next} `)).map((one) => one.words.split(' ')[words.length + 1]);
    if (!found.has(next) || more.length === 0) found.set(next, more.length === 0 ? summary : [...new Set(others)].join(', '));
  }
  return [...found].map(([value, about]) => ({ value, about }));
}

interface Flag {
  readonly long: string;
  readonly about: string;
  /** Placeholder of its value; null: it has none. */
  readonly takes: string | null;
  readonly again: boolean;
}

async function shapeOf(words: string): Promise<{ readonly options: ReadonlyMap<string, Flag>; readonly positionals: readonly { readonly name: string; readonly again: boolean }[] }> {
  const entry = entries.find((one) => one.words === words);
  if (entry === undefined) throw new Error(`no command ${words}`);
  const built = await buildCommand(entry, (await entry.load()).command);
  const options = new Map<string, Flag>();
  for (const { long, short, flags, description, required, optional, variadic, parseArg } of built.options) {
    const takes = required || optional ? (/[<[]([^>\]]+)[>\]]/.exec(flags)?.[1] ?? '') : null;
    const flag: Flag = { long: long ?? short ?? '', about: description, takes, again: variadic || parseArg?.name === 'collect' };
    for (const name of [long, short]) if (name != null) options.set(name, flag);
  }
  return { options, positionals: built.registeredArguments.map((one) => ({ name: one.name(), again: one.variadic })) };
}

/** Arguments among the words after the command's own: what is neither a flag nor the value of one. */
function positionalsIn(rest: readonly string[], options: ReadonlyMap<string, Flag>): string[] {
  return rest.filter((word, at) => !(word.startsWith('-') && word !== '-') && options.get(rest[at - 1] ?? '')?.takes == null);
}

function flagValue(typed: readonly string[], flag: string): string | undefined {
  const at = typed.lastIndexOf(flag);
  return at === -1 ? typed.find((word) => word.startsWith(`${flag}=`))?.slice(flag.length + 1) : typed[at + 1];
}

/** A line of a shell up to the cursor, taken apart as it would be, but for what it would have to work out. */
function wordsOf(line: string): { readonly typed: readonly string[]; readonly current: string; readonly quoted: boolean } {
  const words: string[] = [];
  let word: string | null = null;
  let quote: string | null = null;
  for (let at = 0; at < line.length; at += 1) {
    const char = line[at] ?? '';
    if (quote !== null && char === quote) quote = null;
    else if (quote === null && (char === "'" || char === '"')) [quote, word] = [char, word ?? ''];
    else if (char === '\\' && quote !== "'") word = `${word ?? ''}${line[(at += 1)] ?? ''}`;
    else if (quote === null && /\s/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = `${word ?? ''}${char}`;
  }
  const program = words.findIndex((one) => /(^|\/)3bot(\.js)?$/.test(one));
  return { typed: words.slice(program + 1), current: word ?? '', quoted: quote !== null };
}
