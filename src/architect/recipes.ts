// The recipes that ship with the bot: files of the folder beside this one, read when somebody asks.
import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { Problem } from '../base/errors.js';
import type { Recipe } from '../schema/types.js';
import { validated } from '../schema/validate.js';

/** Beside the sources, not beside what is built of them. */
const FOLDER = new URL('../../../src/architect/recipes/', import.meta.url);

/** Names of all recipes, in order. */
export function recipeNames(): string[] {
  return readdirSync(FOLDER).filter((file) => file.endsWith('.yaml')).map((file) => file.slice(0, -'.yaml'.length)).sort();
}

/**
 * A recipe by its name.
 * @throws Problem `not_found`
 */
export function recipeNamed(name: string): Recipe {
  if (!recipeNames().includes(name)) throw new Problem('not_found', `no recipe ${JSON.stringify(name.slice(0, 100))}`, { reason: 'recipe', hint: '3bot task list' });
  const recipe = validated<Recipe>('recipe@1', parse(readFileSync(new URL(`${name}.yaml`, FOLDER), 'utf8')));
  if ((recipe.blueprint === undefined) === (recipe.steps === undefined)) throw new Error(`recipe ${name} is a blueprint or has steps, one of the two`);
  return recipe;
}
