// What a light client keeps of a grid: the genesis it pinned, and the newest that it has seen.
import { existsSync, readFileSync } from 'node:fs';
import { Problem } from '../../base/errors.js';
import { openCheckpoint } from '../../bcdb/checkpoint.js';
import { pinnedBy, type Pinned } from '../../bcdb/pinned.js';
import type { Seen } from '../../bcdb/stateproof.js';
import { replaceFile, type Home } from '../../home.js';
import type { Light, Line } from '../../schema/types.js';
import { shapeError } from '../../schema/validate.js';

/** A grid as its light.json has it. */
export interface KeptLight {
  readonly genesis: Line;
  readonly pinned: Pinned;
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
  const pinned = pinnedBy(light.genesis, grid);
  const { checkpoint: note, state_line: stateLine } = light;
  return { genesis: light.genesis, pinned, seen: note === null ? undefined : { note, stateLine, checkpoint: openCheckpoint(note, pinned) } };
}

/** Writes light.json. */
export function writeLight(home: Home, grid: string, genesis: Line, seen: Seen | undefined): void {
  const light: Light = { v: 1, genesis, checkpoint: seen?.note ?? null, state_line: seen?.stateLine ?? -1 };
  replaceFile(home.gridLight(grid), `${JSON.stringify(light)}\n`);
}
