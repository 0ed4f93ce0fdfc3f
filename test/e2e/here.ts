// What the end-to-end tests look at on this machine, with their own eyes.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Whether containers can be run here. CI must: there a test without them would prove nothing. */
export const HAS_PODMAN = process.getuid?.() === 0 && spawnSync('podman', ['--version'], { stdio: 'ignore' }).error === undefined;
/** Reason to skip, or false. */
export const NO_PODMAN = HAS_PODMAN || process.env['CI'] !== undefined ? false : 'podman is not installed (apt-get install -y podman runc)';

/** What starting a whole grid may take on a busy machine. */
export const GRID_MS = 120_000;

/** Output of a program. */
export function output(file: string, ...args: string[]): string {
  const { stdout, stderr, status } = spawnSync(file, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${file} ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** The environment a process was started with, `NAME=VALUE` each; undefined where it is gone. */
export function environOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return undefined;
  }
}

/** The arguments of a process, with spaces between. */
export function wordsOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

/** All processes below one, and itself. */
export function family(root: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((one) => /^[0-9]+$/.test(one))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // Gone meanwhile.
    }
  }
  const found = [root];
  for (const one of found) for (const [child, parent] of parents) if (parent === one) found.push(child);
  return found;
}

/** TCP ports at which a process listens: its sockets among those that the kernel says listen. */
export function listeningPorts(pid: number): number[] {
  const own = new Set<string>();
  for (const name of readdirSync(`/proc/${pid}/fd`)) {
    try {
      const inode = /^socket:\[([0-9]+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${name}`))?.[1];
      if (inode !== undefined) own.add(inode);
    } catch {
      // Closed meanwhile.
    }
  }
  const rows = ['tcp', 'tcp6'].flatMap((table) => readFileSync(`/proc/${pid}/net/${table}`, 'utf8').split('\n').slice(1).map((row) => row.trim().split(/\s+/)));
  // proc(5): field 1 is the local address, 3 the state (0A: listening), 9 the inode.
  return rows.filter((row) => row[3] === '0A' && own.has(row[9] ?? '')).map((row) => Number.parseInt(row[1]?.split(':')[1] ?? '', 16));
}
