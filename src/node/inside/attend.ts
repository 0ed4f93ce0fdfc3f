// A watching node at its relay, for as long as it watches.
import type { Home } from '../../home.js';
import type { Address } from '../../net/client.js';
import type { Grid } from '../../net/grid.js';
import { socketPath } from '../../net/lock.js';
import { attend } from '../../net/relay/attend.js';
import type { NodeConfig } from '../../schema/types.js';
import type { WatchEvent } from '../report/tell.js';
import { closeLeft, leftSessions, show, type InsideParts } from './inside.js';

/** What is needed to be at a relay. */
export interface AttendingParts extends Omit<InsideParts, 'tell'> {
  readonly home: Home;
  readonly tell: (event: WatchEvent) => void;
}

/** Lets operators look inside, through the node's relay, until the signal ends; nothing where the farmer wants none. */
export async function letLook(parts: AttendingParts): Promise<void> {
  const { grid, config, signer, clock, signal, tell } = parts;
  const relay = relayFor(parts.home, grid, config);
  if (relay === null) return;
  let last: string | undefined;
  // What is open now is nobody's: no session of this process has begun.
  const left = new Set(leftSessions(parts));
  await attend({
    relay, grid: grid.id, signer, clock, signal,
    serve: (wire) => show(parts, wire),
    tell: (problem) => {
      // Tried again with the next call, should the book be out of reach.
      if (problem === null) for (const one of left) void closeLeft(parts, one).then(() => left.delete(one), () => undefined);
      const said = problem?.message ?? '';
      if (said !== last) tell({ event: 'relay', problem });
      last = said;
    },
  });
}

/** Where the node calls: what its farmer says, else whom its copy follows, else whatever serves this home folder. */
function relayFor(home: Home, { url }: Pick<Grid, 'url'>, { relay }: NodeConfig): Address | null {
  if (relay === null) return null;
  const named = relay ?? url;
  return named === null ? { socket: socketPath(home) } : { url: named };
}
