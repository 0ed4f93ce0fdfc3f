// An operator's way in: where the node's relay is, and a sealed session through it.
import type { Clock } from '../../base/clock.js';
import { Problem } from '../../base/errors.js';
import type { Home } from '../../home.js';
import type { Signer } from '../../keys/ed25519.js';
import { read } from '../../rules/objects.js';
import type { Address } from '../client.js';
import type { Grid } from '../grid.js';
import { daemonAnswers, socketPath } from '../lock.js';
import { openChannel, type Channel } from './channel.js';
import { greet, type Ends } from './hello.js';
import { dial, type Wire } from './wire.js';

/**
 * Where a node waits for operators: at the relay that it announces, else at the bot that this copy follows, else at
 * what serves this home folder.
 * @throws Problem `unreachable`, reason `relay`, where there is nowhere to ask
 */
export async function relayOf(home: Home, { reader, url }: Pick<Grid, 'reader' | 'url'>, node: string): Promise<Address> {
  const announced = read(reader, 'node', node)?.announcement.relay ?? url;
  if (announced !== null) return { url: announced };
  if (await daemonAnswers(home)) return { socket: socketPath(home) };
  throw new Problem('unreachable', 'nothing serves this grid here, so the node cannot be asked', { reason: 'relay', hint: '3bot serve' });
}

/** A session with a node; disposing of it hangs up. */
export interface Session extends Disposable {
  readonly channel: Channel;
}

/** Opens a session with a contract's node. @throws Problem what relay or node refused; `integrity` where somebody else answers; `unreachable` */
export async function look(relay: Address, ends: Ends, signer: Signer, clock: Clock, signal: AbortSignal): Promise<Session> {
  const wire: Wire = await dial(relay, signal);
  try {
    const { grid, contract, node, party, by } = ends;
    await greet(wire, { grid, as: 'operator', party, by, time: clock(), node, contract, session: null }, signer);
    const channel = await openChannel(wire, ends, signer);
    return { channel, [Symbol.dispose]: () => wire[Symbol.dispose]() };
  } catch (thrown) {
    wire[Symbol.dispose]();
    throw thrown;
  }
}
