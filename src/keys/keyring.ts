// One secret of 32 bytes becomes the keys of one actor, each with its own role.
import { hkdfSync } from 'node:crypto';
import { Problem } from '../base/errors.js';
import { MAX_ACCOUNT_INDEX } from '../base/limits.js';
import { sealingKeyOf, unseal } from './box.js';
import { publicKeyOf, seedSigner, type Signer } from './ed25519.js';
import type { SignedType } from './signed.js';

/** What a keyring is for. */
export type KeyringType = 'identity' | 'key' | 'farm' | 'node' | 'log' | 'witness' | 'release';
/** The keyrings that programs which run for long may hold: all but the one that can spend and the one that says what may run. */
export type ServiceType = Exclude<KeyringType, 'identity' | 'release'>;

/** The keys of one actor; whether they are in this process or with the unlock agent does not show. */
export interface Keyring {
  readonly type: KeyringType;
  readonly name: string;
  /** Public keys in hex by role. */
  readonly public: Readonly<Record<string, string>>;
  /** Signs as one role; a type that the role may not sign is a plain Error. */
  signer(role: string): Signer;
  /**
   * Public key, hex, of an identity's account by its SEP-0005 index; `signer` knows its role from then on.
   * @param index 0 to 2^31-1
   */
  account(index: number): Promise<string>;
  /** Opens a box sealed to `public.sealing`. @throws Problem `integrity` */
  unseal(box: Uint8Array): Promise<Uint8Array>;
}

/** A keyring whose secret is in this process. */
export interface OpenKeyring extends Keyring {
  /** Overwrites the secret and what was derived from it; the keyring is of no use afterwards. */
  forget(): void;
}

/** How a role's key comes from the secret. */
type Derivation = 'secret' | 'wallet' | 'hkdf';

/** What those sign who talk to others and have mail. */
const TALKS: readonly SignedType[] = ['talk', 'letter', 'mailbox'];
/** What those sign who meet at a relay: operators and nodes. */
const MEETS: readonly SignedType[] = ['relay', 'session'];

/** Which role may sign what; nothing for keys that only open boxes. One table for every keyring and the agent. */
const ROLES: Readonly<Record<KeyringType, Readonly<Record<string, { from: Derivation; signs: readonly SignedType[] }>>>> = {
  identity: {
    bot: { from: 'secret', signs: ['record', ...TALKS, ...MEETS] },
    wallet: { from: 'wallet', signs: ['record', 'accept'] },
    sealing: { from: 'hkdf', signs: [] },
  },
  // An operational key: it speaks for the bot that lists it, as far as the bot allows, and has no wallet.
  key: { bot: { from: 'secret', signs: ['record', ...TALKS, ...MEETS] }, sealing: { from: 'hkdf', signs: [] } },
  farm: { farm: { from: 'secret', signs: ['record', ...TALKS] }, sealing: { from: 'hkdf', signs: [] } },
  node: { node: { from: 'secret', signs: ['record', ...TALKS, ...MEETS] }, sealing: { from: 'hkdf', signs: [] } },
  // Of records only state roots: the rules let the log's key be nobody else's.
  log: { log: { from: 'secret', signs: ['checkpoint', 'record'] }, clock: { from: 'hkdf', signs: ['cosignature'] } },
  witness: { witness: { from: 'secret', signs: ['cosignature'] } },
  // Kept offline: no program that runs for long opens it.
  release: { release: { from: 'secret', signs: ['release'] } },
};

const ACCOUNT_ROLE = /^wallet\/(0|[1-9][0-9]{0,9})$/;

/** The role of an identity's account by its index; what pays by default has the role `wallet`, at first account 0. */
export function accountRole(index: number): string {
  return `wallet/${index}`;
}

/** The index of an account's role; undefined for any other role. */
export function indexOfRole(role: string): number | undefined {
  const index = Number(ACCOUNT_ROLE.exec(role)?.[1] ?? NaN);
  return index <= MAX_ACCOUNT_INDEX ? index : undefined;
}

/** Whether a role signs for an account. */
export function isAccountRole(role: string): boolean {
  return role === 'wallet' || indexOfRole(role) !== undefined;
}

/** An account signs what the first one does. */
function tabled(type: KeyringType, role: string): { from: Derivation; signs: readonly SignedType[] } | undefined {
  const known = ROLES[type];
  const word = indexOfRole(role) === undefined ? role : 'wallet';
  return Object.hasOwn(known, word) ? known[word] : undefined;
}

