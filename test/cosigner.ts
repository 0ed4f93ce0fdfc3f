// A witness for tests: a key that cosigns whatever it is given, at the time it is told.
import { createHash } from 'node:crypto';
import { publicKeyOf, signBytes } from '../src/keys/ed25519.js';
import { cosignatureText, formatCosignature } from '../src/tlog/cosignature.js';
import { formatSignature, formatVkey, noteKeyId, parseNote, type NoteKey } from '../src/tlog/note.js';

/** The same key for the same name, in every run. */
export class Cosigner {
  readonly name: string;
  readonly key: NoteKey;
  readonly #seed: Buffer;

  constructor(name: string) {
    this.name = name;
    this.#seed = createHash('sha256').update(`3bot test witness ${name}`).digest();
    this.key = { name: `${name}.example/w`, type: 'cosignature', key: publicKeyOf(this.#seed) };
  }

  get vkey(): string {
    return formatVkey(this.key);
  }

  /** Its line in a policy. */
  line(url = `http://${this.name}.example/w`): string {
    return `witness ${this.name} ${this.vkey} ${url}`;
  }

  /** Its signature line below a note. */
  signature(note: string, time_ms: number): string {
    const seconds = Math.floor(time_ms / 1_000);
    const signature = Buffer.from(signBytes(this.#seed, Buffer.from(cosignatureText(parseNote(note).text, seconds))), 'base64');
    return formatSignature({ name: this.key.name, id: noteKeyId(this.key), signature: formatCosignature(seconds, signature) });
  }

  /** The note with its line added. */
  cosign(note: string, time_ms: number): string {
    return note + this.signature(note, time_ms);
  }
}
