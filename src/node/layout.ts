// How a volume is laid out: the tenant's part lies in a folder of its own. One from before that is put right.
import { chmod, chown, lstat, mkdir, readdir, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '../base/errors.js';
import { mountsSeenBy, placeOf } from './mounts.js';

/*
 *   <volume>/.3bot-layout      it is laid out so: written before files/ gets its name
 *   <volume>/.3bot-files/      only while it is being laid out: files/ to be
 *   <volume>/files/            what its workloads see
 *
 * A tenant of an earlier release had the whole volume, and may have a folder `files` of its own at the top: so the
 * mark, and not that folder, says what this is. Each step is a rename or can be repeated; ext4 keeps their order, so
 * that a power cut is no other than a kill.
 */

const MARK = '.3bot-layout';
const DRAFT = '.3bot-files';

/** The tenant's part of a volume. */
export function filesOf(data: string): string {
  return join(data, 'files');
}

/** What this process is laying out: workloads of one contract begin side by side. */
const underWay = new Map<string, Promise<void>>();

/**
 * Lays a volume out, be it new or of an earlier release; what is in it becomes the tenant's part. May be repeated after
 * a crash at any point.
 * @param data folder of the volume; no other process lays it out
 * @throws Problem `failed`, reason `volume`, while a container of an earlier release has the whole of it
 */
export async function layOut(data: string): Promise<void> {
  const before = underWay.get(data);
  if (before !== undefined) return before;
  const mine = layOutAlone(data).finally(() => underWay.delete(data));
  underWay.set(data, mine);
  return mine;
}

async function layOutAlone(data: string): Promise<void> {
  const [mark, draft] = [join(data, MARK), join(data, DRAFT)];
  if (!(await isThere(mark))) {
    const names = (await readdir(data)).filter((name) => name !== DRAFT);
    if (names.length > 0 && (await isSeenWhole(data))) throw new Problem('failed', 'a workload of this contract still has the whole volume, as an earlier release gave it; it has to end first', { reason: 'volume' });
    await mkdir(draft, { mode: 0o700 }).catch(ifThere);
    await demandNoLinks(data, [DRAFT]);
    for (const name of names) await rename(join(data, name), join(draft, name));
    await giveToTenant(data, draft);
    await writeFile(mark, '');
  }
  if (await isThere(draft)) await rename(draft, filesOf(data));
  await demandNoLinks(data, await readdir(data));
}

/** Whoever had the whole volume may have left the mark there, and links in the place of our folders. */
async function demandNoLinks(data: string, names: readonly string[]): Promise<void> {
  for (const name of names) if ((await lstat(join(data, name))).isSymbolicLink()) throw new Problem('refused', `the volume has a link ${JSON.stringify(name.slice(0, 40))} where only folders of the node's are`, { reason: 'volume' });
}

/** A new one is for whoever the workload runs as; else it belongs to whom the volume did. */
async function giveToTenant(data: string, draft: string): Promise<void> {
  const { uid, gid, mode } = await stat(data);
  const isNew = (await readdir(draft)).length === 0;
  await chown(draft, uid, gid);
  await chmod(draft, isNew ? 0o777 : mode & 0o7777);
}

/** Whether a process sees all of the volume somewhere else than this one does. */
async function isSeenWhole(data: string): Promise<boolean> {
  const whole = placeOf(data, await mountsSeenBy('self'));
  for (const pid of await readdir('/proc')) {
    if (!/^[0-9]+$/.test(pid)) continue;
    // It may have ended since.
    const seen = await mountsSeenBy(Number(pid)).catch(() => []);
    if (seen.some(({ device, root, point }) => device === whole.device && root === whole.root && point !== data)) return true;
  }
  return false;
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(() => true, () => false);
}

function ifThere(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
