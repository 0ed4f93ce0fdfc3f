// How a machine becomes a node: it announces what it offers, and its farm admits it.
import { canonical } from '../../base/canonical.js';
import type { Clock } from '../../base/clock.js';
import { Problem } from '../../base/errors.js';
import type { Keyring } from '../../keys/keyring.js';
import { Client } from '../../net/client.js';
import { appendSigned } from '../../net/compose.js';
import type { Grid } from '../../net/grid.js';
import { Conversation, peerOf } from '../../net/talk.js';
import { ANNOUNCED_LATER } from '../../rules/node.js';
import { read, readGrid, type NodeObject } from '../../rules/objects.js';
import type { Announcement, Invitation } from '../../schema/types.js';
import type { Offer } from './probe.js';

/** What a person says of a node. */
export interface NodeTerms extends Pick<Announcement, 'farm' | 'location' | 'address'> {
  /** Bot through which operators look inside; null: none. */
  readonly relay: string | null;
  /** Commands may be run within workloads, where the agreement says so. */
  readonly exec: boolean;
  /** Not measured each time; undefined: none is announced. */
  readonly benchmark: Announcement['benchmark'];
  /** Where its web gateway is reached; undefined: it has none. */
  readonly gateway: Announcement['gateway'];
}

/** What was said of a node when it was announced. */
export function termsOf({ farm, location, address, relay = null, gateway, features, benchmark }: Announcement): NodeTerms {
  return { farm, location, address, relay, exec: features.includes('exec'), gateway, benchmark };
}

/** The body that announces a node to a grid of these rules, which may know fewer fields. */
export function announcementOf({ relay, exec, gateway, benchmark, ...terms }: NodeTerms, offer: Offer, sealing_key: string, rules: number): Announcement {
  const body: Announcement = {
    ...terms, ...offer, features: [...offer.features, ...(exec ? ['exec'] : []), ...(gateway !== undefined && rules >= 2 ? ['gateway'] : [])], sealing_key,
    ...(relay === null ? {} : { relay }), ...(gateway === undefined ? {} : { gateway }), ...(benchmark === undefined ? {} : { benchmark }),
  };
  if (rules < 2) for (const field of ANNOUNCED_LATER) delete body[field];
  return body;
}

/**
 * Announces a node; nothing is recorded where nothing has changed.
 * @param keyring of the node
 * @returns whether something was recorded
 * @throws Problem `refused` by the grid's rules; what `append` throws
 */
export async function announce(grid: Grid, keyring: Keyring, terms: NodeTerms, offer: Offer): Promise<boolean> {
  const signer = keyring.signer('node');
  await grid.refresh();
  const body = announcementOf(terms, offer, keyring.public['sealing'] ?? '', readGrid(grid.reader).rules);
  const before = nodeOf(grid, signer.key)?.announcement;
  if (before !== undefined && canonical(before) === canonical(body)) return false;
  await appendSigned(grid, { chain: `node/${signer.key}`, kind: 'announcement@1', body }, [signer]);
  return true;
}

/** A node as the own copy has it. */
export function nodeOf(grid: Grid, key: string): NodeObject | undefined {
  return read(grid.reader, 'node', key);
}

/** What asking for admission needs. */
export interface Asking {
  readonly grid: Grid;
  /** Of the node, which has announced itself. */
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Shows an invitation to the farm that gave it, and waits until the admission is in the own copy.
 * @throws Problem `unreachable`; `refused` where the farm declines or the invitation is of another grid
 */
export async function askAdmission({ grid, keyring, clock, signal }: Asking, { url, grid: id, farm, token }: Invitation): Promise<void> {
  if (id !== grid.id) throw new Problem('refused', `the invitation is of grid ${id}, not of ${grid.name}`, { reason: 'grid' });
  const signer = keyring.signer('node');
  const me = { party: `node/${signer.key}`, signer, unseal: (box: Uint8Array) => keyring.unseal(box) };
  await using client = new Client({ url });
  const talk = new Conversation({ me, to: peerOf(grid.reader, `farm/${farm}`), grid: id, state: grid.reader, post: (sealed, limit) => client.talk(sealed, limit), clock, signal });
  const answer = await talk.ask('join', { token, node: signer.key });
  if (answer.kind === 'decline') throw new Problem('refused', `the farm declined: ${answer.body.reason}`, { reason: answer.body.code, hint: 'ask the farmer for another invitation: 3bot farm invite' });
  if (answer.kind !== 'joined') throw new Problem('integrity', `the farm answered with ${answer.kind}`);
  await grid.refresh();
  // What the farm says counts once the book says it too.
  if (nodeOf(grid, signer.key)?.admitted !== farm) throw new Problem('integrity', 'the farm says that the node is admitted, and the book does not', { reason: 'withheld' });
}
