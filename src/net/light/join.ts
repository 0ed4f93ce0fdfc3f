// Joining a grid without a copy: pin its genesis, and see that its state can be proven there.
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { isProblem, Problem } from '../../base/errors.js';
import { readConfig, updateConfig } from '../../home.js';
import type { Genesis, Payload } from '../../schema/types.js';
import { Client } from '../client.js';
import { entryFor, servedGrid, type JoinOptions } from '../join.js';
import { takeHomeAlone } from '../lock.js';
import type { GridEntry } from '../grid.js';
import { checkTrust } from '../trustfile.js';
import { writeLight } from './file.js';
import { LightReader, type Basis } from './reader.js';

/** A grid that was joined without a copy. */
export interface JoinedLight {
  readonly entry: GridEntry;
  /** What its state is proven by; null where the home has recorded no state root yet. */
  readonly basis: Basis | null;
}

/**
 * Notes a grid whose state is proven by others. The first grid becomes the one in use.
 * @throws Problem `usage` where there is a copy of it here; `unreachable`; `integrity` where another grid is served than
 *   the one pinned, or what is answered does not hold
 */
export async function joinLight({ home, clock, signal, url, genesis, name }: JoinOptions): Promise<JoinedLight> {
  using _lock = await takeHomeAlone(home, signal);
  await using client = new Client({ url });
  const id = servedGrid(await client.grids(signal), genesis, url);
  const trust = checkTrust(await client.trust(id, signal), id);
  const before = readConfig(home).grids.find((one) => one.id === id);
  if (before !== undefined && before.light !== true) throw new Problem('usage', `there is a copy of grid ${before.name} here, which knows more than --light does`, { reason: 'exists' });
  const entry = entryFor(home, { id, url, name: name ?? ((JSON.parse(trust.genesis.payload) as Payload).body as unknown as Genesis).name, light: true });
  // What was seen of it before stays: a log that has forked since is found now.
  if (before === undefined) writeLight(home, id, trust, undefined);
  try {
    using reader = new LightReader(home, entry, clock);
    const basis = tried(reader);
    updateConfig(home, (config) => {
      config.grids = [...config.grids.filter((one) => one.id !== id), entry];
      config.grid ??= id;
    });
    return { entry, basis };
  } catch (thrown) {
    if (before === undefined) rmSync(dirname(home.gridLight(id)), { recursive: true, force: true });
    throw thrown;
  }
}

function tried(reader: LightReader): Basis | null {
  try {
    reader.renew();
    return reader.basis;
  } catch (thrown) {
    if (isProblem(thrown, 'busy', 'state_root')) return null;
    throw thrown;
  }
}
