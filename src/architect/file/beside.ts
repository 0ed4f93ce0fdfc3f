// Files that lie beside a blueprint, and nothing else of the machine: a stranger's file must not name the owner's keys.
import { lstatSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join, sep } from 'node:path';

/** What a path beside a blueprint is. `outside`: it would lead out of the blueprint's own folder. */
export type Found = 'file' | 'folder' | 'nothing' | 'outside' | 'too_large';

/** The folder of a blueprint that a person names; a published one has none. */
export interface Beside {
  /** Looks at a path as the file writes it (`./nginx.conf`), links followed. @param limit bytes a file may have */
  look(path: string, limit: number): Found;
  /** Names of what lies in a folder, sorted; at most `limit` of them. */
  list(path: string, limit: number): string[];
  /** The bytes of what `look` has found to be a file. */
  read(path: string): Buffer;
}

/** @param folder of the blueprint */
export function besideIn(folder: string): Beside {
  const whole = (path: string): string | null => {
    if (path.startsWith('/') || path.startsWith('~')) return null;
    const root = realpathSync(folder);
    const found = realpathSync(join(root, path));
    return found === root || found.startsWith(root.endsWith(sep) ? root : root + sep) ? found : null;
  };
  return {
    look(path, limit) {
      try {
        const found = whole(path);
        if (found === null) return 'outside';
        const stats = lstatSync(found);
        if (stats.isDirectory()) return 'folder';
        return !stats.isFile() ? 'nothing' : stats.size > limit ? 'too_large' : 'file';
      } catch {
        return 'nothing';
      }
    },
    list: (path, limit) => readdirSync(whole(path) ?? '').sort().slice(0, limit),
    read: (path) => readFileSync(whole(path) ?? ''),
  };
}
