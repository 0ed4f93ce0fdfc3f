// A book as a folder that any web server or CDN can serve: C2SP tlog-tiles with the records beside the entries.
//
// Order of effects: files (each whole and synced before it has its name) → folders → milestones → checkpoint. A break leaves the old
// checkpoint, below which everything is there; the next export goes on, and writes no full file twice.
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { effect } from '../base/effect.js';
import { Problem } from '../base/errors.js';
import { MAX_MIRROR_WRITES, PIECE_BYTES } from '../base/limits.js';
import { parseBundle } from '../tlog/bundle.js';
import { parseCheckpointText } from '../tlog/checkpoint.js';
import { HASH_BYTES, leafHash } from '../tlog/merkle.js';
import { parseNote } from '../tlog/note.js';
import { TILE_WIDTH, tilePath, tilesOf, tileWidth, type TileName } from '../tlog/tiles.js';
import { entriesOf, hashesOf, recordsOf } from './bundles.js';
import type { Reader } from './reader.js';

/** What an export did. */
export interface Mirrored {
  /** Lines below the mirror's checkpoint now, and before. */
  readonly size: number;
  readonly before: number;
  /** Files that were written, the checkpoint not counted. */
  readonly files: number;
}

/** How an export is watched and ended. */
export interface MirrorOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: ((lines: number, of: number) => void) | undefined;
}

/** Folder within the mirror's, where an export makes its files; then the number of its process. */
const UNFINISHED = '.export-';
const unfinishedIn = (folder: string): string => join(folder, `${UNFINISHED}${process.pid}`);

/**
 * Brings a mirror's folder to the book's newest checkpoint; makes it where there is none.
 * @param folder what a web server shows as the log's prefix
 * @throws Problem `not_found` where the book has no checkpoint; `usage` where the folder holds something else, or a newer
 *   mirror; `integrity` where it mirrors lines that this book does not have, or the book is damaged
 */
export async function exportTiles(reader: Reader, folder: string, { signal, onProgress }: MirrorOptions): Promise<Mirrored> {
  const kept = reader.checkpoint();
  if (kept === undefined) throw new Problem('not_found', 'this book has no checkpoint yet');
  const { size, note } = kept;
  const before = mirroredSize(reader, folder, note, size);
  await dropUnfinished(folder);
  try {
    const files = await bringTo(reader, folder, { size, note, before }, { signal, onProgress });
    return { size, before, files };
  } finally {
    await rm(unfinishedIn(folder), { recursive: true, force: true }).catch(() => undefined);
  }
}

/** Returns how many files it wrote, the checkpoint not counted. */
async function bringTo(reader: Reader, folder: string, { size, note, before }: { size: number; note: string; before: number }, { signal, onProgress }: MirrorOptions): Promise<number> {
  const folders = new Set<string>([folder]);
  let files = 0;
  const tiles = [...tilesOf(size, before)];
  for (let at = 0; at < tiles.length; at += MAX_MIRROR_WRITES) {
    signal.throwIfAborted();
    const counts = await Promise.all(tiles.slice(at, at + MAX_MIRROR_WRITES).map((tile) => writeTile(reader, folder, tile, folders)));
    files += counts.reduce((sum, count) => sum + count, 0);
    const last = tiles[Math.min(at + MAX_MIRROR_WRITES, tiles.length) - 1];
    onProgress?.(last?.level === 0 ? last.n * TILE_WIDTH + last.width : size, size);
  }
  for (const one of folders) await sync(one);
  const milestones = milestonesText(reader);
  if (milestones !== '') await write(folder, 'milestones', [milestones]);
  await effect('mirror_told', () => write(folder, 'checkpoint', [note]));
  await sync(folder);
  await dropPartial(folder, before, size);
  return files;
}

/** The last checkpoint of each era that is over (bcdb/pinned.ts), oldest first, as NDJSON: who begins at line 0 is led by them. */
export function milestonesText(reader: Reader): string {
  let text = '';
  for (let one = reader.milestone(0); one !== undefined; one = reader.milestone(one.size)) text += `${JSON.stringify({ checkpoint: one.note })}\n`;
  return text;
}

