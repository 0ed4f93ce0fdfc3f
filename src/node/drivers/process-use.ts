// What a group of processes uses, as Linux tells it.
import { readFile } from 'node:fs/promises';
import type { Stats } from '../driver.js';
import { allPids } from './group.js';

/** Ticks of /proc a second: USER_HZ, 100 on every machine that Node.js runs on. */
const TICK_MS = 10;
const PAGE_BYTES = 4_096;

/** Sums up what the processes of a group use; null where there is no such group, or no /proc to tell. */
export async function groupUse(leader: number): Promise<Stats | null> {
  const all = await Promise.all((await allPids()).map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')));
  // Fields 3 and on follow the last bracket: 5 is the group, 14 to 17 processor time with that of ended children, 24 pages.
  const ours = all.map((text) => text.slice(text.lastIndexOf(')') + 2).split(' ')).filter((fields) => Number(fields[2]) === leader);
  if (ours.length === 0) return null;
  const sum = (...fields: number[]): number => ours.reduce((total, one) => total + fields.reduce((part, field) => part + Number(one[field - 3] ?? 0), 0), 0);
  return { time: Date.now(), cpu_ms: sum(14, 15, 16, 17) * TICK_MS, memory_bytes: sum(24) * PAGE_BYTES, pids: ours.length, received_bytes: null, sent_bytes: null };
}
