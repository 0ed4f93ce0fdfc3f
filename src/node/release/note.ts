// A release as its maker signs it: a C2SP signed note about one bundle for one platform.
//
//   3bot release
//   version 0.2.0
//   platform linux/amd64
//   size 41234567
//   sha256 <64 hex digits>
//
//   — sunny-releases <signature>
import { Problem } from '../../base/errors.js';
import { MAX_RELEASE_BYTES } from '../../base/limits.js';
import { checkEd25519, type Signer } from '../../keys/ed25519.js';
import { ed25519Verifier, formatNote, noteKeyId, parseNote, parseVkey, signatureBy } from '../../tlog/note.js';

/** A bundle, named by its bytes. */
export interface Release {
  /** Three numbers. */
  readonly version: string;
  readonly platform: string;
  /** Of the bundle in bytes. */
  readonly size: number;
  readonly sha256: string;
}

const TEXT = /^3bot release\nversion ([0-9.]+)\nplatform ([a-z0-9/_]+)\nsize ([0-9]+)\nsha256 ([0-9a-f]{64})\n$/;
const VERSION = /^(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})$/;

/** This machine's platform as releases name it. */
export const PLATFORM = `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`;

/** Whether a version is three numbers. */
export function isVersion(text: string): boolean {
  return VERSION.test(text);
}

/** Whether `version` is newer than `than`; of anything but three numbers nothing is. */
export function risesAbove(version: string, than: string): boolean {
  const [a, b] = [VERSION.exec(version), VERSION.exec(than)];
  if (a === null || b === null) return false;
  for (const i of [1, 2, 3]) if (a[i] !== b[i]) return Number(a[i]) > Number(b[i]);
  return false;
}

/** The note, signed. @param name of the key, as its verifier key has it */
export async function signRelease({ version, platform, size, sha256 }: Release, name: string, signer: Signer): Promise<string> {
  const text = `3bot release\nversion ${version}\nplatform ${platform}\nsize ${size}\nsha256 ${sha256}\n`;
  const signature = Buffer.from(await signer.sign('release', text), 'base64');
  return formatNote(text, [{ name, id: noteKeyId({ name, type: 'ed25519', key: signer.key }), signature }]);
}

/**
 * What a note says, its signature checked.
 * @param note hostile
 * @param vkey verifier key of who may release, from this node's own config
 * @throws Problem `integrity` where it is not signed by that key, or is no release
 */
export function readRelease(note: string, vkey: string): Release {
  const parsed = parseNote(note);
  signatureBy(parsed, ed25519Verifier(parseVkey(vkey), checkEd25519));
  const [, version = '', platform = '', size = '', sha256 = ''] = TEXT.exec(parsed.text) ?? [];
  if (!isVersion(version) || !(Number(size) > 0 && Number(size) <= MAX_RELEASE_BYTES)) throw new Problem('integrity', 'the signed note is no release that this program knows', { reason: 'release' });
  return { version, platform, size: Number(size), sha256 };
}