/**
 * The public key of a role.
 * @throws Problem `refused`, reason `wallet`, where an operational key is to pay; Error where there is no such role
 */
export function publicOf({ type, name, public: keys }: Pick<Keyring, 'type' | 'name' | 'public'>, role: string): string {
  const key = keys[role];
  if (key !== undefined) return key;
  if (type === 'key' && role === 'wallet') throw new Problem('refused', `${name} is an operational key: it has no wallet, so it pays for nothing`, { reason: 'wallet', hint: '3bot identity use NAME of an identity' });
  throw new Error(`a keyring of type ${type} has no role ${role}`);
}

/** Whether this role of such a keyring may sign this type. */
export function maySign(type: KeyringType, role: string, signed: SignedType): boolean {
  return tabled(type, role)?.signs.includes(signed) ?? false;
}

/** 32 bytes that are a role's own secret. */
async function roleSecret(type: KeyringType, role: string, secret: Uint8Array): Promise<Buffer> {
  switch (tabled(type, role)?.from) {
    case 'secret':
      return Buffer.from(secret);
    case 'wallet': {
      const { walletSeed, wordsOf } = await import('./words.js');
      return walletSeed(wordsOf(secret), indexOfRole(role) ?? 0);
    }
    case 'hkdf':
      return Buffer.from(hkdfSync('sha256', secret, '', `3bot/${type}/${role}/1`, 32));
    case undefined:
      throw new Error(`a keyring of type ${type} has no role ${role}`);
  }
}

/** The public keys of a secret, in hex by role: Ed25519, but X25519 for `sealing`. */
export async function publicKeys(type: KeyringType, secret: Uint8Array): Promise<Record<string, string>> {
  const keys: Record<string, string> = {};
  for (const role of Object.keys(ROLES[type])) {
    const own = await roleSecret(type, role, secret);
    keys[role] = role === 'sealing' ? sealingKeyOf(own) : publicKeyOf(own);
    own.fill(0);
  }
  return keys;
}

/**
 * A keyring of a secret in this process.
 * @param secret 32 bytes; belongs to the keyring from now on
 * @param known its public keys, where the caller has them from a keystore that vouches for them
 */
export async function openSecret(type: KeyringType, name: string, secret: Buffer, known?: Readonly<Record<string, string>>): Promise<OpenKeyring> {
  const keys = { ...(known ?? (await publicKeys(type, secret))) };
  const derived = new Map<string, Promise<Buffer>>();
  let forgotten = false;

  function own(role: string): Promise<Buffer> {
    if (forgotten) throw new Problem('locked', 'these keys were forgotten', { hint: '3bot unlock' });
    const before = derived.get(role);
    if (before !== undefined) return before;
    const made = roleSecret(type, role, secret);
    derived.set(role, made);
    return made;
  }

  return {
    type,
    name,
    public: keys,
    signer(role) {
      const key = publicOf({ type, name, public: keys }, role);
      const demand = (signed: SignedType): void => {
        if (!maySign(type, role, signed)) throw new Error(`${type} keys do not sign ${signed} as ${role}`);
      };
      // Made at the first signature: a key pair costs as much as signing does.
      let pair: Signer | undefined;
      return {
        key,
        async sign(signed, payload) {
          demand(signed);
          const seed = await own(role);
          pair ??= seedSigner(seed);
          if (pair.key !== key) throw new Problem('integrity', `the ${role} of ${name} has another key than was noted`, { reason: 'keystore', hint: '3bot wallet list' });
          return pair.sign(signed, payload);
        },
        get signNow() {
          const now = forgotten ? undefined : pair?.signNow;
          return now && ((signed: SignedType, payload: string) => {
            demand(signed);
            return now(signed, payload);
          });
        },
      };
    },
    async account(index) {
      const role = accountRole(index);
      if (indexOfRole(role) !== index || tabled(type, role) === undefined) throw new Error(`a keyring of type ${type} has no account ${index}`);
      return (keys[role] = publicKeyOf(await own(role)));
    },
    async unseal(box) {
      return unseal(await own('sealing'), box);
    },
    forget() {
      forgotten = true;
      secret.fill(0);
      for (const made of derived.values()) void made.then((bytes) => bytes.fill(0));
      derived.clear();
    },
  };
}
