// Opens a keyring for a command: the unlock agent if it runs, else a passphrase from wherever one is given.
import { closeSync, openSync, readSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { Problem, isProblem, messageOf } from '../base/errors.js';
import { MAX_PASSPHRASE_BYTES } from '../base/limits.js';
import type { Flags, Io } from '../cli/io.js';
import type { Prompt } from '../cli/prompt.js';
import { readConfig, type Home } from '../home.js';
import type { KeystoreFile } from '../schema/types.js';
import type { Keyring, KeyringType, OpenKeyring } from './keyring.js';
import type { KdfCost } from './cost.js';
import { botKeyringType, createKeystore, listKeystores, openKeystore, readKeystore } from './keystore.js';

/** What opening keys needs of a command's context. */
export interface Unlocker {
  readonly home: Home;
  readonly io: Io;
  readonly flags: Flags;
  readonly prompt: Prompt;
}

const SOURCES = '--passphrase-file, THREEBOT_PASSPHRASE_FILE or THREEBOT_PASSPHRASE';
/** How often a person may mistype. */
const TRIES = 3;

/** First line of a file, which may be a pipe. */
function firstLine(path: string): string {
  const bytes = Buffer.alloc(MAX_PASSPHRASE_BYTES + 2);
  let length = 0;
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (cause) {
    throw new Problem('usage', `cannot read the passphrase file: ${messageOf(cause)}`, { cause });
  }
  try {
    for (let read = 1; read > 0 && length < bytes.length && !bytes.subarray(0, length).includes(0x0a); length += read) {
      read = readSync(file, bytes, length, bytes.length - length, null);
    }
  } catch (cause) {
    throw new Problem('usage', `cannot read the passphrase file: ${messageOf(cause)}`, { cause });
  } finally {
    closeSync(file);
  }
  const line = bytes.subarray(0, length).toString('utf8').split(/\r?\n/, 1)[0] ?? '';
  bytes.fill(0);
  return line;
}

/** The passphrase that came without asking, or undefined. @throws Problem `usage` when it is empty or unreadable */
function givenPassphrase({ io, flags }: Unlocker): string | undefined {
  const given = flags.passphraseFile === undefined ? io.passphrase() : firstLine(flags.passphraseFile);
  if (given === '') throw new Problem('usage', 'the passphrase is empty');
  return given;
}

/** Name of the identity in use. @throws Problem `not_found` when there is none yet */
export function identityInUse(home: Home): string {
  const name = readConfig(home).identity;
  if (name === null) throw new Problem('not_found', `no identity in ${home.path} yet`, { reason: 'identity', hint: '3bot identity create' });
  return name;
}

// The keys of one home mostly share a passphrase: one run of a command asks for it once.
const typed = new WeakMap<Prompt, string>();

/** Asks until `works` takes the passphrase, a few times; what was typed before is tried first. */
async function askPassphrase<T>(prompt: Prompt, question: string, works: (passphrase: string) => Promise<T>): Promise<T> {
  const before = typed.get(prompt);
  for (let left = before === undefined ? TRIES - 1 : TRIES; ; left -= 1) {
    const passphrase = left === TRIES && before !== undefined ? before : await prompt.secret(question, SOURCES);
    try {
      const made = await works(passphrase);
      typed.set(prompt, passphrase);
      return made;
    } catch (thrown) {
      if (left === 0 || !isProblem(thrown, 'locked', 'passphrase')) throw thrown;
    }
  }
}

/**
 * Forgets a passphrase that was typed or came with the environment.
 * @NOTE JavaScript cannot overwrite a text, and a passphrase file can be read again: what this process can still open
 * by mistake is nothing, what somebody who runs code in it can open depends on the passphrase.
 */
export function forgetPassphrase({ io, prompt }: Unlocker): void {
  typed.delete(prompt);
  io.forgetPassphrase();
}

/** A keystore that a passphrase opened. */
export interface Opened {
  readonly file: KeystoreFile;
  /** 32 bytes; overwrite them after use. */
  readonly secret: Buffer;
  readonly passphrase: string;
}

/**
 * Opens a keystore by its passphrase, never by the agent, which gives no secrets away.
 * @throws Problem `not_found`, `locked` (also where nobody can be asked), `integrity`
 */
export async function openByPassphrase(context: Unlocker, type: KeyringType, name: string): Promise<Opened> {
  const file = readKeystore(context.home, type, name);
  const open = async (passphrase: string): Promise<Opened> => ({ file, secret: await openKeystore(file, passphrase), passphrase });
  const given = givenPassphrase(context);
  if (given !== undefined) return open(given);
  if (!context.prompt.possible) {
    throw new Problem('locked', `the ${type} ${name} is locked, and nobody can be asked for its passphrase`, { reason: 'no_passphrase', hint: `give ${SOURCES}, or run 3bot unlock before` });
  }
  return askPassphrase(context.prompt, `Passphrase of the ${type} ${name}:`, open);
}

/**
 * The keyring of an actor: with the agent if that holds it, else opened in this process.
 * @param type `identity` opens an operational key, too, where the name is one's
 * @param name the identity in use, if left out for an identity
 * @throws Problem `not_found`, `locked`, `integrity`
 */
export async function openKeyring(context: Unlocker, type: KeyringType, name: string = identityInUse(context.home)): Promise<Keyring> {
  const real = type === 'identity' ? botKeyringType(context.home, name) : type;
  // Most commands ask here only which identity is in use: what opens keys is loaded when one is opened.
  const [{ accountRoles }, { agentState }, { openSecret }] = await Promise.all([import('./accounts.js'), import('./agent.js'), import('./keyring.js')]);
  const agent = await agentState(context.home, context.io.env);
  const held = agent?.keyrings.find((keyring) => keyring.type === real && keyring.name === name);
  if (held !== undefined) return held;
  const { file, secret } = await openByPassphrase(context, real, name);
  return openSecret(real, name, secret, real === 'identity' ? { ...file.public, ...accountRoles(context.home, file.public['bot']) } : file.public);
}

/** The passphrase for a new keystore: given, or the one of this home's other keystores, or typed twice. */
async function newPassphrase(context: Unlocker, type: KeyringType): Promise<string> {
  const given = givenPassphrase(context);
  if (given !== undefined) return given;
  const { prompt, home } = context;
  if (!prompt.possible) throw new Problem('usage', 'a passphrase for the new keystore is needed, and nobody can be asked', { reason: 'no_passphrase', hint: `give ${SOURCES}` });
  const others = listKeystores(home).map(({ file }) => file).filter((file) => file !== undefined);
  // A service shares the salt of the other services, so that asking with one of them costs no scrypt more.
  const other = others.find((file) => type !== 'identity' && file.type !== 'identity') ?? others[0];
  if (other !== undefined) {
    return askPassphrase(prompt, `Passphrase (the one of the ${other.type} ${other.name}):`, async (passphrase) => {
      (await openKeystore(other, passphrase)).fill(0);
      return passphrase;
    });
  }
  const first = await prompt.secret('A passphrase for the keys of this home:', SOURCES);
  if (first === '') throw new Problem('usage', 'the passphrase is empty');
  if ((await prompt.secret('The same again:', SOURCES)) !== first) throw new Problem('usage', 'the two passphrases differ; nothing was written');
  return first;
}

/**
 * Makes a keyring and its keystore.
 * @param name made of its keys where a function is given
 * @param secret 32 bytes; random if left out
 * @throws Problem `usage` when the name is taken, or no passphrase is given and nobody can be asked
 */
export async function createKeyring(
  context: Unlocker, type: KeyringType, name: string | ((keys: Readonly<Record<string, string>>) => string), secret: Buffer = randomBytes(32), cost?: KdfCost,
): Promise<OpenKeyring> {
  const { openSecret, publicKeys } = await import('./keyring.js');
  const keys = await publicKeys(type, secret);
  const chosen = typeof name === 'string' ? name : name(keys);
  // Identities and operational keys are used by one name.
  const alike: readonly KeyringType[] = type === 'identity' || type === 'key' ? ['identity', 'key'] : [type];
  const taken = listKeystores(context.home).find((one) => one.name === chosen && alike.includes(one.type));
  if (taken !== undefined) {
    throw new Problem('usage', `${taken.type === 'identity' ? 'an' : 'a'} ${taken.type} named ${chosen} exists already`, { reason: 'exists', hint: 'choose another --name' });
  }
  await createKeystore(context.home, { type, name: chosen, public: keys, secret }, await newPassphrase(context, type), cost);
  return openSecret(type, chosen, secret, keys);
}

/**
 * Opens every keystore of the home that one passphrase opens; the identity in use must be among them.
 * @param busy begins to show that work goes on, once nobody is asked any more: each identity costs an scrypt of its own
 * @throws Problem `not_found` when there is none; `locked`, `integrity` about the identity in use
 */
export async function openAll(context: Unlocker, busy: () => Promise<Disposable>): Promise<{ open: Opened[]; closed: { type: KeyringType; name: string; why: string }[] }> {
  const { home } = context;
  const listed = listKeystores(home);
  const name = readConfig(home).identity;
  // A farm's server or a node has keys without an identity.
  const first = name === null ? listed[0] : { type: botKeyringType(home, name), name };
  if (first === undefined) throw new Problem('not_found', `no keys in ${home.path} yet`, { reason: 'identity', hint: '3bot identity create' });
  const opened = await openByPassphrase(context, first.type, first.name);
  using _busy = await busy();
  const open: Opened[] = [opened];
  const closed: { type: KeyringType; name: string; why: string }[] = [];
  for (const { type, name: other, file, problem } of listed) {
    if (type === first.type && other === first.name) continue;
    try {
      if (file === undefined) throw problem;
      open.push({ file, secret: await openKeystore(file, opened.passphrase), passphrase: opened.passphrase });
    } catch (thrown) {
      if (!(thrown instanceof Problem)) throw thrown;
      closed.push({ type, name: other, why: thrown.message });
    }
  }
  return { open, closed };
}
