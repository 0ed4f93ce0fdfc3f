// Which system calls containers may make: what podman allows on this machine, without namespaces and mounts. They are
// how most holes in kernels are reached from a container, and podman's own list leaves them in (Docker's does not).
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Problem } from '../../base/errors.js';

/** One rule of a profile, as containers-common writes it (seccomp.json), as far as it is used. */
export interface SeccompRule {
  readonly names: readonly string[];
  readonly action: string;
  readonly errnoRet?: number;
  readonly errno?: string;
  readonly args?: readonly object[] | null;
}

/** A profile: the rules, and what else it has. */
export interface SeccompProfile {
  readonly syscalls: readonly SeccompRule[];
}

/** Where podman looks itself, in this order: the farmer's own, then the package's. */
const PROFILES = ['/etc/containers/seccomp.json', '/usr/share/containers/seccomp.json'];
/** Nobody without CAP_SYS_ADMIN has a use for them, but in a user namespace of its own. */
const DENIED = ['unshare', 'setns', 'mount', 'umount', 'umount2', 'pivot_root', 'fsopen', 'fsconfig', 'fsmount', 'fspick', 'move_mount', 'open_tree', 'mount_setattr'];
/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET (clone(2)); its flags are the first argument on amd64 and arm64. */
const NEW_NAMESPACES = 0x7e02_0000;

/**
 * The same profile without calls that make, enter or rearrange namespaces. Threads and processes are made as ever:
 * clone3, whose flags no filter sees, is said not to exist, and C libraries then take clone. Pure.
 */
export function withoutNamespaces(profile: SeccompProfile): SeccompProfile {
  const taken = new Set([...DENIED, 'clone', 'clone3']);
  const rest = profile.syscalls.map((rule) => ({ ...rule, names: rule.names.filter((name) => !taken.has(name)) })).filter(({ names }) => names.length > 0);
  return {
    ...profile,
    syscalls: [
      ...rest,
      { names: DENIED, action: 'SCMP_ACT_ERRNO', errnoRet: 1, errno: 'EPERM' },
      { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: 38, errno: 'ENOSYS' },
      { names: ['clone'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: NEW_NAMESPACES, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }] },
    ],
  };
}

/**
 * Writes this machine's profile into a folder.
 * @returns its path; null where podman has its list built in: that one holds then
 * @throws Problem `failed` where the machine's own file is no profile
 */
export async function placeSeccomp(folder: string): Promise<string | null> {
  const texts = await Promise.all(PROFILES.map((path) => readFile(path, 'utf8').catch(() => null)));
  const text = texts.find((one) => one !== null);
  if (text === undefined || text === null) return null;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, 'seccomp.json');
  const beside = `${path}.${randomBytes(6).toString('hex')}`;
  await writeFile(beside, JSON.stringify(withoutNamespaces(parseProfile(text))), { mode: 0o600 });
  await rename(beside, path);
  return path;
}

function parseProfile(text: string): SeccompProfile {
  try {
    const profile = JSON.parse(text) as Partial<SeccompProfile>;
    if (Array.isArray(profile.syscalls)) return { ...profile, syscalls: profile.syscalls };
  } catch {
    // Said below.
  }
  throw new Problem('failed', `${PROFILES.join(' or ')} is no list of system calls`, { reason: 'seccomp', hint: 'apt-get install --reinstall golang-github-containers-common (Debian), or mend the farmer\'s own' });
}
