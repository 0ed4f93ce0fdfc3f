// Public keys as people see them: did:key and Stellar's G…; inside 3bot a key is 64 hex digits.
import { base32nopad, base58 } from '@scure/base';
import { fromHex, toHex } from '../base/bytes.js';
import { Problem } from '../base/errors.js';

// multicodec ed25519-pub, 0xed as a varint (did:key Method v0.7).
const MULTICODEC = Uint8Array.of(0xed, 0x01);
// StrKey version byte of an account id: 6 << 3, which makes the text begin with G (SEP-0023).
const ACCOUNT = 6 << 3;

function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = ((crc & 0x8000) !== 0 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
  }
  return crc;
}

/** `did:key:z6Mk…` of an Ed25519 key in hex. */
export function didOf(key: string): string {
  return `did:key:z${base58.encode(Uint8Array.of(...MULTICODEC, ...fromHex(key, 32)))}`;
}

/** Stellar address `G…` of an Ed25519 key in hex (SEP-0023, with its CRC-16/XMODEM). */
export function addressOf(key: string): string {
  const body = Uint8Array.of(ACCOUNT, ...fromHex(key, 32));
  const crc = crc16(body);
  return base32nopad.encode(Uint8Array.of(...body, crc & 0xff, crc >> 8));
}

function keyOfDid(did: string): string | null {
  const bytes = base58.decode(did.slice('did:key:z'.length));
  return bytes.length === 34 && bytes[0] === MULTICODEC[0] && bytes[1] === MULTICODEC[1] ? toHex(bytes.subarray(2)) : null;
}

function keyOfAddress(address: string): string | null {
  const bytes = base32nopad.decode(address);
  return bytes.length === 35 && bytes[0] === ACCOUNT && addressOf(toHex(bytes.subarray(1, 33))) === address ? toHex(bytes.subarray(1, 33)) : null;
}

/**
 * The key, in hex, of any form a person types: 64 hex digits, `G…`, `did:key:z6Mk…`.
 * @throws Problem `usage` on anything else; a mistyped `G…` is found by its checksum
 */
export function parseKey(text: string): string {
  // A Stellar seed that was pasted by mistake is not repeated: messages end up in logs.
  if (/^S[A-Z2-7]{55}$/.test(text.trim())) throw new Problem('usage', 'this is a secret seed (S…), not an address (G…)', { hint: 'whoever has seen it can spend what it holds elsewhere' });
  let key: string | null = null;
  try {
    if (/^[0-9a-f]{64}$/i.test(text)) key = text.toLowerCase();
    else if (/^did:key:z[1-9A-HJ-NP-Za-km-z]{1,64}$/.test(text)) key = keyOfDid(text);
    else if (/^G[A-Z2-7]{55}$/.test(text)) key = keyOfAddress(text);
  } catch {
    // The decoders throw on what is no base58 or base32: not a key either.
  }
  if (key === null) throw new Problem('usage', `not a key: ${JSON.stringify(text.slice(0, 100))}`, { hint: '64 hex digits, an address G… or did:key:z6Mk…; check for a typing mistake' });
  return key;
}
