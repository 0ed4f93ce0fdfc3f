// Identities: who is who on this grid, under which name, by which keys.
//
// An identity's id is its first key for ever, whichever keys speak for it now. What it signed stays signed: a record is
// judged by the keys that were valid at its own line.
import { canonical } from '../base/canonical.js';
import { MAX_IDENTITY_KEYS, MAX_RECOVERY_MEMBERS } from '../base/limits.js';
import type { ReadState, State } from '../bcdb/rulebook.js';
import type { Identity, IdentityKey, Quorum, Recover } from '../schema/types.js';
import { checkNotLogKey } from './grid.js';
import { read, write, type BotObject } from './objects.js';
import { allOf, isValid, partiesOf, resolve, someOf, type Occasion, type Signers } from './quorum.js';
import { demand, short } from './refusal.js';
import { noteRoles } from './roles.js';
import type { Act, Rule } from './rule.js';

/** What a key may be for: kinds of records, talk, opening the mailbox, or everything. */
export const KIND = /^(\*|talk|mail|[a-z]{1,32}@[1-9][0-9]{0,3})$/;

/**
 * identity@1: a bot says who it is, and later that something about it has changed. By one of its keys that may sign
 * this, and by each key that is new, so that nobody can name a key that it does not have. Who recovers it is changed
 * together with those who could recover it so far: a thief who has a key cannot take the way back away.
 */
export const identity: Rule<Identity> = {
  kind: 'identity@1',
  chain: 'bot',
  signers(state, act) {
    const { body, subject, occasion, rules } = act;
    const self = `bot/${subject}`;
    const before = read(state, 'bot', subject);
    if (rules < 2) checkFirstRules(act);
    demand(body.keys.every(({ key }) => key !== body.sealing_key) && body.sealing_key !== subject, 'key', 'the sealing key is the signing key; use another');
    demand(new Set(body.roles).size === body.roles.length, 'terms', 'a role stands twice');
    checkNotLogKey(state, subject);
    if (rules < 2) return [allOf([subject, self])];
    const signers = [before === undefined ? firstSigns(state, body, subject) : resolve(state, someOf(1, [self]), occasion)];
    signers.push(...newKeysSign(state, subject, body.keys, before));
    demand(body.recovery !== null || body.keys.some(isLasting), 'key', 'no key without an end may change this identity again, and nobody may recover it');
    if (canonical(body.recovery) === canonical(before?.recovery ?? null)) return signers;
    if (body.recovery !== null) checkRecovery(state, body.recovery, self, occasion);
    const recoverers = before?.recovery ?? null;
    return recoverers === null ? signers : [...signers, resolve(state, recoverers, occasion)];
  },
  apply(state, { body, subject, moment, rules }) {
    const before = read(state, 'bot', subject);
    takeName(state, 'bot', subject, body.name, before?.name);
    if (rules >= 2) for (const key of new Set([subject, ...body.keys.map(({ key }) => key)])) takeKey(state, key, `bot/${subject}`);
    const roles = rules >= 2 ? { role_lines: noteRoles(state, before, body.roles, moment.index) } : {};
    write(state, 'bot', subject, { key: subject, ...body, ...roles });
  },
};

/**
 * recover@1: those whom a bot has named give it other keys, all of them if need be. On a chain of its own: who has
 * stolen a key writes on the bot's chain, and could move its end as often as they collect signatures.
 */
export const recover: Rule<Recover> = {
  kind: 'recover@1',
  chain: 'recovery',
  since: 2,
  signers(state, { body, subject, occasion }) {
    const before = botOf(state, subject);
    demand(before.recovery !== null, 'quorum', () => `${before.name} has named nobody who may recover it`);
    demand(body.keys.every(({ key }) => key !== body.sealing_key) && body.sealing_key !== subject, 'key', 'the sealing key is a signing key; use another');
    return [resolve(state, before.recovery, occasion), ...newKeysSign(state, subject, body.keys, before)];
  },
  apply(state, { body, subject }) {
    for (const { key } of body.keys) takeKey(state, key, `bot/${subject}`);
    // The account of before may be the thief's, or that of lost words.
    const { account: _account, ...before } = botOf(state, subject);
    write(state, 'bot', subject, { ...before, ...body });
  },
};

function checkFirstRules({ body, subject }: Act<Identity>): void {
  const [key, more] = body.keys;
  demand(key !== undefined && more === undefined && key.key === subject && key.kinds.length === 1 && key.kinds[0] === '*' && key.until === null, 'later_release', 'keys of an identity besides its own, for all kinds, need rules 2');
  demand(body.recovery === null, 'later_release', 'recovery needs rules 2');
}

