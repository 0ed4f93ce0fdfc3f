// Which task is meant, and the values that it asks for: by flags, by what was begun, by questions on a terminal.
import type { Input } from '../../src/architect/file/inputs.js';
import type { Task, Values } from '../../src/architect/task/task.js';
import { Problem } from '../../src/base/errors.js';
import type { Context } from '../command.js';
import { openGridOf, renew } from '../handle.js';

/** The argument of commands about one task. */
export const TASK_ARGUMENT: readonly [string, string] = ['<task>', 'a recipe (3bot task list), or a blueprint that somebody has published: ARCHITECT/NAME[@VERSION] or its id'];

/** @throws Problem `not_found` */
export async function taskMeant(context: Context, named: string, gridName: string | undefined): Promise<Task> {
  const { recipeNamed, recipeNames } = await import('../../src/architect/recipes.js');
  const { taskOfPublished, taskOfRecipe } = await import('../../src/architect/task/task.js');
  const { isPublishedName } = await import('../../src/market/blueprint.js');
  if (recipeNames().includes(named) || !isPublishedName(named)) return taskOfRecipe(named, recipeNamed(named));
  const { openSource } = await import('../../src/architect/open.js');
  await using grid = await openGridOf(context, gridName);
  await renew(context, grid);
  const source = await openSource(named, { reader: () => grid.reader, file: () => '', input: async () => '' });
  const { versionOf } = await import('../../src/rules/blueprint.js');
  return taskOfPublished(source, source.blueprint === null ? '' : versionOf(grid.reader, source.blueprint).about);
}

/** `--set NAME=VALUE` taken apart. @throws Problem `usage` */
export function parseSets(texts: readonly string[]): Map<string, string> {
  return new Map(texts.map((text) => {
    const at = text.indexOf('=');
    if (at < 1) throw new Problem('usage', `not NAME=VALUE: --set ${JSON.stringify(text.slice(0, 100))}`);
    return [text.slice(0, at), text.slice(at + 1)];
  }));
}

/**
 * All values that a task asks for. A terminal asks for each that no flag gives, with its default to accept.
 * @throws Problem `usage` naming the inputs that are missing, where nobody can be asked
 */
export async function valuesFor({ prompt, out, flags }: Context, inputs: readonly Input[], given: ReadonlyMap<string, string>): Promise<Values> {
  const { fill, wrongWith } = await import('../../src/architect/file/inputs.js');
  const { values, missing } = fill(inputs, given);
  if (!prompt.possible || flags.yes) {
    const [first] = missing;
    if (first === undefined) return values;
    throw new Problem('usage', `${missing.map(({ name }) => name).join(', ')}: nobody says`, { reason: 'input', hint: missing.map(({ name, help }) => `--set ${name}=…${help === '' ? '' : ` (${help})`}`).join(' ') });
  }
  const all = new Map(values);
  for (const input of inputs.filter(({ name, type }) => type !== 'secret' && !given.has(name))) {
    for (let wrong: string | null = ''; wrong !== null; ) {
      const text = await answer(prompt, input);
      wrong = wrongWith(input, text);
      if (wrong === null) all.set(input.name, text);
      else out.note(`${input.name} ${wrong}`);
    }
  }
  return all;
}

async function answer(prompt: Context['prompt'], { name, help, type, choices, default: usual }: Input): Promise<string> {
  const question = `${name}${help === '' ? '' : ` (${help})`}`;
  const flag = `--set ${name}=…`;
  if (type === 'choice') return prompt.choose(question, choices.map((value) => ({ value, name: value })), flag);
  const text = await prompt.text(`${question}${usual === null || usual === '' ? '' : ` [${usual}]`}`, flag);
  return text === '' && usual !== null ? usual : text;
}
