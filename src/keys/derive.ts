// scrypt's keys. An identity's is overwritten after each use; those of services are kept until the process has opened
// what it needs, since the service keystores of a home share a salt and so open for the price of one.
import { scrypt } from 'node:crypto';
import { Problem } from '../base/errors.js';
import { MAX_PASSPHRASE_BYTES, MAX_SCRYPT_BYTES } from '../base/limits.js';
import type { Kdf } from '../schema/types.js';
import type { KeyringType } from './keyring.js';

interface Kept {
  readonly kdf: string;
  readonly typed: Buffer;
  readonly key: Promise<Buffer>;
}

const kept: Kept[] = [];

/** RFC 7914. */
function derive(typed: Buffer, { n, r, p, salt }: Omit<Kdf, 'name'>): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // Node counts a little more than 128·N·r·p, hence the room above the bound.
    scrypt(typed, Buffer.from(salt, 'hex'), 32, { N: n, r, p, maxmem: MAX_SCRYPT_BYTES + 16_777_216 }, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}

/**
 * Works with the 32-byte key of a passphrase; the key is not for keeping.
 * @throws Problem `usage` when the passphrase is empty or too long
 */
export async function withDerivedKey<T>(type: KeyringType, passphrase: string, kdf: Omit<Kdf, 'name'>, work: (key: Buffer) => T): Promise<T> {
  const typed = Buffer.from(passphrase.normalize('NFC'));
  if (typed.length === 0) throw new Problem('usage', 'the passphrase is empty');
  if (typed.length > MAX_PASSPHRASE_BYTES) throw new Problem('usage', `the passphrase is longer than ${MAX_PASSPHRASE_BYTES} bytes`);
  if (type === 'identity') {
    const key = await derive(typed, kdf);
    try {
      return work(key);
    } finally {
      typed.fill(0);
      key.fill(0);
    }
  }
  const id = `${kdf.n} ${kdf.r} ${kdf.p} ${kdf.salt}`;
  let found = kept.find((one) => one.kdf === id && one.typed.equals(typed));
  if (found === undefined) {
    found = { kdf: id, typed, key: derive(typed, kdf) };
    kept.push(found);
  } else {
    typed.fill(0);
  }
  return work(await found.key);
}

/**
 * Overwrites every key that was kept, and the passphrase it came from.
 * @NOTE The threads that ran scrypt may have left a copy on their stacks, which nobody here can reach.
 */
export async function forgetDerivedKeys(): Promise<void> {
  const forgotten = kept.splice(0);
  for (const { typed, key } of forgotten) {
    (await key).fill(0);
    typed.fill(0);
  }
}