/** Id of the bot that a key speaks for on this grid: the one that lists it or once did, else the one whose id it is. */
export function actsFor(state: ReadState, key: string): string {
  const holder = read(state, 'key', key)?.holder;
  return holder?.startsWith('bot/') === true ? holder.slice('bot/'.length) : key;
}

function botOf(state: ReadState, key: string): BotObject {
  const bot = read(state, 'bot', key);
  demand(bot !== undefined, 'identity', () => `bot/${short(key)} has no identity on this grid`);
  return bot;
}

/** A new identity is signed by the key that is its id. */
function firstSigns(state: ReadState, { keys }: Identity, subject: string): Signers {
  const self = `bot/${subject}`;
  demand(keys.some(({ key }) => key === subject), 'key', 'a new identity lists the key that its id is');
  checkFree(state, subject, self);
  return allOf([subject, self]);
}

/** Checks a list of keys, and has each sign that the bot did not have before. */
function newKeysSign(state: ReadState, subject: string, grants: readonly IdentityKey[], before: BotObject | undefined): Signers[] {
  const keys = grants.map(({ key }) => key);
  demand(keys.length <= MAX_IDENTITY_KEYS, 'key', `an identity has ${MAX_IDENTITY_KEYS} keys at the most`);
  demand(new Set(keys).size === keys.length, 'key', 'a key stands twice');
  for (const { kinds } of grants) for (const kind of kinds) demand(KIND.test(kind), 'key', `a key is for kinds like end@1, for talk, for mail or for *, not for ${kind.slice(0, 40)}`);
  const had = new Set(before?.keys.map(({ key }) => key) ?? [subject]);
  return keys.filter((key) => !had.has(key)).map((key) => {
    const isRevoked = read(state, 'key', key)?.holder === `bot/${subject}` || key === subject;
    demand(!isRevoked, 'key', () => `key ${short(key)} was taken from this identity before and stays so; make a new one`);
    checkFree(state, key, `bot/${subject}`);
    return allOf([key, `key/${key}`]);
  });
}

/** Whether a key can change its identity at any time to come. */
function isLasting(grant: IdentityKey): boolean {
  return grant.until === null && isValid(grant, { kind: identity.kind, at: 0 });
}

function checkRecovery(state: ReadState, recovery: Quorum, self: string, occasion: Occasion): void {
  const parties = partiesOf(recovery, occasion.rules);
  demand(parties.length <= MAX_RECOVERY_MEMBERS, 'quorum', `an identity is recovered by ${MAX_RECOVERY_MEMBERS} bots at the most`);
  demand(parties.every((party) => party.startsWith('bot/') && party !== self), 'quorum', 'an identity is recovered by bots, and not by itself');
  resolve(state, recovery, { ...occasion, kind: recover.kind });
}

/**
 * Whether a key is nobody else's on this grid: bots, farms and nodes each have keys of their own.
 * @param holder `bot/…`, `farm/…` or `node/…`
 * @throws Problem `refused`, reason `key`
 */
export function checkFree(state: ReadState, key: string, holder: string): void {
  checkNotLogKey(state, key);
  // Objects `key/…` are written under rules 2; bots and nodes of before are found by their ids.
  const taken = read(state, 'key', key)?.holder ?? (['bot', 'node'] as const).map((type) => `${type}/${key}`).find((party) => state.get(party) !== undefined);
  demand(taken === undefined || taken === holder, 'key', () => `key ${short(key)} is the key of ${short(taken ?? '')}; use one of its own`);
}

/** Writes down whose a key is, once. */
export function takeKey(state: State, key: string, holder: string): void {
  if (read(state, 'key', key) === undefined) write(state, 'key', key, { holder });
}

/**
 * Gives a name to its new holder, and frees the one it had.
 * @throws Problem `refused`, reason `name`, where another holds it
 */
export function takeName(state: State, type: 'bot' | 'farm', id: string, name: string, before: string | undefined): void {
  if (name === before) return;
  const holder = read(state, 'name', `${type}/${name}`)?.holder ?? null;
  demand(holder === null, 'name', `the name ${name} is taken by another ${type} on this grid`);
  if (before !== undefined) write(state, 'name', `${type}/${before}`, { holder: null });
  write(state, 'name', `${type}/${name}`, { holder: `${type}/${id}` });
}
