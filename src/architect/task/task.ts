// A task: a recipe of the bot's own, or a blueprint that somebody has published, as questions, commands and checks. Pure.
import { Problem } from '../../base/errors.js';
import type { Recipe, TaskCheck, TaskStep, TaskWords } from '../../schema/types.js';
import { inputsOf } from '../file/blueprint.js';
import type { Input } from '../file/inputs.js';
import type { Source } from '../open.js';

/** What can be done for somebody. */
export interface Task {
  /** As it is typed: `website`, `alice/shop@2`. */
  readonly name: string;
  readonly title: string;
  readonly about: string;
  /** What it asks for, in order. */
  readonly inputs: readonly Input[];
  /** The steps, once all values are there. @param secrets as `--secret` takes them: names of files, never what is in them */
  readonly steps: (values: Values, secrets: readonly string[]) => readonly TaskStep[];
  readonly checks: readonly TaskCheck[];
  /** The command that takes it back; null where there is none. */
  readonly undo: TaskWords | null;
}

/** Of inputs, and of what steps have saved. */
export type Values = ReadonlyMap<string, string>;

const TEXT: Omit<Input, 'name'> = { type: 'string', default: null, help: '', min: null, max: null, pattern: null, choices: [], declared: true };
/** What a whole is called that a blueprint makes. */
const ORDER = 'order';
/** What `--max-total` said; empty where it did not. Steps that pay pass it on. */
export const MAX_TOTAL = 'max_total';

/** A recipe that ships with the bot. */
export function taskOfRecipe(name: string, recipe: Recipe): Task {
  const { title, about, checks, undo = null, steps, blueprint } = recipe;
  if (blueprint !== undefined) return { ...taskOfBlueprint({ title: `recipe:${name}`, text: blueprint, name }, checks), name, title, about };
  return { name, title, about, inputs: inputsIn(name, recipe), steps: () => steps ?? [], checks, undo };
}

/** A published blueprint: it is applied, and works once all its services are ready. */
export function taskOfPublished(source: Pick<Source, 'title' | 'text' | 'name'>, about: string): Task {
  const ready: TaskCheck = { what: 'every service runs', run: ['blueprint', 'show', '${order}'], expect: { at: 'parts[].services[].state', is: ['running', 'exited'] } };
  return { ...taskOfBlueprint(source, [ready]), about };
}

function taskOfBlueprint({ title, text, name }: Pick<Source, 'title' | 'text' | 'name'>, checks: readonly TaskCheck[]): Task {
  const asked = inputsOf(Buffer.from(text), title).filter(({ type }) => type !== 'secret');
  const order: Input = { ...TEXT, name: ORDER, default: name, pattern: '[a-z0-9][a-z0-9-]{1,48}[a-z0-9]', help: 'what the whole is called' };
  return {
    name: title, title, about: '', inputs: [order, ...asked.filter((input) => input.name !== ORDER)], checks,
    steps: (values, secrets) => [{ say: 'make what the blueprint says, all of it or nothing, and wait until it works', run: [...applied({ title, name }, asked, values), ...secrets.flatMap((one) => ['--secret', one])] }],
    undo: ['blueprint', 'down', `\${${ORDER}}`],
  };
}

/** Only what is not as the blueprint has it need be said. */
function applied({ title, name }: Pick<Source, 'title' | 'name'>, inputs: readonly Input[], values: Values): TaskWords {
  const changed = inputs.filter(({ name, default: usual }) => (values.get(name) ?? usual) !== usual);
  const set = changed.flatMap(({ name }) => ['--set', `${name}=\${${name}}`]);
  // Its own name it has by itself; one that is said may be that of something else which runs.
  const called = values.get(ORDER) === name ? [] : ['--name', `\${${ORDER}}`];
  return ['blueprint', 'apply', title, ...called, ...set, ['--max-total', `\${${MAX_TOTAL}}`]];
}

/** The inputs of a recipe are those of a blueprint, and are read by the same reader. */
function inputsIn(name: string, { inputs = {} }: Recipe): Input[] {
  return inputsOf(Buffer.from(JSON.stringify({ 'x-3bot': { inputs }, services: {} })), `recipe:${name}`);
}

/**
 * The words of a command, with values in place: each stays one word, whatever is in it.
 * @throws Problem `failed` for a value that nothing gives: the recipe is at fault
 */
export function wordsWith(words: TaskWords, values: Values): string[] {
  return words.flatMap((word) => {
    if (typeof word === 'string') return [textWith(word, values)];
    const group = word.map((one) => ({ text: textWith(one, values), isEmpty: names(one).some((name) => values.get(name) === '') }));
    return group.some(({ isEmpty }) => isEmpty) ? [] : group.map(({ text }) => text);
  });
}

/** A text with values in place. @throws Problem `failed` */
export function textWith(text: string, values: Values): string {
  return text.replace(/\$\{([A-Za-z_][A-Za-z0-9_-]*)\}/g, (_, name: string) => {
    const value = values.get(name);
    if (value === undefined) throw new Problem('failed', `this task uses \${${name}}, which nothing gives`, { reason: 'recipe' });
    return value;
  });
}

function names(text: string): string[] {
  return [...text.matchAll(/\$\{([A-Za-z_][A-Za-z0-9_-]*)\}/g)].map(([, name = '']) => name);
}

/** A command as a person types it. */
export function commandText(words: readonly string[]): string {
  return ['3bot', ...words].map((word) => (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');
}
