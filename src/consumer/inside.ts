// An operator's side of looking inside: a session with a contract's node, and what it sends.
import type { Clock } from '../base/clock.js';
import { Problem } from '../base/errors.js';
import type { Home } from '../home.js';
import type { Signer } from '../keys/ed25519.js';
import type { Grid } from '../net/grid.js';
import { problemFrom } from '../net/problems.js';
import type { Channel, Message } from '../net/relay/channel.js';
import { look, relayOf, type Session } from '../net/relay/look.js';
import { actsFor } from '../rules/identity.js';
import type { ContractObject } from '../rules/objects.js';
import type { InsideWish } from '../schema/types.js';

/** Who looks, and from where. */
export interface Looking {
  readonly home: Home;
  readonly grid: Grid;
  /** Of the operator's bot. */
  readonly signer: Signer;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Opens a session with a contract's node and says what is wanted. @param begun called before the first message @throws Problem as `look` */
export async function lookInside({ home, grid, signer, clock, signal }: Looking, { id, agreement: { node } }: ContractObject, wish: InsideWish, begun: (channel: Channel) => void = () => undefined): Promise<Session> {
  const relay = await relayOf(home, grid, node);
  const ends = { grid: grid.id, contract: id, node, party: `bot/${actsFor(grid.reader, signer.key)}`, by: signer.key };
  const session = await look(relay, ends, signer, clock, signal);
  begun(session.channel);
  await session.channel.sendJson(wish);
  return session;
}

/** What a node sends: bytes of a stream, or JSON of which only the shape `{}` is known. */
export type Shown = Message | { readonly kind: 'said'; readonly said: Readonly<Record<string, unknown>> };

/** All that a node sends, to its end. @throws Problem what the node refused; `integrity`, `unreachable` as `Channel.next` */
export async function* shown(channel: Channel): AsyncGenerator<Shown> {
  for (let message = await channel.next(); message !== null; message = await channel.next()) {
    if (message.kind !== 'json') yield message;
    else {
      const said = objectOf(message.bytes);
      const problem = problemFrom(said['problem']);
      if (problem !== undefined) throw problem;
      yield { kind: 'said', said };
    }
  }
}

function objectOf(bytes: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    if (value !== null && typeof value === 'object') return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new Problem('malformed', 'the node sends what is no message');
}

/**
 * The workload that is meant: the one named, else the only one.
 * @throws Problem `usage` that names them; `not_found` where there is none
 */
export function workloadMeant({ id, workloads }: ContractObject, name: string | undefined): string {
  if (name !== undefined) return name;
  const [only, ...more] = workloads.map((one) => one.name);
  if (only === undefined) throw new Problem('not_found', 'nothing runs under this contract', { reason: 'workload', hint: `3bot deploy ${id.slice(0, 12)} --image …` });
  if (more.length > 0) throw new Problem('usage', 'the contract has several workloads', { reason: 'workload', hint: `name one: ${[only, ...more].join(', ')}` });
  return only;
}
