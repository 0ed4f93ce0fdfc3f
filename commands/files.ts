// Files and input that a person hands over, and files for a result.
import { closeSync, openSync, readSync } from 'node:fs';
import { Problem, messageOf } from '../src/base/errors.js';
import type { Io } from '../src/cli/io.js';
import { createFile } from '../src/home.js';

const READ_BYTES = 65_536;

/** Writes a new file. @throws Problem `usage` where there is one already, or it cannot be written */
export function writeNew(path: string, text: string): void {
  try {
    createFile(path, text);
  } catch (cause) {
    const isThere = (cause as NodeJS.ErrnoException).code === 'EEXIST';
    throw new Problem('usage', isThere ? `${path} is there already` : `cannot write ${path}: ${messageOf(cause)}`, { cause, ...(isThere ? { hint: 'name another file' } : {}) });
  }
}

/** Reads a whole file, whatever it holds. @throws Problem `usage` where it cannot be read or is larger than `limit` bytes */
export function readBytes(path: string, limit: number): Buffer {
  try {
    const bytes = readUpTo(path, limit + 1);
    if (bytes.length <= limit) return bytes;
  } catch (cause) {
    throw new Problem('usage', `cannot read ${path}: ${messageOf(cause)}`, { cause });
  }
  throw new Problem('usage', `${path} has more than ${limit} bytes`);
}

/** Reads a file of text; a pipe or device too. @throws Problem `usage` where it cannot be read or is larger than `limit` bytes */
export function readText(path: string, limit: number): string {
  return readBytes(path, limit).toString('utf8');
}

// Not by its size: a device says 0 and never ends.
function readUpTo(path: string, limit: number): Buffer {
  const parts: Buffer[] = [];
  const file = openSync(path, 'r');
  try {
    for (let left = limit; left > 0; ) {
      const part = Buffer.allocUnsafe(Math.min(left, READ_BYTES));
      const read = readSync(file, part);
      if (read === 0) break;
      parts.push(part.subarray(0, read));
      left -= read;
    }
  } finally {
    closeSync(file);
  }
  return Buffer.concat(parts);
}

/** Reads stdin to its end, as text. @throws Problem `usage` above `limit` bytes */
export async function readInput(io: Io, limit: number): Promise<string> {
  return (await readInputBytes(io, limit)).toString('utf8');
}

/** Reads stdin to its end. @throws Problem `usage` above `limit` bytes */
export async function readInputBytes({ stdin }: Pick<Io, 'stdin'>, limit: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of stdin as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > limit) throw new Problem('usage', `stdin gives more than ${limit} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}
