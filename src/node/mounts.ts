// What is mounted where, as the kernel says.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '../base/errors.js';

/** A line of `/proc/<pid>/mountinfo` (proc(5)): which part of which file system is mounted where. */
export interface MountLine {
  /** `major:minor` */
  readonly device: string;
  readonly root: string;
  readonly point: string;
}

/** Reads `/proc/<pid>/mountinfo`. */
export function parseMounts(text: string): MountLine[] {
  // Spaces and backslashes are written in octal.
  const plain = (word: string): string => word.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
  return text.split('\n').flatMap((line) => {
    const [, , device, root, point] = line.split(' ');
    return device === undefined || root === undefined || point === undefined ? [] : [{ device, root: plain(root), point: plain(point) }];
  });
}

/** The table of mounts of a process. @param pid `self`, or a number */
export async function mountsSeenBy(pid: number | 'self'): Promise<MountLine[]> {
  return parseMounts(await readFile(`/proc/${pid}/mountinfo`, 'utf8'));
}

/**
 * Which part of which file system a path is.
 * @param lines the table of mounts that the path is seen with
 * @throws Problem `failed`, reason `mount`, where nothing is mounted there
 */
export function placeOf(path: string, lines: readonly MountLine[]): Pick<MountLine, 'device' | 'root'> {
  const isBelow = ({ point }: MountLine): boolean => point === '/' || path === point || path.startsWith(`${point}/`);
  const on = lines.filter(isBelow).reduce<MountLine | undefined>((best, line) => (best !== undefined && best.point.length > line.point.length ? best : line), undefined);
  if (on === undefined) throw new Problem('failed', `${path} lies on nothing that is mounted`, { reason: 'mount' });
  return { device: on.device, root: join(on.root, path.slice(on.point === '/' ? 0 : on.point.length)) };
}