/** Lines that a mirror has already; 0 where there is none. */
function mirroredSize(reader: Reader, folder: string, note: string, size: number): number {
  const path = join(folder, 'checkpoint');
  if (!existsSync(path)) return 0;
  let there;
  try {
    there = parseCheckpointText(parseNote(readFileSync(path, 'utf8')).text);
  } catch (cause) {
    throw new Problem('usage', `${path} is no checkpoint: this is not the folder of a mirror`, { cause, hint: 'name an empty folder' });
  }
  const ours = parseCheckpointText(parseNote(note).text);
  if (there.origin !== ours.origin) throw new Problem('usage', `${folder} mirrors another log, ${there.origin}`, { hint: 'name another folder' });
  if (there.size > size) throw new Problem('usage', `${folder} has ${there.size} lines, this copy ${size}: the mirror is newer`, { hint: 'bring this copy up to date first: 3bot grid join URL' });
  if (!reader.tree.root(there.size).equals(there.root)) throw new Problem('integrity', `${folder} mirrors ${there.size} lines that are not the first of this book: the log has forked, or one of the two is damaged`, { reason: 'fork', hint: '3bot bcdb verify' });
  return there.size;
}

/** Writes a tile, and with one of level 0 its two bundles; returns how many files that were. */
async function writeTile(reader: Reader, folder: string, { level, n, width }: { level: number; n: number; width: number }, folders: Set<string>): Promise<number> {
  const hashes = hashesOf(reader, level, { of: level, n, width });
  const wanted: [TileName, Iterable<string | Buffer>][] = [[{ of: level, n, width }, [hashes]]];
  if (level === 0) {
    const entries = entriesOf(reader, { of: 'entries', n, width });
    checkEntries(entries, hashes, n);
    wanted.push([{ of: 'entries', n, width }, [entries]], [{ of: 'records', n, width }, recordsOf(reader, { of: 'records', n, width })]);
  }
  let written = 0;
  for (const [name, pieces] of wanted) {
    const path = join(folder, tilePath(name));
    // A file has its name only once it is whole, and what a name stands for never changes.
    if (existsSync(path)) continue;
    for (let parent = dirname(path); parent.length > folder.length; parent = dirname(parent)) folders.add(parent);
    await effect('tile_written', () => write(folder, tilePath(name), pieces));
    written += 1;
  }
  return written;
}

/** Nothing is mirrored that its readers would refuse. */
function checkEntries(entries: Buffer, hashes: Buffer, n: number): void {
  for (const [i, entry] of parseBundle(entries, hashes.length / HASH_BYTES).entries()) {
    if (!leafHash(entry).equals(hashes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES))) throw new Problem('integrity', `line ${n * TILE_WIDTH + i} is not what its leaf says`, { hint: '3bot bcdb verify' });
  }
}

/** What exports that were killed have left. */
async function dropUnfinished(folder: string): Promise<void> {
  const names = existsSync(folder) ? await readdir(folder) : [];
  for (const name of names) if (name.startsWith(UNFINISHED) && !isRunning(Number(name.slice(UNFINISHED.length)))) await rm(join(folder, name), { recursive: true, force: true });
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Partial files whose full one is there now; a reader who has an older checkpoint cuts them from that. */
async function dropPartial(folder: string, before: number, size: number): Promise<void> {
  for (const { level, n, width } of tilesOf(before, before)) {
    if (width === TILE_WIDTH || tileWidth(size, level, n) < TILE_WIDTH) continue;
    for (const of of level === 0 ? [level, 'entries', 'records'] : [level]) await rm(join(folder, `${tilePath({ of, n, width: TILE_WIDTH })}.p`), { recursive: true, force: true });
  }
}

/** Writes a file that has its name only when all of it is on the disk. */
async function write(folder: string, name: string, pieces: Iterable<string | Buffer>): Promise<void> {
  const path = join(folder, name);
  const unfinished = join(unfinishedIn(folder), name.replaceAll('/', '-'));
  for (const one of [path, unfinished]) await mkdir(dirname(one), { recursive: true });
  try {
    await using file = await open(unfinished, 'w');
    for (const piece of inLargePieces(pieces)) await file.writeFile(piece);
    await file.datasync();
    await rename(unfinished, path);
  } catch (thrown) {
    await rm(unfinished, { force: true }).catch(() => undefined);
    throw thrown;
  }
}

function* inLargePieces(pieces: Iterable<string | Buffer>): Generator<Buffer> {
  let parts: Buffer[] = [];
  let bytes = 0;
  for (const piece of pieces) {
    parts.push(Buffer.from(piece as Buffer));
    bytes += piece.length;
    if (bytes < PIECE_BYTES) continue;
    yield Buffer.concat(parts);
    [parts, bytes] = [[], 0];
  }
  if (parts.length > 0) yield Buffer.concat(parts);
}

async function sync(folder: string): Promise<void> {
  await using handle = await open(folder, 'r');
  await handle.sync();
}
