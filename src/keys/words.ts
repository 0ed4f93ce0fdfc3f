// 24 words and what is made of them: the secret itself (as ThreeFold does) and the wallet's seed (SEP-0005).
import { createHmac, pbkdf2Sync } from 'node:crypto';
import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { Problem } from '../base/errors.js';

/** The 24 English words (BIP39) of a 32-byte secret. */
export function wordsOf(secret: Uint8Array): string {
  if (secret.length !== 32) throw new Error('a secret has 32 bytes');
  return entropyToMnemonic(secret, wordlist);
}

/**
 * The 32-byte secret of 24 words; it is the identity's Ed25519 seed, as in other ThreeFold wallets.
 * @param text words in any letter case with any space between them
 * @throws Problem `usage` on another number of words, an unknown word (named by its place only), or a wrong checksum
 */
export function secretOf(text: string): Buffer {
  const words = text.trim().toLowerCase().split(/\s+/);
  if (words.length !== 24) throw new Problem('usage', `${words.length === 1 && words[0] === '' ? 0 : words.length} words, not 24`);
  const unknown = words.findIndex((word) => !wordlist.includes(word));
  if (unknown !== -1) throw new Problem('usage', `word ${unknown + 1} is not in the BIP39 list of English words`);
  try {
    return Buffer.from(mnemonicToEntropy(words.join(' '), wordlist));
  } catch {
    throw new Problem('usage', 'the words do not belong together: their checksum is wrong', { hint: 'compare each word and their order with your copy' });
  }
}

/** A step of a SLIP-0010 path on Ed25519, where every step is hardened: key and chain code, 32 bytes each. */
function derived(above: Buffer, index: number): Buffer {
  const number = Buffer.alloc(4);
  number.writeUInt32BE(0x8000_0000 + index);
  return createHmac('sha512', above.subarray(32)).update(Buffer.of(0)).update(above.subarray(0, 32)).update(number).digest();
}

/** Ed25519 seed of a Stellar wallet, `m/44'/148'/<account>'` of the words (SEP-0005; SLIP-0010; no BIP39 passphrase). */
export function walletSeed(words: string, account = 0): Buffer {
  const seed = pbkdf2Sync(words.normalize('NFKD'), 'mnemonic', 2_048, 64, 'sha512');
  const master = createHmac('sha512', 'ed25519 seed').update(seed).digest();
  return [44, 148, account].reduce(derived, master).subarray(0, 32);
}
