// Who must sign: the one evaluator of quorums. k of n, weights, groups within groups; parties count, not keys.
//
//   quorum (parties) ── keysOf: keys valid on this occasion ──▶ Signers ── checkSigned: keys that signed ──▶ met, or who is missing
//
// A party stands once in a quorum and a key speaks for one party of it, so every step looks at each member once.
import { MAX_QUORUM_DEPTH, MAX_QUORUM_MEMBERS } from '../base/limits.js';
import type { ReadState } from '../bcdb/rulebook.js';
import type { Genesis, IdentityKey, Quorum } from '../schema/types.js';
import { read, readGrid } from './objects.js';
import { demand, refused, short } from './refusal.js';

/** What is signed and when: keys are valid for some kinds of records and until a time. */
export interface Occasion {
  /** A record's kind, or `talk`. */
  readonly kind: string;
  /** The home's time of intake, ms. */
  readonly at: number;
  /** Version of the rules. */
  readonly rules: Genesis['rules'];
}

/** A quorum with the keys by which its members speak on one occasion. It can be met. */
export interface Signers {
  readonly quorum: Quorum;
  /** Key (hex) to the one party it speaks for; a party may have several keys, or none. */
  readonly keys: ReadonlyMap<string, string>;
  /** Accounts among the parties that have a quorum of their own: theirs is the word of as many keys as spend them. */
  readonly spenders: ReadonlyMap<string, Quorum>;
  /** So many signatures are enough, and fewer are not where no account of several keys is a party. */
  readonly fewest: number;
}

/** Missing signers that a message names. */
const NAMED = 5;

/** A quorum of `threshold` of these parties, each of weight 1. */
export function someOf(threshold: number, parties: readonly string[]): Quorum {
  return { threshold, members: parties.map((of) => ({ of, weight: 1 })) };
}

/**
 * The parties of a quorum, in its order; each stands there once, so that nobody's word counts twice.
 * @throws Problem `refused`, reason `quorum`, where its form is not one of these rules, or a group asks for more than all its members
 */
export function partiesOf(quorum: Quorum, rules: Occasion['rules']): string[] {
  const parties: string[] = [];
  const walk = ({ threshold, members }: Quorum, depth: number): void => {
    demand(depth <= MAX_QUORUM_DEPTH, 'quorum', `groups of a quorum are nested more than ${MAX_QUORUM_DEPTH} deep`);
    let most = 0;
    for (const member of members) {
      if ('of' in member) {
        demand(rules >= 2 || member.weight === 1, 'quorum', () => `member ${short(member.of)} has weight ${member.weight}; rules 1 know weight 1 only`);
        parties.push(member.of);
        most += member.weight;
      } else {
        demand(rules >= 2, 'quorum', 'a quorum within a quorum is not known to rules 1');
        walk(member, depth + 1);
        most += 1;
      }
    }
    demand(threshold <= most, 'quorum', () => `a quorum asks for ${threshold}, and all its ${members.length} members make ${most}`);
  };
  walk(quorum, 1);
  demand(parties.length <= MAX_QUORUM_MEMBERS, 'quorum', () => `a quorum of ${parties.length} members; ${MAX_QUORUM_MEMBERS} are taken`);
  demand(new Set(parties).size === parties.length, 'quorum', 'a quorum names a member twice');
  return parties;
}

/** Whether a key of an identity may sign this. */
export function isValid({ kinds, until }: IdentityKey, { kind, at }: Omit<Occasion, 'rules'>): boolean {
  return (until === null || at < until) && (kinds.includes('*') || kinds.includes(kind));
}

/**
 * The keys that speak for a party, each with what it may sign: those of a bot's identity, a farm's farm key, a node's
 * own, those that spend an account now.
 * @param party `bot/…`, `farm/…`, `node/…` or `account/…`
 * @throws Problem `refused` where there is no such bot or farm on this grid, or, under rules 2, node
 */
export function grantsOf(state: ReadState, party: string): readonly IdentityKey[] {
  const [type, id] = party.split('/') as [string, string];
  switch (type) {
    case 'bot': {
      const bot = read(state, 'bot', id);
      demand(bot !== undefined, 'identity', () => `${short(party)} has no identity on this grid`);
      return bot.keys;
    }
    case 'farm': {
      const farm = read(state, 'farm', id);
      demand(farm !== undefined, 'not_found', () => `no farm ${short(id)} on this grid`);
      return [forAll(farm.farm_key)];
    }
    case 'node':
      demand(readGrid(state).rules < 2 || read(state, 'node', id) !== undefined, 'not_found', () => `no node ${short(id)} on this grid`);
      return [forAll(id)];
    default: {
      const spenders = spendersIn(state, party);
      return spenders === undefined ? [forAll(id)] : partiesOf(spenders, 2).map((member) => forAll(accountKey(member)));
    }
  }
}

/** Who spends an account, where an account@1 said so. @param party of any kind */
export function spendersIn(state: ReadState, party: string): Quorum | undefined {
  return party.startsWith('account/') ? read(state, 'account', accountKey(party))?.keys : undefined;
}

function accountKey(party: string): string {
  return party.slice('account/'.length);
}

function forAll(key: string): IdentityKey {
  return { key, kinds: ['*'], until: null };
}

/** Those keys that may sign on an occasion. */
export function validOn(occasion: Omit<Occasion, 'rules'>, grants: readonly IdentityKey[]): string[] {
  return grants.filter((grant) => isValid(grant, occasion)).map(({ key }) => key);
}

/** The keys that speak for a party on an occasion. @throws Problem as `grantsOf` */
export function keysOf(state: ReadState, party: string, occasion: Omit<Occasion, 'rules'>): string[] {
  return validOn(occasion, grantsOf(state, party));
}

