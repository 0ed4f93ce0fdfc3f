// What a light client keeps of a grid: whose word counts there, and the newest that it has seen.
import { existsSync, readFileSync } from 'node:fs';
import { effect } from '../../base/effect.js';
import { isProblem, Problem } from '../../base/errors.js';
import { openCheckpoint } from '../../bcdb/checkpoint.js';
import type { Seen } from '../../bcdb/stateproof.js';
import { replaceFile, type Home } from '../../home.js';
import type { Light } from '../../schema/types.js';
import { shapeError } from '../../schema/validate.js';
import { checkTrust, furtherTrust, type Statements, type Trust } from '../trustfile.js';

/** A grid as its light.json has it. */
export interface KeptLight {
  readonly trust: Trust;
  readonly seen: Seen | undefined;
}

/** Reads light.json. @throws Problem `integrity` where it is missing, damaged or of another grid */
export function readLight(home: Home, grid: string): KeptLight {
  const path = home.gridLight(grid);
  const broken = (what: string, cause?: unknown): Problem => new Problem('integrity', `${path} ${what}`, { cause, hint: '3bot grid join --light URL --genesis HASH' });
  if (!existsSync(path)) throw broken('is missing');
  let light: Light;
  try {
    light = JSON.parse(readFileSync(path, 'utf8')) as Light;
  } catch (thrown) {
    throw broken('is no JSON', thrown);
  }
  if (shapeError('light@1', light) !== null) throw broken('is damaged');
  const trust = checkTrust(light, grid);
  const { checkpoint: note, state_line: stateLine } = light;
  return { trust, seen: note === null ? undefined : { note, stateLine, checkpoint: openCheckpoint(note, trust.pinned) } };
}

/** Writes light.json. */
export function writeLight(home: Home, grid: string, { genesis, changes }: Statements, seen: Seen | undefined): void {
  const light: Light = { v: 1, genesis, changes: [...changes], checkpoint: seen?.note ?? null, state_line: seen?.stateLine ?? -1 };
  effect('light_noted', () => replaceFile(home.gridLight(grid), `${JSON.stringify(light)}\n`));
}

/**
 * What is kept once another bot has told what governance has said since.
 * @param said hostile
 * @returns undefined where that is nothing new
 * @throws Problem `integrity`: it does not hold; or, reason `handed_over`, what was seen is of the old home alone
 */
export function keptSince({ trust, seen }: KeptLight, said: Statements): KeptLight | undefined {
  const further = furtherTrust(trust, said);
  if (further === undefined || seen === undefined) return further && { trust: further, seen };
  try {
    return { trust: further, seen: { ...seen, checkpoint: openCheckpoint(seen.note, further.pinned) } };
  } catch (cause) {
    if (!isProblem(cause, 'integrity')) throw cause;
    throw new Problem('integrity', `governance has given grid ${trust.pinned.grid} another home or other witnesses; the ${seen.checkpoint.size} lines that were seen here are more than the old ones vouch for`, {
      reason: 'handed_over', cause,
      hint: `keep grids/${trust.pinned.grid} elsewhere, as evidence of what the old home signed, then join again: 3bot grid join --light URL --genesis ${trust.pinned.grid}`,
    });
  }
}
