// Where a blueprint comes from: a file, stdin, a recipe of the bot's own, or somebody who has published it.
import { existsSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { Problem } from '../base/errors.js';
import type { Objects } from '../bcdb/rulebook.js';
import { findPublished, isPublishedName, titleOf } from '../market/blueprint.js';
import type { BlueprintRef } from '../schema/types.js';
import { fileOf } from './publish/publish.js';
import { recipeNamed } from './recipes.js';

/** A blueprint's text, and where it is from. */
export interface Source {
  /** As errors and people call it: a path, `stdin`, `recipe:website`, `alice/shop@2`. */
  readonly title: string;
  readonly text: string;
  /** Folder of a file that a person named: what lies beside it may be used; null for all others. */
  readonly folder: string | null;
  /** The published version whose fees contracts made from it pay; null: of nobody. */
  readonly blueprint: BlueprintRef | null;
  /** What an order made from it may be called, if nobody says. */
  readonly name: string | null;
}

/** What opening a source may need. */
export interface Opening {
  /** The own copy; asked only where a published blueprint is meant. */
  readonly reader: () => Promise<Objects> | Objects;
  /** Text of a file of a person's. */
  readonly file: (path: string) => string;
  /** All of stdin. */
  readonly input: () => Promise<string>;
}

const RECIPE = 'recipe:';
/** Files that say nothing by their own name. */
const NAMELESS = /^((docker-)?compose|blueprint)$/;

/**
 * Opens what a person names: `-` is stdin, `recipe:NAME` one of the bot's own; a file that there is; else a published
 * one, as `findPublished` reads it: `alice/shop`, `alice/shop@2`, an id.
 * @throws Problem `not_found`, `usage`
 */
export async function openSource(named: string, opening: Opening): Promise<Source> {
  if (named === '-') return { title: 'stdin', text: await opening.input(), folder: null, blueprint: null, name: null };
  if (named.startsWith(RECIPE)) return recipeSource(named.slice(RECIPE.length));
  // In a strange folder a file must not pass for what somebody has published.
  if (named.includes('/') && isPublishedName(named) && existsSync(named)) throw new Problem('usage', `${named} may be a published blueprint, and there is a file of that name here`, { reason: 'file', hint: `./${named} means the file; elsewhere, ${named} means the published one` });
  if (existsSync(named)) return { title: named, text: opening.file(named), folder: dirname(resolve(named)), blueprint: null, name: nameOfFile(named) };
  if (!isPublishedName(named)) throw new Problem('not_found', `no file ${JSON.stringify(named.slice(0, 200))}`, { reason: 'file', hint: 'a file, recipe:NAME (3bot task list), or a published one as alice/shop@2 (3bot blueprint search)' });
  const reader = await opening.reader();
  const { blueprint, ref, version } = findPublished(reader, named);
  const title = titleOf(reader, blueprint, ref.version);
  if (version.withdrawn !== null) throw new Problem('refused', `${title} is withdrawn: ${version.withdrawn.reason || 'its architect does not say why'}`, { reason: 'withdrawn', hint: `3bot blueprint search ${blueprint.name}` });
  return { title, text: fileOf(version), folder: null, blueprint: ref, name: blueprint.name };
}

function recipeSource(name: string): Source {
  const { blueprint } = recipeNamed(name);
  if (blueprint === undefined) throw new Problem('usage', `the recipe ${name} is a sequence of commands, not a blueprint`, { hint: `3bot task run ${name}` });
  return { title: `${RECIPE}${name}`, text: blueprint, folder: null, blueprint: null, name };
}

/** `shop` of `shop.yaml`; of `shop/compose.yaml`, too. */
export function nameOfFile(path: string): string | null {
  const whole = resolve(path);
  const own = basename(whole).replace(/\.[^.]*$/, '').toLowerCase();
  const name = NAMELESS.test(own) ? basename(dirname(whole)).toLowerCase() : own;
  return /^[a-z0-9-]{3,50}$/.test(name) ? name : null;
}