/**
 * The signers of a quorum.
 * @param keysFor a party's keys; `keysOf` with the state, or a table made with it. A key that several have speaks for
 *   the first of them alone: one signature says one thing
 * @param spendersFor the quorum of a party that is an account with several keys. Such a key may speak for several
 *   accounts, and for a party beside them: each account chose by whom it is spent
 * @throws Problem `refused`, reason `quorum`, where all who have a key are not enough
 */
export function signersOf(quorum: Quorum, rules: Occasion['rules'], keysFor: (party: string) => readonly string[], spendersFor: (party: string) => Quorum | undefined = () => undefined): Signers {
  const keys = new Map<string, string>();
  const spenders = new Map<string, Quorum>();
  const able = new Map<string, number>();
  const unable: string[] = [];
  for (const party of partiesOf(quorum, rules)) {
    const quorumOf = spendersFor(party);
    if (quorumOf !== undefined) {
      spenders.set(party, quorumOf);
      able.set(party, fewest(quorumOf, new Map(partiesOf(quorumOf, rules).map((member) => [member, 1]))));
      continue;
    }
    const own = keysFor(party).filter((key) => !keys.has(key));
    for (const key of own) keys.set(key, party);
    if (own.length > 0) able.set(party, 1);
    else unable.push(party);
  }
  // After all others: an account that names another party's key among its own takes no word from it.
  for (const party of spenders.keys()) for (const key of keysFor(party)) if (!keys.has(key)) keys.set(key, party);
  const least = fewest(quorum, able);
  demand(least < Infinity, 'quorum', () => `nobody can meet a quorum: ${named(unable)} without a key of their own that may sign this`);
  return { quorum, keys, spenders, fewest: least };
}

/** The signers of a quorum, by the keys that are valid in this state on this occasion. @throws Problem `refused` */
export function resolve(state: ReadState, quorum: Quorum, occasion: Occasion): Signers {
  return signersOf(quorum, occasion.rules, (party) => keysOf(state, party, occasion), (party) => spendersIn(state, party));
}

/** Signers that must all sign: pairs of key and party, each once. */
export function allOf(...pairs: (readonly [key: string, party: string])[]): Signers {
  const keys = new Map(pairs);
  return { quorum: someOf(keys.size, [...keys.values()]), keys, spenders: new Map(), fewest: keys.size };
}

/** @throws Problem `refused`, reason `signatures`, that names who has not signed */
export function checkSigned(signers: Signers, signed: ReadonlySet<string>): void {
  const weight = weigh(signers.quorum, partiesWith(signers, signed));
  const { threshold, members } = signers.quorum;
  if (weight >= threshold) return;
  const isPlain = members.every((member) => 'of' in member && member.weight <= 1);
  const needed = isPlain ? `${weight} of ${threshold} signatures that are needed` : `signatures of weight ${weight}, and ${threshold} is needed`;
  throw refused('signatures', `${needed}; not signed by ${named(missingOf(signers, signed))}`);
}

/** The parties whose signatures would still bring the quorum nearer, in its order; none once it is met. */
export function missingOf(signers: Signers, signed: ReadonlySet<string>): string[] {
  const here = partiesWith(signers, signed);
  const able = new Set(signers.keys.values());
  const missing: string[] = [];
  const walk = (quorum: Quorum): void => {
    if (weigh(quorum, here) >= quorum.threshold) return;
    for (const member of quorum.members) {
      if (!('of' in member)) walk(member);
      else if (member.weight > 0 && !here.has(member.of) && able.has(member.of)) missing.push(member.of);
    }
  };
  walk(signers.quorum);
  return missing;
}

function partiesWith({ keys, spenders }: Signers, signed: ReadonlySet<string>): Set<string> {
  const parties = new Set<string>();
  for (const [key, party] of keys) if (signed.has(key) && !spenders.has(party)) parties.add(party);
  if (spenders.size === 0) return parties;
  const wallets = new Set([...signed].map((key) => `account/${key}`));
  for (const [party, quorum] of spenders) if (weigh(quorum, wallets) >= quorum.threshold) parties.add(party);
  return parties;
}

/** What these parties' words weigh together: a group that is met weighs 1. */
function weigh({ members }: Quorum, here: ReadonlySet<string>): number {
  let weight = 0;
  for (const member of members) {
    if ('of' in member) weight += here.has(member.of) ? member.weight : 0;
    else weight += weigh(member, here) >= member.threshold ? 1 : 0;
  }
  return weight;
}

/** How many signatures of these parties meet a quorum; Infinity where all of them do not. @param able party to the signatures that its word takes */
function fewest({ threshold, members }: Quorum, able: ReadonlyMap<string, number>): number {
  const parties: { weight: number; cost: number }[] = [];
  const groups: number[] = [];
  for (const member of members) {
    if (!('of' in member)) groups.push(fewest(member, able));
    else if (able.has(member.of)) parties.push({ weight: member.weight, cost: able.get(member.of) ?? 1 });
  }
  // Heaviest parties first, then groups: but for accounts of several keys, a party costs one signature and weighs no less than any group.
  let left = threshold;
  let count = 0;
  for (const { weight, cost } of parties.sort((a, b) => b.weight - a.weight || a.cost - b.cost)) {
    if (left <= 0 || weight === 0) break;
    left -= weight;
    count += cost;
  }
  for (const cost of groups.sort((a, b) => a - b)) {
    if (left <= 0) break;
    left -= 1;
    count += cost;
  }
  return left > 0 ? Infinity : count;
}

function named(parties: readonly string[]): string {
  const more = parties.length > NAMED ? ` and ${parties.length - NAMED} more` : '';
  return `${parties.slice(0, NAMED).map(short).join(', ')}${more}`;
}
