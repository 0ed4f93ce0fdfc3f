// How much disk a layer of an image takes once it is unpacked, read from its tar archive (POSIX.1-2001 pax, ustar) as it
// passes. All of it is hostile: podman unpacks by what it finds, not by what a layer is said to be, so whatever could
// become more than its bytes say, compression within and files with holes, is refused.
import { Problem } from '../../base/errors.js';
import { LAYER_ENTRY_BYTES, MAX_PAX_BYTES } from '../../base/limits.js';

const BLOCK = 512;
/** What podman unpacks whatever the layer is called: gzip, zstd, xz, bzip2. */
const COMPRESSED: readonly Buffer[] = [[0x1f, 0x8b], [0x28, 0xb5, 0x2f, 0xfd], [0xfd, 0x37, 0x7a, 0x58, 0x5a], [0x42, 0x5a, 0x68]].map((bytes) => Buffer.from(bytes));
/** Kinds of entries with content: a file; attributes of the next entry, of all that follow; a long name, a long link. */
const FILE = '0';
const ATTRIBUTES = 'x';
const OTHERS = 'gLK';
/** Hard and symbolic links, devices, folders, pipes: their size says nothing. */
const EMPTY = /^[1-6]$/;

/** Measures one layer; fed with its parts in order. */
export class LayerMeter {
  /** What it takes so far: its bytes, and of the disk's table of files a share for every entry. */
  bytes = 0;
  #head: Buffer = Buffer.alloc(0);
  /** Content of an entry, and what fills its last block. */
  #skip = 0;
  #kind = '';
  #attributes: Buffer[] | null = null;
  #attributes_left = 0;
  /** Of the next entry, by its attributes. */
  #size: number | null = null;
  #isFirst = true;
  #isOver = false;

  /** @throws Problem `refused`, reason `image` */
  add(piece: Buffer): void {
    this.bytes += piece.length;
    for (let at = 0; at < piece.length && !this.#isOver; ) {
      if (this.#skip > 0) {
        const part = piece.subarray(at, at + this.#skip);
        this.#skip -= part.length;
        at += part.length;
        this.#note(part);
        continue;
      }
      const part = piece.subarray(at, at + BLOCK - this.#head.length);
      at += part.length;
      this.#head = Buffer.concat([this.#head, part]);
      if (this.#isFirst) this.#demandPlain();
      if (this.#head.length < BLOCK) continue;
      this.#entry(this.#head);
      this.#head = Buffer.alloc(0);
    }
  }

  #demandPlain(): void {
    if (COMPRESSED.some((magic) => this.#head.subarray(0, magic.length).equals(magic))) throw refused('is compressed once more');
  }

  #entry(head: Buffer): void {
    this.#isFirst = false;
    // Podman reads no further than this either.
    this.#isOver = head.every((byte) => byte === 0);
    if (this.#isOver) return;
    const kind = head.toString('latin1', 156, 157);
    let size = sizeIn(head);
    if (kind === ATTRIBUTES || OTHERS.includes(kind)) {
      if (size > MAX_PAX_BYTES) throw refused('has attributes without end');
      if (kind === ATTRIBUTES || kind === 'g') [this.#attributes, this.#attributes_left] = [[], size];
      if (kind === ATTRIBUTES) this.#size = null;
    } else {
      if (kind !== FILE && !EMPTY.test(kind) && !(kind === '\0' && size === 0)) throw refused('has an entry of a kind that is not taken');
      size = kind === FILE ? (this.#size ?? size) : 0;
      this.#size = null;
      this.bytes += LAYER_ENTRY_BYTES;
    }
    this.#skip = Math.ceil(size / BLOCK) * BLOCK;
    this.#note(Buffer.alloc(0), kind);
  }

  /** Collects attributes, and reads them at their end. */
  #note(part: Buffer, kind = this.#kind): void {
    this.#kind = kind;
    if (this.#attributes === null) return;
    const own = part.subarray(0, this.#attributes_left);
    this.#attributes.push(Buffer.from(own));
    this.#attributes_left -= own.length;
    if (this.#attributes_left > 0) return;
    const found = attributesIn(Buffer.concat(this.#attributes));
    this.#attributes = null;
    if ([...found.keys()].some((key) => key.startsWith('GNU.sparse.'))) throw refused('has files with holes');
    const size = found.get('size');
    if (size === undefined || kind !== ATTRIBUTES) return;
    if (!/^[0-9]{1,15}$/.test(size)) throw refused('has an entry of no size');
    this.#size = Number(size);
  }
}

/** Octal digits, or where those do not suffice a number of 11 bytes behind 0x80 (GNU). */
function sizeIn(head: Buffer): number {
  const field = head.subarray(124, 136);
  if (field[0] === 0x80) {
    const value = field.subarray(1).reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
    if (value <= BigInt(Number.MAX_SAFE_INTEGER) / 2n) return Number(value);
  }
  const digits = /^ *([0-7]*)[ \0]*$/.exec(field.toString('latin1'))?.[1];
  if (digits === undefined) throw refused('has an entry of no size');
  return digits === '' ? 0 : Number.parseInt(digits, 8);
}

/** Records `<length> <key>=<value>\n`; of one that comes twice the last counts. */
function attributesIn(bytes: Buffer): Map<string, string> {
  const found = new Map<string, string>();
  for (let at = 0; at < bytes.length; ) {
    const digits = /^([1-9][0-9]{0,6}) /.exec(bytes.toString('latin1', at, at + 8))?.[1] ?? '';
    const end = at + Number(digits);
    const text = bytes.toString('latin1', at + digits.length + 1, end - 1);
    const equals = text.indexOf('=');
    if (digits === '' || end > bytes.length || bytes[end - 1] !== 0x0a || equals < 1) throw refused('has attributes that cannot be read');
    found.set(text.slice(0, equals), text.slice(equals + 1));
    at = end;
  }
  return found;
}

function refused(what: string): Problem {
  return new Problem('refused', `a layer of the image ${what}`, { reason: 'image' });
}
