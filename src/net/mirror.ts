// A grid read from files on any web server: C2SP tlog-tiles with records beside the entries. Whatever comes is hostile;
// what is made of it is the same as a bot's answer, and checked by the same follower.
import { setTimeout as pause } from 'node:timers/promises';
import { toBase64 } from '../base/bytes.js';
import { isProblem, messageOf } from '../base/errors.js';
import { BUNDLES_AHEAD, MAX_CHECKPOINT_BYTES, MAX_LINES_BYTES, MAX_MILESTONES_BYTES, MAX_MIRROR_TILES, MAX_RECEIPT_BYTES, MIRROR_POLL_MS } from '../base/limits.js';
import type { Batch } from '../bcdb/copy.js';
import type { Line } from '../schema/types.js';
import { parseCheckpointText } from '../tlog/checkpoint.js';
import { fromTiles, type FetchTile } from '../tlog/fetch.js';
import { HASH_BYTES } from '../tlog/merkle.js';
import { parseNote } from '../tlog/note.js';
import { consistencyProof } from '../tlog/prove.js';
import { TILE_WIDTH, tilePath, tileWidth, type TileName } from '../tlog/tiles.js';
import { WebFolder, type OpenFile } from './files.js';
import type { LineSource } from './follow.js';
import { isLine } from './lines.js';

/** The checkpoint that is read towards; nothing is known of its signatures. */
interface Target {
  readonly note: string;
  readonly size: number;
  readonly etag: string | undefined;
  /** Last checkpoints of the eras that are over, by size. */
  readonly milestones: readonly Milestone[];
}

interface Milestone {
  readonly note: string;
  readonly size: number;
}

/** Lines of one bundle, from number `from` on; not all of them where they are large. */
interface Fetched {
  readonly from: number;
  readonly lines: Promise<Line[]>;
}

/** One mirrored log. */
export class Mirror implements LineSource, AsyncDisposable {
  readonly name: string;
  readonly #files: WebFolder;
  #target: Target | undefined;
  /** By number of bundle. */
  readonly #ahead = new Map<number, Fetched>();
  readonly #tiles = new Map<string, Buffer>();

  /** @param prefix URL of the log: what `checkpoint` and `tile/` lie below */
  constructor(prefix: string) {
    this.#files = new WebFolder(prefix);
    this.name = `the mirror ${this.#files.url}`;
  }

