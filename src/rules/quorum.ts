// Who must sign: the one evaluator of quorums. Rules 1: all or n of m, flat, every member of weight 1.
import type { ReadState } from '../bcdb/rulebook.js';
import type { Quorum } from '../schema/types.js';
import { read } from './objects.js';
import { demand, refused, short } from './refusal.js';

/** Keys of which `threshold` must sign. A key stands here once, however many parties it speaks for. */
export interface Signers {
  readonly threshold: number;
  /** Key (hex) to the party it speaks for. */
  readonly keys: ReadonlyMap<string, string>;
}

/** Missing signers that a message names. */
const NAMED = 5;

/** The parties of a quorum. @throws Problem `refused`, reason `quorum`, where rules 1 do not know its form */
export function partiesOf(quorum: Quorum): string[] {
  const parties = quorum.members.map((member) => {
    if (!('of' in member)) throw refused('quorum', 'a quorum within a quorum is not known to rules 1');
    demand(member.weight === 1, 'quorum', `member ${short(member.of)} has weight ${member.weight}; rules 1 know weight 1 only`);
    return member.of;
  });
  demand(new Set(parties).size === parties.length, 'quorum', 'a quorum names a member twice');
  demand(quorum.threshold <= parties.length, 'quorum', () => `a quorum asks for ${quorum.threshold} of ${parties.length} members`);
  return parties;
}

/**
 * The key that speaks for a party now: a bot's by its identity, a farm's farm key, a node's or account's own.
 * @param party `bot/…`, `farm/…`, `node/…` or `account/…`
 * @throws Problem `refused` where there is no such bot or farm on this grid
 */
export function keyOf(state: ReadState, party: string): string {
  const [type, id] = party.split('/') as [string, string];
  switch (type) {
    case 'bot':
      demand(read(state, 'bot', id) !== undefined, 'identity', () => `${short(party)} has no identity on this grid`);
      return id;
    case 'farm': {
      const farm = read(state, 'farm', id);
      demand(farm !== undefined, 'not_found', () => `no farm ${short(id)} on this grid`);
      return farm.farm_key;
    }
    default:
      return id;
  }
}

/**
 * The signers of `threshold` of these parties.
 * @param keyFor the party's key; `keyOf` with the state, or a table made with it
 * @throws Problem `refused`, reason `quorum`, where one key speaks for so many that the threshold cannot be met
 */
export function signersOf(parties: readonly string[], threshold: number, keyFor: (party: string) => string): Signers {
  const keys = new Map<string, string>();
  for (const party of parties) {
    const key = keyFor(party);
    if (!keys.has(key)) keys.set(key, party);
  }
  demand(threshold <= keys.size, 'quorum', () => `a quorum asks for ${threshold} signatures of ${keys.size} keys`);
  return { threshold, keys };
}

/** The signers of a quorum, by the keys valid in this state. @throws Problem `refused` */
export function resolve(state: ReadState, quorum: Quorum): Signers {
  return signersOf(partiesOf(quorum), quorum.threshold, (party) => keyOf(state, party));
}

/** Signers that must all sign: pairs of key and party. */
export function allOf(...pairs: (readonly [key: string, party: string])[]): Signers {
  const keys = new Map(pairs);
  return { threshold: keys.size, keys };
}

/** @throws Problem `refused`, reason `signatures`, that names who has not signed */
export function checkSigned(signers: Signers, signed: ReadonlySet<string>): void {
  const missing = [...signers.keys].filter(([key]) => !signed.has(key));
  const count = signers.keys.size - missing.length;
  if (count >= signers.threshold) return;
  const named = missing.slice(0, NAMED).map(([, party]) => short(party));
  const more = missing.length > NAMED ? ` and ${missing.length - NAMED} more` : '';
  throw refused('signatures', `${count} of ${signers.threshold} signatures that are needed; not signed by ${named.join(', ')}${more}`);
}
