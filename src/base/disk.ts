// What a disk does to us, in words of ours: full, read-only, broken, or a file damaged on it. SQLite's errors and the
// system's, known by their codes alone, so that whoever shows an error needs neither.
import { Problem } from './errors.js';

// SHMSIZE: no room for the index of a write-ahead log.
const FULL = /^(SQLITE_FULL|SQLITE_IOERR_SHMSIZE|ENOSPC|EDQUOT)/;
const READ_ONLY = /^(SQLITE_READONLY|EROFS)/;
const BROKEN = /^(SQLITE_IOERR|EIO)/;
const DAMAGED = /^(SQLITE_CORRUPT|SQLITE_NOTADB)/;

/**
 * The Problem that an error of a disk is; anything else as it is.
 * @param path file that was worked on, where it is known
 */
export function diskProblem(thrown: unknown, path?: string): unknown {
  if (thrown instanceof Problem) return thrown;
  const { code, message, path: failed } = (thrown ?? {}) as NodeJS.ErrnoException;
  if (typeof code !== 'string') return thrown;
  const place = path ?? failed;
  if (FULL.test(code)) return new Problem('failed', `no space left${place === undefined ? ' on the disk' : ` for ${place}`}; nothing was recorded`, { reason: 'disk_full', hint: 'free some space and run the command again', cause: thrown });
  if (READ_ONLY.test(code)) return new Problem('failed', `${place ?? 'the disk'} can only be read; nothing was recorded`, { reason: 'read_only', hint: "look at its rights and its disk ('ls -l', 'mount'), then run the command again", cause: thrown });
  if (BROKEN.test(code)) return new Problem('failed', `the disk does not read or write${place === undefined ? '' : ` ${place}`} (${code}); nothing was recorded`, { reason: 'disk', hint: "look at what the system says of the disk ('dmesg'), then run the command again", cause: thrown });
  if (DAMAGED.test(code)) return new Problem('integrity', `${place ?? 'a database'} is damaged: ${message}`, { reason: 'damaged', hint: "3bot bcdb verify; a backup or a copy's export is put in place with 3bot bcdb import", cause: thrown });
  return thrown;
}
