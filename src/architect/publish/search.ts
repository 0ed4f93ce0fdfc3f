// What others have published, as people look for it: words, names, fees, how often it was used.
import { MAX_ROWS } from '../../base/limits.js';
import type { Objects } from '../../bcdb/rulebook.js';
import { wordsOf } from '../../bcdb/index/facts.js';
import { newestOf, sumOf, titleOf } from '../../market/blueprint.js';
import { nameOfBot } from '../../market/find.js';
import type { BlueprintObject } from '../../rules/objects.js';
import type { Fee } from '../../schema/types.js';

/** A published blueprint, by the newest version that is not withdrawn. */
export interface Listed {
  readonly id: string;
  /** As people type it: `alice/shop@2`. */
  readonly title: string;
  readonly name: string;
  /** Key and, if it has one here, name of the architect. */
  readonly architect: string;
  readonly architect_name: string | null;
  readonly version: number;
  readonly about: string;
  readonly fees: readonly Fee[];
  /** All fees together, in millionths of what is billed. */
  readonly fee_ppm: number;
  /** Contracts made from any version so far. */
  readonly contracts: number;
  /** Every version is withdrawn. */
  readonly withdrawn: boolean;
}

/**
 * Published blueprints whose name, architect or about begin all these words, those with the most contracts first; of
 * many MAX_ROWS.
 * @param all those, too, of which every version is withdrawn
 */
export function searchBlueprints(state: Objects, words: readonly string[], all: boolean): Listed[] {
  const wanted = words.flatMap(wordsOf);
  const found: Listed[] = [];
  for (const blueprint of blueprintsOf(state)) {
    const said = wordsOf([blueprint.name, blueprint.about, nameOfBot(state, blueprint.by) ?? ''].join(' '));
    if (!wanted.every((word) => said.some((one) => one.startsWith(word)))) continue;
    const listed = listedOf(state, blueprint);
    if (all || !listed.withdrawn) found.push(listed);
  }
  return found.sort((a, b) => b.contracts - a.contracts || (a.title < b.title ? -1 : 1)).slice(0, MAX_ROWS);
}

function* blueprintsOf(state: Objects): IterableIterator<BlueprintObject> {
  for (let after: string | undefined = ''; after !== undefined; ) {
    const page = state.objects('blueprint/', MAX_ROWS, after);
    for (const { value } of page) yield value as unknown as BlueprintObject;
    after = page.length < MAX_ROWS ? undefined : page.at(-1)?.id;
  }
}

function listedOf(state: Objects, blueprint: BlueprintObject): Listed {
  const { ref, version } = newestOf(state, blueprint);
  const { id, name, by, contracts } = blueprint;
  const { about, fees, withdrawn } = version;
  return { id, title: titleOf(state, blueprint, ref.version), name, architect: by, architect_name: nameOfBot(state, by), version: ref.version, about, fees, fee_ppm: sumOf(fees), contracts, withdrawn: withdrawn !== null };
}
