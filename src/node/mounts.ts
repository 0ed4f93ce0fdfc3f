// What is mounted where, as the kernel says.
import { readFile } from 'node:fs/promises';

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
