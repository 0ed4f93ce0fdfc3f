// What workloads printed, on disk: the parts that rotation left, and the last of what ran before. A folder a workload:
//
//   <folder>/<contract>.<workload>/
//     now.log      where the runtime writes; put aside when it is full
//     now.log.1    the part before that
//     held.log     another name for the file that now.log is, or was when last looked at: podman drops what it puts aside
//     before.log   the last part of what ran here before, as long as the contract's data is kept
//
// Rows are Kubernetes' (`<time> <stream> <F|P> <text>`, P for a part of a line); what has another form is text without a time.
import { link, mkdir, open, readdir, readFile, rename, rm, stat, writeFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { LOG_POLL_MS, MAX_KEPT_LOG_BYTES, MAX_WORKLOAD_LOG_BYTES } from '../base/limits.js';
import { textTail } from './children.js';
import type { Ref } from './driver.js';

/** A row of a log. */
export interface LogRow {
  /** When it was printed, ms since 1970; null where nobody noted it. */
  readonly time: number | null;
  readonly stream: 'stdout' | 'stderr';
  /** Hostile; without the line break. */
  readonly text: Buffer;
  /** False: the line goes on in the next row. */
  readonly whole: boolean;
}

/** Which rows of a log. */
export interface LogWish {
  /** Only what was printed at this time or later, ms since 1970. */
  readonly since?: number | undefined;
  /** At most so many lines, the last. */
  readonly tail?: number | undefined;
  /** What ran before instead: the last part that was kept of it. */
  readonly previous?: boolean | undefined;
  /** Goes on with what is printed from then on, for as long as the workload runs. */
  readonly follow?: boolean | undefined;
}

const ROW = /^(\d{4}-\d\d-\d\dT\S+) (stdout|stderr) ([FP]) ?/;
const CHUNK_BYTES = 65_536;
const BREAK = 0x0a;

/** Takes a row apart. @param bytes without its line break; hostile */
export function parseRow(bytes: Buffer): LogRow {
  const [head = '', time, stream, kind] = ROW.exec(bytes.toString('latin1', 0, 80)) ?? [];
  if (time === undefined) return { time: null, stream: 'stdout', text: bytes, whole: true };
  const ms = Date.parse(time);
  return { time: Number.isNaN(ms) ? null : ms, stream: stream as LogRow['stream'], text: bytes.subarray(head.length), whole: kind === 'F' };
}

/** A row for a part of what was printed. */
export function formatRow(time: number, stream: LogRow['stream'], text: Buffer, whole: boolean): Buffer {
  return Buffer.concat([Buffer.from(`${new Date(time).toISOString()} ${stream} ${whole ? 'F' : 'P'} `), text, Buffer.of(BREAK)]);
}

/** The logs of one node's workloads. */
export class Logs {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Where the runtime writes what a workload prints; its folder is made. */
  async place(ref: Ref): Promise<string> {
    const folder = this.#of(ref);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return join(folder, 'now.log');
  }

  /** For a runtime that drops what it puts aside: sees to it that the part before stays. Costs two looks at the disk. */
  async hold(ref: Ref): Promise<void> {
    const [now, held, before] = ['now.log', 'held.log', 'now.log.1'].map((name) => join(this.#of(ref), name)) as [string, string, string];
    const [written, known] = await Promise.all([inode(now), inode(held)]);
    if (written === null || written === known) return;
    if (known !== null) await rename(held, before);
    // Put aside again in between: the next look gets it.
    await link(now, held).catch(() => undefined);
  }

  /** The workload was taken away: of its log the last part is kept. */
  async close(ref: Ref): Promise<void> {
    const folder = this.#of(ref);
    const rows = await this.#rows(ref);
    if (rows.length > 0) {
      const last = rows.length > MAX_KEPT_LOG_BYTES ? rows.subarray(rows.indexOf(BREAK, rows.length - MAX_KEPT_LOG_BYTES) + 1) : rows;
      await writeFile(join(folder, 'before.log'), last, { mode: 0o600 });
    }
    for (const name of ['now.log', 'now.log.1', 'held.log']) await rm(join(folder, name), { force: true });
  }

  /** Takes away everything of a contract's workloads. @param contract 40 hex digits */
  async forget(contract: string): Promise<void> {
    const names = (await readdir(this.#folder).catch(nothing)) ?? [];
    for (const name of names) if (name.startsWith(`${contract}.`)) await rm(join(this.#folder, name), { recursive: true, force: true });
  }

  /** The last of what was printed, at most `bytes` of UTF-8; of what ran before where nothing was printed since. */
  async tail(ref: Ref, bytes: number): Promise<string> {
    const parts: Buffer[] = [];
    for (const { text, whole } of rowsOf(await this.#rowsOrBefore(ref))) parts.push(text, Buffer.from(whole ? '\n' : ''));
    const all = Buffer.concat(parts);
    return textTail(all, bytes);
  }

  /**
   * Rows in order. Nothing printed is no row, not an error.
   * @param isRunning asked when there is nothing more, about once a second: when it says no, following ends
   */
  async *read(ref: Ref, { since = 0, tail, previous = false, follow = false }: LogWish, isRunning: () => Promise<boolean>, signal: AbortSignal): AsyncGenerator<LogRow> {
    await using file = follow && !previous ? await Following.begin(join(this.#of(ref), 'now.log')) : null;
    const there = previous ? await this.#before(ref) : file === null ? await this.#rowsOrBefore(ref) : Buffer.concat([await this.#aside(ref), await file.more()]);
    const rows = rowsOf(there).filter(({ time }) => time === null || time >= since);
    yield* tail === undefined ? rows : lastLines(rows, tail);
    for (let looks = 0; file !== null && !signal.aborted; looks += 1) {
      const more = rowsOf(await file.more());
      yield* more;
      if (more.length > 0) continue;
      if (looks % 4 === 3 && !(await isRunning())) {
        yield* rowsOf(await file.more());
        return;
      }
      await delay(LOG_POLL_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  #of({ contract, workload }: Ref): string {
    const name = `${contract}.${workload}`;
    if (!/^[0-9a-f]{40}\.[a-z0-9-]{1,50}$/.test(name)) throw new Error(`not a contract and workload: ${JSON.stringify(name)}`);
    return join(this.#folder, name);
  }

  async #rows(ref: Ref): Promise<Buffer> {
    return Buffer.concat([await this.#aside(ref), await lastOf(join(this.#of(ref), 'now.log'))]);
  }

  /** What was put aside. */
  async #aside(ref: Ref): Promise<Buffer> {
    const [now, held, before] = ['now.log', 'held.log', 'now.log.1'].map((name) => join(this.#of(ref), name)) as [string, string, string];
    const isSame = (await inode(now)) === (await inode(held));
    return Buffer.concat([await lastOf(before), isSame ? Buffer.alloc(0) : await lastOf(held)]);
  }

  async #before(ref: Ref): Promise<Buffer> {
    return lastOf(join(this.#of(ref), 'before.log'));
  }

  async #rowsOrBefore(ref: Ref): Promise<Buffer> {
    const rows = await this.#rows(ref);
    return rows.length > 0 ? rows : this.#before(ref);
  }
}

/** A file that is written to and put aside: what was added since the last look, whole rows only. */
class Following implements AsyncDisposable {
  readonly #path: string;
  #file: FileHandle | null = null;
  #rest = Buffer.alloc(0);

  private constructor(path: string) {
    this.#path = path;
  }

  static async begin(path: string): Promise<Following> {
    const following = new Following(path);
    following.#file = await opened(path);
    return following;
  }

  /** Ends with a line break; empty where there is nothing new. */
  async more(): Promise<Buffer> {
    if (this.#file === null) this.#file = await opened(this.#path);
    if (this.#file === null) return Buffer.alloc(0);
    const mine = (await this.#file.stat()).ino;
    // Looked at before reading: what is put aside after that is read to its end first.
    const current = await inode(this.#path);
    const parts = [this.#rest];
    let size = this.#rest.length;
    for (;;) {
      const { buffer, bytesRead } = await this.#file.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, null);
      if (bytesRead > 0) parts.push(buffer.subarray(0, bytesRead));
      size += bytesRead;
      if (bytesRead === 0 || size > 2 * MAX_WORKLOAD_LOG_BYTES) break;
    }
    const all = Buffer.concat(parts);
    const end = all.lastIndexOf(BREAK) + 1;
    this.#rest = Buffer.from(all.subarray(end));
    if (end === 0 && current !== null && current !== mine) {
      await this.#file.close();
      this.#file = null;
      this.#rest = Buffer.alloc(0);
      return this.more();
    }
    return all.subarray(0, end);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.close();
  }
}

async function opened(path: string): Promise<FileHandle | null> {
  return open(path, 'r').catch(nothing);
}

async function inode(path: string): Promise<number | null> {
  const found = await stat(path).catch(nothing);
  return found?.ino ?? null;
}

/** All of a file; of one that is larger than a runtime of ours leaves it, the last of it. */
async function lastOf(path: string): Promise<Buffer> {
  const bytes = (await readFile(path).catch(nothing)) ?? Buffer.alloc(0);
  return bytes.subarray(Math.max(0, bytes.length - 2 * MAX_WORKLOAD_LOG_BYTES));
}

function nothing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}

function rowsOf(bytes: Buffer): LogRow[] {
  const rows: LogRow[] = [];
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf(BREAK, from);
    const to = end === -1 ? bytes.length : end;
    rows.push(parseRow(bytes.subarray(from, to)));
    from = to + 1;
  }
  return rows;
}

function lastLines(rows: readonly LogRow[], count: number): readonly LogRow[] {
  let left = count;
  for (let at = rows.length - 1; at >= 0; at -= 1) {
    // A line begins after a row that ends one.
    if (rows[at]?.whole === true && (left -= 1) < 0) return rows.slice(at + 1);
  }
  return rows;
}
