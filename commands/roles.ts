// What a bot does beside keeping books, by what its home folder holds.
import type { OpenRole } from '../src/net/daemon.js';
import type { Context } from './command.js';

/** The roles of this home folder. */
export async function roles(_context: Context): Promise<OpenRole[]> {
  const [{ farmerRole }, { powerRole }, { witnessRole }] = await Promise.all([import('../src/farmer/role.js'), import('../src/farmer/power.js'), import('../src/witness/role.js')]);
  return [farmerRole, powerRole, witnessRole];
}
