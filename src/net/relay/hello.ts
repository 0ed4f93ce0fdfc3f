// How a caller proves to a relay who it is, and who may look inside what.
import { canonical } from '../../base/canonical.js';
import { Problem } from '../../base/errors.js';
import { MAX_CLOCK_SKEW_MS } from '../../base/limits.js';
import type { ReadState } from '../../bcdb/rulebook.js';
import { verifyBytes, type Signer } from '../../keys/ed25519.js';
import { signingBytes } from '../../keys/signed.js';
import { read, type ContractObject } from '../../rules/objects.js';
import { validOn } from '../../rules/quorum.js';
import { mayLook } from '../../rules/session.js';
import type { RelayCall, RelayHello } from '../../schema/types.js';
import { validated } from '../../schema/validate.js';
import { problemFrom } from '../problems.js';
import { peerOf } from '../talk.js';
import type { Wire } from './wire.js';

/** What a caller says of itself; the relay's nonce is added. */
export type Call = Omit<RelayCall, 'v' | 'nonce'>;

/** Who looks inside, and into what. */
export interface Ends {
  readonly grid: string;
  readonly contract: string;
  /** Key of the contract's node. */
  readonly node: string;
  /** `bot/…`, the operator. */
  readonly party: string;
  /** Its key that signs. */
  readonly by: string;
}

/** Says who calls, and waits until the relay lets it. @throws Problem what the relay refused, `unreachable`, `malformed` */
export async function greet(wire: Wire, call: Call, signer: Signer): Promise<void> {
  const { nonce } = parse<{ nonce?: unknown }>(await hear(wire));
  if (typeof nonce !== 'string' || !/^[0-9a-f]{32}$/.test(nonce)) throw new Problem('malformed', 'the relay does not greet as one');
  const hello: RelayCall = { v: 1, ...call, nonce };
  await wire.send({ text: JSON.stringify({ hello, sig: await signer.sign('relay', canonical(hello)) } satisfies RelayHello) });
  parse(await hear(wire));
}

/** The next word of a relay. @throws Problem what it refused, `unreachable` where it hung up */
export async function hear(wire: Wire): Promise<string> {
  const frame = await wire.next();
  if (frame === null) throw new Problem('unreachable', 'the relay hung up', { reason: 'relay' });
  if (!('text' in frame)) throw new Problem('malformed', 'the relay sends what no relay does');
  const problem = problemFrom(parse(frame.text));
  if (problem !== undefined) throw problem;
  return frame.text;
}

/**
 * Reads a caller's answer to a nonce.
 * @param text hostile
 * @throws Problem `malformed`; `refused`, reason `expired`, where it is not an answer of just now to this nonce; `integrity` where the signature does not hold
 */
export function openHello(text: string, nonce: string, at: number): RelayCall {
  const { hello, sig } = validated<RelayHello>('relay_hello@1', parse(text));
  if (hello.nonce !== nonce || Math.abs(hello.time - at) > MAX_CLOCK_SKEW_MS) throw new Problem('refused', 'the call was not made just now, or to another relay', { reason: 'expired', hint: 'are the clocks of both machines right?' });
  if (!verifyBytes(hello.by, signingBytes('relay', canonical(hello)), sig)) throw new Problem('integrity', 'the signature of the call does not hold');
  return hello;
}

/**
 * The contract that an operator may look into.
 * @throws Problem `not_found` where this book knows no such contract of that node; `refused`, reason `operator`, where it is not theirs, or `key`
 */
export function operated(state: ReadState, { contract: id, node, party, by }: Ends, at: number): ContractObject {
  const contract = read(state, 'contract', id);
  if (contract === undefined || contract.agreement.node !== node) throw new Problem('not_found', `no contract ${id.slice(0, 12)} of node ${node.slice(0, 12)} in this copy`, { reason: 'contract' });
  if (!mayLook(contract.agreement, party)) throw new Problem('refused', `${party.slice(0, 16)}… is no operator of contract ${id.slice(0, 12)}`, { reason: 'operator' });
  // Whoever may change what runs may see what it does.
  if (!validOn({ kind: 'workload@1', at }, peerOf(state, party).grants).includes(by)) throw new Problem('refused', 'the key may not sign workloads for its bot', { reason: 'key' });
  return contract;
}

/** An object that came over the relay. @throws Problem `malformed` */
function parse<T>(text: string): T {
  try {
    const value: unknown = JSON.parse(text);
    if (value !== null && typeof value === 'object') return value as T;
  } catch {
    // Said below.
  }
  throw new Problem('malformed', 'no JSON object came over the relay');
}
