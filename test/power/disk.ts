// A disk as a power cut may leave it, made of a trace (trace.c): what was synced is there, of everything else any part.
//
// Stricter than most file systems: a name is durable only once its own folder was synced, a file's bytes only once the
// file was; what was not may be kept whole, in part (by 512-byte sectors) or not at all, in any order.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Random } from '../random.js';

const SECTOR = 512;

/** One thing that a process did to its files; paths are relative to the traced folder. */
export type Event =
  | { readonly kind: 'create'; readonly path: string; readonly file: number }
  | { readonly kind: 'write'; readonly file: number; readonly offset: number; readonly data: Buffer }
  | { readonly kind: 'truncate'; readonly file: number; readonly size: number }
  | { readonly kind: 'sync'; readonly file: number; readonly path: string }
  | { readonly kind: 'rename'; readonly path: string; readonly to: string }
  | { readonly kind: 'link'; readonly path: string; readonly to: string }
  | { readonly kind: 'unlink'; readonly path: string }
  | { readonly kind: 'mkdir'; readonly path: string };

/** Reads a trace. A file is known by a number of its own, since the system gives inodes again. */
export function readTrace(path: string, root: string): Event[] {
  const bytes = readFileSync(path);
  const files = new Map<bigint, number>();
  const events: Event[] = [];
  const place = (text: Buffer): string => relative(root, text.toString());
  for (let at = 0; at < bytes.length; ) {
    const kind = String.fromCharCode(bytes.readUInt8(at));
    const inode = bytes.readBigUInt64LE(at + 1);
    const offset = Number(bytes.readBigUInt64LE(at + 9));
    const [length, more] = [bytes.readUInt32LE(at + 17), bytes.readUInt32LE(at + 21)];
    const a = bytes.subarray(at + 25, at + 25 + length);
    const b = bytes.subarray(at + 25 + length, at + 25 + length + more);
    at += 25 + length + more;
    if (kind === 'C') files.set(inode, events.length);
    const file = files.get(inode) ?? -1;
    if (kind === 'C') events.push({ kind: 'create', path: place(a), file });
    else if (kind === 'W') events.push({ kind: 'write', file, offset, data: a });
    else if (kind === 'T') events.push({ kind: 'truncate', file, size: offset });
    else if (kind === 'S') events.push({ kind: 'sync', file, path: place(a) });
    else if (kind === 'R' || kind === 'L') events.push(kind === 'R' ? { kind: 'rename', path: place(a), to: place(b) } : { kind: 'link', path: place(a), to: place(b) });
    else events.push(kind === 'M' ? { kind: 'mkdir', path: place(a) } : { kind: 'unlink', path: place(a) });
  }
  return events;
}

/** What a cut leaves of what was not synced. */
export type Survival = 'nothing' | 'everything' | Random;

type FileEvent = Extract<Event, { kind: 'write' | 'truncate' }>;
type NameEvent = Extract<Event, { kind: 'create' | 'rename' | 'link' | 'unlink' | 'mkdir' }>;

/** Writes into `to` what is on the disk when the power goes before event number `cut`. */
export function rebuild(events: readonly Event[], cut: number, survival: Survival, to: string): void {
  const before = events.slice(0, cut);
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  for (const [path, file] of namesOf(before, survival)) {
    if (file === FOLDER) mkdirSync(join(to, path), { recursive: true, mode: 0o700 });
    else writeFileSync(join(to, path), contentsOf(before, file, survival), { mode: 0o600 });
  }
}

const FOLDER = -1;

/** Names that are there, folders before what is in them. */
function namesOf(events: readonly Event[], survival: Survival): Map<string, number> {
  const names = new Map<string, number>([['', FOLDER]]);
  const lost = new Map<string, boolean>();
  for (const [i, event] of events.entries()) {
    if (!('path' in event) || event.kind === 'sync') continue;
    const folder = dirname(event.kind === 'rename' || event.kind === 'link' ? event.to : event.path).replace(/^\.$/, '');
    // Of what was not synced a folder keeps a beginning: names are journalled in order.
    if (lost.get(folder) === true) continue;
    const isSynced = events.slice(i + 1).some((later) => later.kind === 'sync' && later.path === folder);
    if (!isSynced && !survives(survival)) {
      lost.set(folder, true);
      continue;
    }
    if (names.get(folder) === FOLDER) applyName(names, event);
  }
  return names;
}

function applyName(names: Map<string, number>, event: NameEvent): void {
  if (event.kind === 'create') names.set(event.path, event.file);
  else if (event.kind === 'mkdir') names.set(event.path, FOLDER);
  else if (event.kind === 'unlink') names.delete(event.path);
  else {
    const file = names.get(event.path);
    if (event.kind === 'rename') names.delete(event.path);
    if (file !== undefined) names.set(event.to, file);
  }
}

function contentsOf(events: readonly Event[], file: number, survival: Survival): Buffer {
  const synced = events.findLastIndex((event) => event.kind === 'sync' && event.file === file);
  const content = new Content();
  for (const [i, event] of events.entries()) {
    if ((event.kind !== 'write' && event.kind !== 'truncate') || event.file !== file) continue;
    if (i < synced || survival === 'everything') content.apply(event);
    else if (survival !== 'nothing') for (const part of partsOf(event, survival)) content.apply(part);
  }
  return content.bytes;
}

/** The bytes of a file, which grows. */
class Content {
  #space = Buffer.alloc(65_536);
  #size = 0;

  get bytes(): Buffer {
    return this.#space.subarray(0, this.#size);
  }

  apply(event: FileEvent): void {
    const end = event.kind === 'write' ? event.offset + event.data.length : event.size;
    if (end > this.#space.length) this.#space = Buffer.concat([this.#space, Buffer.alloc(2 * end - this.#space.length)]);
    if (event.kind === 'write') event.data.copy(this.#space, event.offset);
    else this.#space.fill(0, end);
    this.#size = event.kind === 'write' ? Math.max(this.#size, end) : end;
  }
}

/** What is left of something that was not synced: all, nothing, or some of its sectors. */
function partsOf(event: FileEvent, random: Random): FileEvent[] {
  if (random.chance(0.4)) return [event];
  if (event.kind === 'truncate' || random.chance(0.4)) return [];
  const parts: FileEvent[] = [];
  for (let start = 0; start < event.data.length; ) {
    const length = Math.min(event.data.length - start, SECTOR - ((event.offset + start) % SECTOR));
    if (random.chance(0.5)) parts.push({ ...event, offset: event.offset + start, data: event.data.subarray(start, start + length) });
    start += length;
  }
  return parts;
}

function survives(survival: Survival): boolean {
  return survival === 'everything' || (survival !== 'nothing' && survival.chance(0.5));
}
