// 3bot help TOPIC: what is no command's own help. The texts are files in commands/topics/.
import { readFileSync, readdirSync } from 'node:fs';
import { Problem } from '../src/base/errors.js';
import { formatNames, schemaOf, type Schema } from '../src/schema/shown.js';
import { entries } from './index.js';

/** The topics, each with what it is about. */
export const TOPICS: readonly { readonly name: string; readonly summary: string }[] = [
  { name: 'exit-codes', summary: 'what each exit code means' },
  { name: 'environment', summary: 'the variables that 3bot reads' },
  { name: 'scripting', summary: '3bot in scripts, cron and CI' },
  { name: 'formats', summary: 'files and messages, and where their schemas are' },
  { name: 'json', summary: 'the schema of what a command prints with --json: help json COMMAND' },
];

/** What these print is what another program prints. */
export const PASSES_ON: ReadonlySet<string> = new Set(['exec', 'dev run']);

/**
 * The text of a topic, with a final line break.
 * @param words after `help`
 * @returns undefined where the first word is no topic
 * @throws Problem `not_found` for a schema that does not exist
 */
export function topicText([topic = '', ...more]: readonly string[]): string | undefined {
  if (topic === 'topics') return listOf(TOPICS);
  if (topic === 'json') return more.length === 0 ? withSchema() : schemaText(more.join(' '));
  if (!TOPICS.some(({ name }) => name === topic) || more.length > 0) return undefined;
  const text = readFileSync(new URL(`../../commands/topics/${topic}.txt`, import.meta.url), 'utf8');
  return topic === 'formats' ? `${text}\nSchemas\n${formats()}` : text;
}

function listOf(lines: readonly { readonly name: string; readonly summary: string }[], indent = ''): string {
  const width = Math.max(...lines.map(({ name }) => name.length));
  return lines.map(({ name, summary }) => `${indent}${name.padEnd(width)}  ${summary}\n`).join('');
}

function withSchema(): string {
  const commands = entries.filter(({ words }) => !PASSES_ON.has(words)).map(({ words }) => ({ name: words, summary: linesOf(schemaOf(words)) }));
  return `${listOf([...commands, { name: 'error', summary: 'one line on stderr, whenever the exit code is not 0' }])}\n3bot help json COMMAND prints its schema\n`;
}

/** Whether it is one value or a stream, as its schema says. */
function linesOf(schema: Schema | null): string {
  return String(schema?.['$comment'] ?? 'one value');
}

/** Each format by the first clause of its schema's description. */
function formats(): string {
  return listOf(formatNames().map((name) => ({ name, summary: String(schemaOf(name)?.['description'] ?? '').split(/[.;:](?= |$)/, 1)[0] ?? '' })), '  ');
}

/** @throws Problem `not_found` */
function schemaText(name: string): string {
  if (PASSES_ON.has(name)) throw new Problem('not_found', `3bot ${name} prints what its command prints, so it has no schema`, { hint: '3bot help json' });
  const schema = schemaOf(name);
  if (schema === null) throw new Problem('not_found', `no schema for ${JSON.stringify(name.slice(0, 100))}`, { hint: '3bot help json lists those of commands, 3bot help formats the others' });
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/** Names of the files, for the test that keeps them all in `TOPICS`. */
export function topicFiles(): string[] {
  return readdirSync(new URL('../../commands/topics/', import.meta.url)).map((file) => file.replace(/\.txt$/, ''));
}