  /** Whether there is a checkpoint. */
  async isThere(signal?: AbortSignal): Promise<boolean> {
    return this.#look(signal).then(() => true, (thrown: unknown) => {
      if (isProblem(thrown, 'unreachable')) return false;
      throw thrown;
    });
  }

  /** Line 0; nothing of it is checked but its shape. @throws Problem `unreachable` */
  async genesis(signal?: AbortSignal): Promise<Line> {
    const [line] = await this.#bundle(0, 0, (await this.#look(signal)).size, signal, 1);
    if (line === undefined) throw this.#files.nonsense('no line');
    return line;
  }

  /** As a bot's `/lines`: lines from number `from` on, the checkpoint they lead to, and the proof that they do. */
  async lines(_grid: string, from: number, { wait = 0, signal }: { wait?: number; signal?: AbortSignal | undefined } = {}): Promise<Batch> {
    const isBehind = this.#target !== undefined && from < this.#target.size;
    const target = isBehind ? (this.#target as Target) : await this.#news(wait, signal);
    if (from >= target.size) return { lines: [], trailer: { checkpoint: target.note, consistency: [] } };
    const milestone = target.milestones.find((one) => one.size > from && one.size < target.size);
    const { size, note } = milestone ?? target;
    const lines = (await this.#linesFrom(from, target.size, signal)).slice(0, size - from);
    const next = from + lines.length;
    const fetch: FetchTile = (tile) => this.#tile(tile, signal);
    const proof = await fromTiles(target.size, fetch, (hash) => consistencyProof(hash, next, size));
    return { lines, trailer: { checkpoint: note, consistency: proof.map(toBase64), ...(milestone === undefined ? {} : { more: true }) } };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#files[Symbol.asyncDispose]();
  }

  /** The newest checkpoint: another than before, if one comes in time. */
  async #news(wait: number, signal: AbortSignal | undefined): Promise<Target> {
    const known = this.#target?.note;
    const end = performance.now() + wait;
    for (;;) {
      const found = await this.#look(signal);
      if (found.note !== known || performance.now() + MIRROR_POLL_MS > end) return found;
      await pause(MIRROR_POLL_MS, undefined, { signal });
    }
  }

  async #look(signal: AbortSignal | undefined): Promise<Target> {
    const file = await this.#files.open('checkpoint', { signal, etag: this.#target?.etag });
    if (file === 'same' && this.#target !== undefined) return this.#target;
    if (typeof file === 'string') throw this.#files.unreachable('gives no checkpoint');
    const newest = this.#pointOf((await this.#files.bytes(file, MAX_CHECKPOINT_BYTES)).toString('utf8'));
    // Written before the checkpoint, so that none below it is missing.
    this.#target = { ...newest, etag: file.etag, milestones: await this.#milestones(signal) };
    return this.#target;
  }

  async #milestones(signal: AbortSignal | undefined): Promise<Milestone[]> {
    const file = await this.#files.open('milestones', { signal });
    if (typeof file === 'string') return [];
    const rows = (await this.#files.bytes(file, MAX_MILESTONES_BYTES)).toString('utf8').split('\n').filter((row) => row !== '');
    return rows.map((row) => this.#pointOf(String((this.#json(row) as { checkpoint?: unknown } | null)?.checkpoint))).sort((a, b) => a.size - b.size);
  }

  #pointOf(note: string): Milestone {
    try {
      return { note, size: parseCheckpointText(parseNote(note).text).size };
    } catch (cause) {
      throw this.#files.nonsense(`a checkpoint that is none (${messageOf(cause)})`, cause);
    }
  }

  /** The rest of a bundle; the next ones are asked for meanwhile. */
  async #linesFrom(from: number, size: number, signal: AbortSignal | undefined): Promise<Line[]> {
    const first = Math.floor(from / TILE_WIDTH);
    for (let n = first; n < first + BUNDLES_AHEAD && n * TILE_WIDTH < size; n++) {
      const start = Math.max(from, n * TILE_WIDTH);
      if (this.#ahead.get(n)?.from === start) continue;
      const lines = this.#bundle(n, start, size, signal);
      lines.catch(() => undefined); // thrown where it is awaited
      this.#ahead.set(n, { from: start, lines });
    }
    const mine = this.#ahead.get(first);
    for (const n of this.#ahead.keys()) if (n <= first) this.#ahead.delete(n);
    const lines = (await mine?.lines) ?? [];
    if (lines.length === 0) throw this.#files.nonsense(`no line ${from}`);
    return lines;
  }

  /** Lines of bundle `n` from number `from` on: as many as fit, at least one, at most `most`. */
  async #bundle(n: number, from: number, size: number, signal: AbortSignal | undefined, most = TILE_WIDTH): Promise<Line[]> {
    const tile = { of: 'records', n, width: tileWidth(size, 'records', n) };
    const end = n * TILE_WIDTH + tile.width;
    const lines: Line[] = [];
    let number = n * TILE_WIDTH;
    let bytes = 0;
    for await (const row of this.#files.rows(await this.#file(tile, signal), MAX_RECEIPT_BYTES)) {
      number += 1;
      if (number <= from) continue;
      lines.push(this.#line(row));
      bytes += row.length;
      if (bytes > MAX_LINES_BYTES || lines.length === most || number === end) break;
    }
    return lines;
  }

  #line(row: string): Line {
    const value = this.#json(row);
    if (!isLine(value)) throw this.#files.nonsense('a line that is none');
    return value;
  }

  #json(row: string): unknown {
    try {
      return JSON.parse(row) as unknown;
    } catch (cause) {
      throw this.#files.nonsense('a row that is no JSON', cause);
    }
  }

  async #tile(tile: TileName & { readonly of: number }, signal: AbortSignal | undefined): Promise<Buffer> {
    const path = tilePath(tile);
    const kept = this.#tiles.get(path);
    if (kept !== undefined) return kept;
    const hashes = (await this.#files.bytes(await this.#file(tile, signal), TILE_WIDTH * HASH_BYTES)).subarray(0, tile.width * HASH_BYTES);
    const [oldest] = this.#tiles.keys();
    if (this.#tiles.size >= MAX_MIRROR_TILES && oldest !== undefined) this.#tiles.delete(oldest);
    this.#tiles.set(path, hashes);
    return hashes;
  }

  /** A file by its name; where a partial one is gone, the full one that has taken its place. */
  async #file(tile: TileName, signal: AbortSignal | undefined): Promise<OpenFile> {
    for (const width of new Set([tile.width, TILE_WIDTH])) {
      const file = await this.#files.open(tilePath({ ...tile, width }), { signal });
      if (typeof file !== 'string') return file;
    }
    throw this.#files.unreachable(`gives no ${tilePath(tile)}`);
  }
}
