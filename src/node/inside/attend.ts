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
  /** Resolves once nothing runs any more of what operators have begun before. */
  readonly cleared: Promise<void>;
}

/**
 * Says of sessions that a process before this one left open that they are over, then lets operators look inside, through
 * the node's relay, until the signal ends; nobody where the farmer wants none.
 */
export async function letLook(parts: AttendingParts): Promise<void> {
  const { grid, config, signer, clock, signal, tell } = parts;
  const relay = relayFor(parts.home, grid, config);
  let last: string | undefined;
  await Promise.race([parts.cleared, once(signal)]);
  if (signal.aborted) return;
  // What is open now is nobody's: no session of this process has begun.
  const left = new Set(leftSessions(parts));
  const close = async (): Promise<void> => {
    for (const one of left) await closeLeft(parts, one).then(() => left.delete(one), () => undefined);
  };
  await close();
  if (relay === null) return;
  await attend({
    relay, grid: grid.id, signer, clock, signal,
    serve: (wire) => show(parts, wire),
    tell: (problem) => {
      // The book was out of reach; it may be there with the relay.
      if (problem === null && left.size > 0) void close();
      const said = problem?.message ?? '';
      if (said !== last) tell({ event: 'relay', problem });
      last = said;
    },
  });
}

async function once(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}

/** Where the node calls: what its farmer says, else whom its copy follows, else whatever serves this home folder. */
function relayFor(home: Home, { url }: Pick<Grid, 'url'>, { relay }: NodeConfig): Address | null {
  if (relay === null) return null;
  const named = relay ?? url;
  return named === null ? { socket: socketPath(home) } : { url: named };
}
