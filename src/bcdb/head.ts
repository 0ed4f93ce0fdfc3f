// The head file: what a home has signed, kept beside the keystore and not beside the database, so that a database
// put back from a backup is noticed before it signs a second history.
import { closeSync, constants, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { Problem } from '../base/errors.js';
import { sha256Hex } from '../base/hash.js';
import { makeFolder } from '../home.js';

const SLOT_BYTES = 256;

/** What the newest signed checkpoint covers. */
export interface SignedHead {
  readonly grid: string;
  readonly size: number;
  /** Tree root, hex. */
  readonly root: string;
}

/**
 * What a home has signed last; undefined where there is no such file, or nothing in it yet.
 * @throws Problem `integrity` where the file is there and neither slot can be read
 */
export function readHead(path: string): SignedHead | undefined {
  return newestOf(path).head;
}

/** Two slots, written in turn and not synced: an older head is still contained in the database. */
export class HeadFile implements Disposable {
  readonly #fd: number;
  #turn: number;
  #isClosed = false;
  /** The newest head in the file when it was opened; undefined in a new one. */
  readonly found: SignedHead | undefined;

  /** @throws Problem `integrity` where the file is there and neither slot can be read */
  constructor(path: string) {
    const { head, slot } = newestOf(path);
    this.found = head;
    this.#turn = 1 - slot;
    makeFolder(dirname(path));
    this.#fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  }

  /** Notes that this head is about to be published. */
  write(head: SignedHead): void {
    const text = JSON.stringify({ ...head, checksum: checksum(head) });
    writeSync(this.#fd, text.padEnd(SLOT_BYTES - 1) + '\n', this.#turn * SLOT_BYTES);
    this.#turn = 1 - this.#turn;
  }

  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    closeSync(this.#fd);
  }
}

function checksum({ grid, size, root }: SignedHead): string {
  return sha256Hex(`${grid} ${size} ${root}`).slice(0, 16);
}

/** The newest head of a file and its slot; slot 0 where there is none. */
function newestOf(path: string): { head: SignedHead | undefined; slot: number } {
  const heads = existsSync(path) ? readSlots(path) : [];
  const head = heads.filter((one) => one !== undefined).sort((a, b) => b.size - a.size)[0];
  if (heads.length > 0 && head === undefined) {
    throw new Problem('integrity', `${path} is damaged: what this home has signed is not known`, { hint: `check the book with '3bot bcdb verify', then remove ${path}` });
  }
  return { head, slot: Math.max(0, heads.indexOf(head)) };
}

function readSlots(path: string): (SignedHead | undefined)[] {
  const bytes = readFileSync(path);
  if (bytes.length === 0) return [];
  return [0, 1].map((slot) => {
    try {
      const head = JSON.parse(bytes.subarray(slot * SLOT_BYTES, (slot + 1) * SLOT_BYTES).toString()) as SignedHead & { checksum: string };
      return head.checksum === checksum(head) ? { grid: head.grid, size: head.size, root: head.root } : undefined;
    } catch {
      return undefined;
    }
  });
}
