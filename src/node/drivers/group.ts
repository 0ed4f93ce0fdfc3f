// Processes of this machine that belong together, as Linux tells it.
import { readdir, readFile } from 'node:fs/promises';

/** Numbers of all processes; none where there is no /proc. */
export async function allPids(): Promise<number[]> {
  return (await readdir('/proc').catch(() => [])).filter((name) => /^[0-9]+$/.test(name)).map(Number);
}

/** Kills processes of those given that hold. One that is gone meanwhile is fine. */
export async function killAll(pids: readonly number[], holds: (pid: number) => Promise<boolean>): Promise<void> {
  for (const pid of pids) {
    if (pid <= 1 || pid === process.pid || !(await holds(pid))) continue;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It is gone.
    }
  }
}

/** A process, all that it and its children have begun, and its session (proc(5): fields 4 and 6). */
export async function familyOf(root: number): Promise<number[]> {
  const all = await Promise.all((await allPids()).map(async (pid) => {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { pid, parent: Number(fields[1]), session: Number(fields[3]) };
  }));
  const found = new Set([root]);
  // What is added on the way is looked at, too.
  for (const one of found) for (const { pid, parent, session } of all) if (parent === one || session === root) found.add(pid);
  return [...found];
}
