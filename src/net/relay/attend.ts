// A node at its relay: it calls, waits, and takes up the sessions that it is told of. It listens nowhere.
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../base/clock.js';
import { isProblem, messageOf, Problem } from '../../base/errors.js';
import { MAX_SESSIONS_OF_NODE, RELAY_RETRY_MS } from '../../base/limits.js';
import type { Signer } from '../../keys/ed25519.js';
import type { Address } from '../client.js';
import { greet, hear, type Call } from './hello.js';
import { dial, type Wire } from './wire.js';

/** What a node needs to be at a relay. */
export interface AttendParts {
  readonly relay: Address;
  readonly grid: string;
  /** The node's own key. */
  readonly signer: Signer;
  readonly clock: Clock;
  /** Carries a session to its end. What it throws ends that session alone. */
  readonly serve: (wire: Wire) => Promise<void>;
  /** Told what keeps the node from its relay, and null once it is there again. */
  readonly tell: (problem: Problem | null) => void;
  readonly signal: AbortSignal;
}

/** Stays at the relay until the signal ends; where it cannot be reached, calls again with growing pauses. */
export async function attend(parts: AttendParts): Promise<void> {
  const { signal, tell } = parts;
  const sessions = new Set<Promise<void>>();
  for (let tries = 0; !signal.aborted; tries += 1) {
    try {
      using wire = await call(parts, { as: 'node', session: null });
      tell(null);
      tries = 0;
      await wait(wire, parts, sessions);
      throw new Problem('unreachable', 'the relay hung up', { reason: 'relay' });
    } catch (thrown) {
      if (signal.aborted) break;
      tell(asProblem(thrown));
    }
    const pause_ms = RELAY_RETRY_MS[Math.min(tries, RELAY_RETRY_MS.length - 1)] ?? 0;
    // Not all nodes of a relay that comes back at the same moment.
    await delay(pause_ms * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
  }
  await Promise.all(sessions);
}

async function wait(wire: Wire, parts: AttendParts, sessions: Set<Promise<void>>): Promise<void> {
  for (;;) {
    const { session } = JSON.parse(await hear(wire)) as { session?: unknown };
    // A relay that asks for more than it may is not listened to.
    if (typeof session !== 'string' || !/^[0-9a-f]{32}$/.test(session) || sessions.size >= MAX_SESSIONS_OF_NODE) continue;
    const served: Promise<void> = answer(parts, session).finally(() => sessions.delete(served));
    sessions.add(served);
  }
}

async function answer(parts: AttendParts, session: string): Promise<void> {
  try {
    using wire = await call(parts, { as: 'answer', session });
    await parts.serve(wire);
  } catch {
    // Whoever asked hears of it, or has gone; the node has nothing to do about it.
  }
}

async function call({ relay, grid, signer, clock, signal }: AttendParts, { as, session }: Pick<Call, 'as' | 'session'>): Promise<Wire> {
  const wire = await dial(relay, signal);
  try {
    await greet(wire, { grid, as, party: `node/${signer.key}`, by: signer.key, time: clock(), node: signer.key, contract: null, session }, signer);
    return wire;
  } catch (thrown) {
    wire[Symbol.dispose]();
    throw thrown;
  }
}

function asProblem(thrown: unknown): Problem {
  return isProblem(thrown) ? thrown : new Problem('failed', messageOf(thrown), { cause: thrown });
}
