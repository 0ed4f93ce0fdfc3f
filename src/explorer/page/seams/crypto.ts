// What src/base and src/tlog take of node:crypto, by @noble/hashes: SHA-256 and nothing else.
import { sha256 } from '@noble/hashes/sha2.js';

const bytesOf = (data: string | Uint8Array): Uint8Array => (typeof data === 'string' ? Buffer.from(data, 'utf8') : data);

function demandSha256(algorithm: string): void {
  if (algorithm !== 'sha256') throw new Error(`no hash ${algorithm} in this page`);
}

/** `crypto.hash` of Node.js. */
export function hash(algorithm: string, data: string | Uint8Array, encoding: BufferEncoding): string {
  demandSha256(algorithm);
  return Buffer.from(sha256(bytesOf(data))).toString(encoding);
}

/** `crypto.createHash` of Node.js. */
export function createHash(algorithm: string): { update(data: string | Uint8Array): void; digest(): Buffer } {
  demandSha256(algorithm);
  const state = sha256.create();
  return { update: (data) => void state.update(bytesOf(data)), digest: () => Buffer.from(state.digest()) };
}
