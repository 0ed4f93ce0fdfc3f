// Secrets on disk: one file a keyring, encrypted with a passphrase, bound to what its header says.
//
// Losing a keystore file loses its keys: identities come back from their 24 words, farms and nodes do not.
import { randomBytes } from 'node:crypto';
import { closeSync, constants, existsSync, fstatSync, openSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { toBase64, toHex } from '../base/bytes.js';
import { canonical, parseCanonical } from '../base/canonical.js';
import { Problem } from '../base/errors.js';
import { sha256, sha256Hex } from '../base/hash.js';
import { MAX_KEYSTORES, MAX_KEYSTORE_BYTES, MAX_SCRYPT_BYTES } from '../base/limits.js';
import { createFile, replaceFile, type Home } from '../home.js';
import type { KeystoreFile } from '../schema/types.js';
import { shapeError } from '../schema/validate.js';
import { costOfNew, type KdfCost } from './cost.js';
import { withDerivedKey } from './derive.js';
import type { KeyringType } from './keyring.js';
import { nacl } from './nacl.js';

/** Path of a keystore file. */
export function keystorePath(home: Home, type: KeyringType, name: string): string {
  return join(home.keys, `${type}-${name}.json`);
}

function damaged(path: string, what: string, cause?: unknown): Problem {
  return new Problem('integrity', `${path}: ${what}; the file was not touched`, { reason: 'keystore', cause, hint: 'put a copy of the file back; an identity also comes back with 3bot identity import' });
}

/** What kind of keyring speaks for a bot under this name: an identity, or else an operational key. */
export function botKeyringType(home: Home, name: string): 'identity' | 'key' {
  return !existsSync(keystorePath(home, 'identity', name)) && existsSync(keystorePath(home, 'key', name)) ? 'key' : 'identity';
}

/** Text of a file that nobody else can read or could have swapped. */
function readPrivate(path: string): string {
  // Without O_NONBLOCK, a pipe in the file's place would make us wait for ever.
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw new Problem('locked', `${path} is no plain file`);
    if ((stat.mode & 0o077) !== 0) throw new Problem('locked', `${path} can be read or written by others`, { reason: 'permissions', hint: `chmod 600 ${path}` });
    if (stat.size > MAX_KEYSTORE_BYTES) throw damaged(path, `${stat.size} bytes are too many for a keystore`);
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

/** SHA-256 of everything that the sealed contents vouch for. */
function headerHash({ box: _box, checksum: _checksum, ...header }: KeystoreFile): Buffer {
  return sha256(canonical(header));
}

function checksumOf({ checksum: _checksum, ...rest }: KeystoreFile): string {
  return sha256Hex(canonical(rest));
}

/**
 * Reads a keystore without opening it.
 * @throws Problem `not_found`; `locked` when others may read the file or it is a link; `integrity` when it is
 * damaged, is not the file its name says, or asks for more work than any of ours
 */
export function readKeystore(home: Home, type: KeyringType, name: string): KeystoreFile {
  const path = keystorePath(home, type, name);
  let text: string;
  try {
    text = readPrivate(path);
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') throw new Problem('not_found', `no ${type} named ${name} in ${home.path}`, { hint: type === 'identity' ? '3bot identity list' : `ls ${home.keys}` });
    if (code === 'ELOOP') throw new Problem('locked', `${path} is a link; a keystore must be a file of its own`);
    throw thrown;
  }
  let file: KeystoreFile;
  try {
    file = parseCanonical(text.replace(/\n$/, '')) as unknown as KeystoreFile;
  } catch (cause) {
    throw damaged(path, 'damaged or cut short', cause);
  }
  const wrong = shapeError('keystore@1', file);
  if (wrong !== null) throw damaged(path, wrong);
  if (file.checksum !== checksumOf(file)) throw damaged(path, 'damaged, its checksum does not hold');
  if (file.type !== type || file.name !== name) throw damaged(path, `holds the ${file.type} ${file.name}`);
  const { n, r, p } = file.kdf;
  if ((n & (n - 1)) !== 0 || 128 * n * r * p > MAX_SCRYPT_BYTES) throw damaged(path, 'asks for scrypt parameters that no keystore of ours has');
  return file;
}

/** A keystore in a list: its file, or why it cannot be read. */
export interface Listed {
  readonly type: KeyringType;
  readonly name: string;
  readonly file: KeystoreFile | undefined;
  readonly problem: Problem | undefined;
}

/** The keystores of a home, by type and name; unopened. */
export function listKeystores(home: Home, type?: KeyringType): Listed[] {
  let names: string[];
  try {
    names = readdirSync(home.keys).sort();
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw thrown;
  }
  const matches = names.map((name) => /^(identity|key|farm|node|log|witness|release)-([a-z0-9-]{3,64})\.json$/.exec(name)).filter((match) => match !== null);
  if (matches.length > MAX_KEYSTORES) throw new Problem('failed', `more than ${MAX_KEYSTORES} keystores in ${home.keys}`);
  const found = matches.map((match) => ({ type: match[1] as KeyringType, name: match[2] ?? '' })).filter((one) => type === undefined || one.type === type);
  return found.map((one) => {
    try {
      return { ...one, file: readKeystore(home, one.type, one.name), problem: undefined };
    } catch (thrown) {
      if (!(thrown instanceof Problem)) throw thrown;
      return { ...one, file: undefined, problem: thrown };
    }
  });
}

/** The contents of the box, or null when the passphrase is wrong. */
function openBox(file: KeystoreFile, passphrase: string): Promise<Uint8Array | null> {
  return withDerivedKey(file.type, passphrase, file.kdf, (key) => nacl().secretbox.open(Buffer.from(file.box, 'base64'), Buffer.from(file.nonce, 'hex'), key));
}

/**
 * The 32-byte secret of a keystore that `readKeystore` gave.
 * @throws Problem `locked` on a wrong passphrase; `integrity` when the header is not the one that was sealed
 */
export async function openKeystore(file: KeystoreFile, passphrase: string): Promise<Buffer> {
  const contents = await openBox(file, passphrase);
  if (contents === null) throw new Problem('locked', `wrong passphrase for the ${file.type} ${file.name}`, { reason: 'passphrase' });
  if (contents.length !== 64 || !headerHash(file).equals(contents.subarray(0, 32))) {
    throw new Problem('integrity', `the keystore of the ${file.type} ${file.name} was altered: its header is not the one that was sealed`, { reason: 'keystore' });
  }
  const secret = Buffer.from(contents.subarray(32));
  contents.fill(0);
  return secret;
}

/**
 * A new salt; for a service that of another service here which the passphrase opens, so that one scrypt opens both.
 * Never an identity's: the key that a service derives must not open the words.
 */
async function saltFor(home: Home, type: KeyringType, passphrase: string, cost: KdfCost): Promise<string> {
  const files = type === 'identity' ? [] : listKeystores(home).map(({ file }) => file).filter((file) => file !== undefined);
  const taken = new Set(files.filter((file) => file.type === 'identity').map(({ kdf }) => kdf.salt));
  const bySalt = new Map<string, KeystoreFile>();
  for (const file of files) if (!taken.has(file.kdf.salt) && file.kdf.n === cost.n && file.kdf.r === cost.r && file.kdf.p === cost.p) bySalt.set(file.kdf.salt, file);
  // The services of a home have one passphrase; a fourth guess would cost more than it can save.
  for (const [salt, file] of [...bySalt].slice(0, 3)) {
    const contents = await openBox(file, passphrase);
    contents?.fill(0);
    if (contents !== null) return salt;
  }
  return toHex(randomBytes(32));
}

/** What a new keystore holds. */
export interface NewKeystore {
  readonly type: KeyringType;
  /** `[a-z0-9-]{3,64}` */
  readonly name: string;
  readonly public: Readonly<Record<string, string>>;
  /** 32 bytes */
  readonly secret: Uint8Array;
}

/**
 * Writes a new keystore, 0600; whole and durable on return.
 * @param cost for tests that make many; never below scrypt's N 2^14
 * @throws Problem `usage` when the name is taken, or the passphrase is empty
 */
export async function createKeystore(home: Home, { type, name, public: keys, secret }: NewKeystore, passphrase: string, cost: KdfCost = costOfNew()): Promise<KeystoreFile> {
  const file = await sealed(home, { type, name, public: keys, secret }, passphrase, cost);
  try {
    createFile(keystorePath(home, type, name), `${canonical(file)}\n`);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EEXIST') throw new Problem('usage', `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type} named ${name} exists already`, { reason: 'exists', hint: 'choose another name' });
    throw thrown;
  }
  return file;
}

/**
 * Writes an opened keystore anew under another passphrase, at the cost of a new one, in place of what is there: whole, or not at all.
 * @throws Problem `usage` when the passphrase is empty or too long
 */
export async function changePassphrase(home: Home, { type, name, public: keys }: KeystoreFile, secret: Uint8Array, passphrase: string): Promise<void> {
  const file = await sealed(home, { type, name, public: keys, secret }, passphrase, costOfNew());
  replaceFile(keystorePath(home, type, name), `${canonical(file)}\n`);
}

async function sealed(home: Home, { type, name, public: keys, secret }: NewKeystore, passphrase: string, cost: KdfCost): Promise<KeystoreFile> {
  if (secret.length !== 32) throw new Error('a secret has 32 bytes');
  const kdf = { name: 'scrypt', n: cost.n, r: cost.r, p: cost.p, salt: await saltFor(home, type, passphrase, cost) } as const;
  const nonce = randomBytes(24);
  const draft: KeystoreFile = { v: 1, type, name, public: { ...keys }, kdf, nonce: toHex(nonce), box: '', checksum: '' };
  const contents = Buffer.concat([headerHash(draft), secret]);
  const box = toBase64(await withDerivedKey(type, passphrase, kdf, (key) => nacl().secretbox(contents, nonce, key)));
  contents.fill(0);
  const file: KeystoreFile = { ...draft, box, checksum: checksumOf({ ...draft, box }) };
  const wrong = shapeError('keystore@1', file);
  if (wrong !== null) throw new Problem('usage', `cannot make this keystore: ${wrong}`);
  return file;
}
