// Published blueprints as people and deals meet them: what they cost, what they are called, which one is meant.
import { Problem } from '../base/errors.js';
import type { Objects, ReadState } from '../bcdb/rulebook.js';
import { formatPercent } from '../capacity/percent.js';
import { blueprintId, versionOf } from '../rules/blueprint.js';
import { read, readGrid, type BlueprintObject, type BlueprintVersionObject } from '../rules/objects.js';
import type { BlueprintRef, Fee, TalkRequest } from '../schema/types.js';
import { findBot, findById, nameOfBot } from './find.js';

/** A version of a published blueprint. */
export interface Published {
  readonly blueprint: BlueprintObject;
  readonly ref: BlueprintRef;
  readonly version: BlueprintVersionObject;
}

/**
 * What architects get of a deal: the fees of the blueprint that it is made from, else what is asked for one by name.
 * The same on every copy that knows the version.
 * @throws Problem `malformed` where both are asked for; `refused`, reason `not_found`
 */
export function feesOf(state: ReadState, { architect, blueprint }: Pick<TalkRequest, 'architect' | 'blueprint'>): readonly Fee[] {
  if (architect !== undefined && blueprint !== undefined) throw new Problem('malformed', 'an architect beside a blueprint, which names its own');
  if (blueprint !== undefined) return versionOf(state, blueprint).fees;
  return architect === undefined ? [] : [architect];
}

/** The sum of fees, in millionths. */
export function sumOf(fees: readonly Fee[]): number {
  return fees.reduce((sum, { share_ppm }) => sum + share_ppm, 0);
}

/** Fees in one line: `5% to alice, 2% to account 3f2a…`. @param nameOf of an account, if it has one */
export function feesText(fees: readonly Fee[], nameOf: (account: string) => string | null = () => null): string {
  return fees.map(({ account, share_ppm }) => `${formatPercent(share_ppm)} to ${nameOf(account) ?? `account ${account.slice(0, 8)}…`}`).join(', ') || 'free';
}

/** How people call a version: `alice/shop@2`, by the key of its architect where that has no name here. */
export function titleOf(state: ReadState, { by, name }: Pick<BlueprintObject, 'by' | 'name'>, version: number): string {
  return `${nameOfBot(state, by) ?? by}/${name}@${version}`;
}

const NAMED = /^([a-z0-9:A-Z-]{3,100})\/([a-z0-9-]{3,50})(?:@([1-9][0-9]{0,6}))?$/;
const BY_ID = /^([0-9a-fA-F]{4,40})(?:@([1-9][0-9]{0,6}))?$/;

/** Whether a text can be the name of a published blueprint: `ARCHITECT/NAME`, an id or its beginning, each with `@VERSION` or without. */
export function isPublishedName(text: string): boolean {
  return NAMED.test(text) || BY_ID.test(text);
}

/**
 * The version that a text means: `ARCHITECT/NAME`, an id or the beginning of one, with `@VERSION`; without it the newest
 * that is not withdrawn.
 * @throws Problem `not_found`; `usage` for another form, or where several ids begin so
 */
export function findPublished(state: Objects, text: string): Published {
  const named = NAMED.exec(text);
  const byId = named === null ? BY_ID.exec(text) : null;
  if (named === null && byId === null) throw new Problem('usage', `not the name of a published blueprint: ${JSON.stringify(text.slice(0, 100))}`, { hint: 'for example alice/shop, alice/shop@2 or an id; 3bot blueprint search' });
  const blueprint = named === null ? findById(state, 'blueprint', byId?.[1] ?? '', '3bot blueprint search') : blueprintNamed(state, named[1] ?? '', named[2] ?? '');
  const asked = named?.[3] ?? byId?.[2];
  if (asked !== undefined) return published(state, blueprint, Number(asked));
  return newestOf(state, blueprint);
}

/** The newest version that is not withdrawn, among the newest 100; where all are, the newest. */
export function newestOf(state: ReadState, blueprint: BlueprintObject): Published {
  for (let number = blueprint.version; number > Math.max(0, blueprint.version - MAX_WITHDRAWN); number -= 1) {
    const found = published(state, blueprint, number);
    if (found.version.withdrawn === null) return found;
  }
  return published(state, blueprint, blueprint.version);
}

/** Withdrawn versions in a row that are looked behind. */
const MAX_WITHDRAWN = 100;

/** @throws Problem `not_found` */
function published(state: ReadState, blueprint: BlueprintObject, number: number): Published {
  const version = read(state, 'blueprint_version', `${blueprint.id}/${number}`);
  if (version === undefined) throw new Problem('not_found', `${blueprint.name} has versions 1 to ${blueprint.version}, not ${number}`, { reason: 'blueprint', hint: `3bot blueprint search ${blueprint.name}` });
  return { blueprint, ref: { id: blueprint.id, version: number }, version };
}

/** @throws Problem `not_found` */
function blueprintNamed(state: Objects, architect: string, name: string): BlueprintObject {
  const found = read(state, 'blueprint', blueprintId(readGrid(state).id, findBot(state, architect), name));
  if (found === undefined) throw new Problem('not_found', `${architect} has published no blueprint ${name} on this grid`, { reason: 'blueprint', hint: '3bot blueprint search' });
  return found;
}
