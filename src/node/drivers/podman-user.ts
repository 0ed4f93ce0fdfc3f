// Which user a container runs as, so that a secret can be that user's file and nobody else's.
import { chown, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '../../base/errors.js';
import type { SecretsHere } from '../driver.js';
import type { PodmanApi } from './podman-api.js';

const TAR_BLOCK = 512;

/** The number of a user in a passwd file (passwd(5)); undefined where it is not there. Hostile: it comes with the image. */
export function uidIn(passwd: string, user: string): number | undefined {
  for (const line of passwd.split('\n')) {
    const [name, , uid = ''] = line.split(':');
    if (name === user && /^[0-9]{1,10}$/.test(uid)) return Number(uid);
  }
  return undefined;
}

/** The first file of a tar archive (pax, ustar) as text; empty where it is no plain file. Hostile. */
export function firstFile(tar: Buffer): string {
  const size = Number.parseInt(tar.toString('latin1', 124, 136), 8);
  const isPlain = tar.length >= TAR_BLOCK && /^[0\0]$/.test(tar.toString('latin1', 156, 157));
  return isPlain && size > 0 ? tar.toString('utf8', TAR_BLOCK, TAR_BLOCK + size) : '';
}

/**
 * Gives the files that a container sees of its secrets to the user whom it, which is not started yet, will run as.
 * @throws Problem `refused`, reason `user`, where the image knows no such user
 */
export async function giveToUser(api: PodmanApi, id: string, { files: folder, placed = [] }: Pick<SecretsHere, 'files' | 'placed'>, signal: AbortSignal): Promise<void> {
  if (folder === null && placed.length === 0) return;
  const { Config } = (await api.json({ method: 'GET', path: `/containers/${id}/json`, signal })) as { Config: { User: string } };
  const [user = ''] = Config.User.split(':');
  const uid = /^[0-9]*$/.test(user) ? Number(user) : await namedUid(api, id, user, signal);
  for (const { file } of placed) await chown(file, uid, -1);
  if (folder === null) return;
  for (const name of await readdir(folder)) await chown(join(folder, name), uid, -1);
  await chown(folder, uid, -1);
}

async function namedUid(api: PodmanApi, id: string, user: string, signal: AbortSignal): Promise<number> {
  const { bytes, status } = await api.call({ method: 'GET', path: `/containers/${id}/archive`, query: { path: '/etc/passwd' }, signal, accept: [404] });
  const uid = status === 404 ? undefined : uidIn(firstFile(bytes), user);
  if (uid === undefined) throw new Problem('refused', `the image knows no user ${JSON.stringify(user.slice(0, 40))}, whose the secrets are to be`, { reason: 'user' });
  return uid;
}
