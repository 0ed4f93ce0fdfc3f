// An image without any registry, from a static busybox: for the demo, for doctor, for tests.
import { chmod, copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Problem } from '../base/errors.js';
import { run } from './children.js';

/** Where Debian's and Alpine's packages put it. */
const BUSYBOX = ['/bin/busybox', '/usr/bin/busybox', '/bin/busybox.static'];
const APPLETS = ['sh', 'httpd', 'cat', 'echo', 'sleep', 'ls', 'id', 'dd', 'head', 'tail', 'seq', 'grep', 'kill', 'wget', 'ps'];

/** Path of busybox, or undefined. */
export function staticBusybox(): string | undefined {
  return BUSYBOX.find((path) => existsSync(path));
}

/**
 * Makes `localhost/<name>` of busybox and gives its reference `localhost/<name>@sha256:…`; `remove` takes it away.
 * @param name `[a-z0-9-]+`
 * @throws Problem `unreachable` naming the package when there is no busybox or podman; `failed` if it is not a static one
 */
export async function makeLocalImage(name: string, signal: AbortSignal): Promise<string> {
  const busybox = staticBusybox();
  if (busybox === undefined) throw new Problem('unreachable', 'busybox is not installed', { reason: 'missing', hint: 'apt-get install -y busybox-static' });
  const work = await mkdtemp(join(tmpdir(), '3bot-image-'));
  try {
    await mkdir(join(work, 'root', 'bin'), { recursive: true });
    for (const folder of ['tmp', 'etc', 'www', 'data']) await mkdir(join(work, 'root', folder));
    await chmod(join(work, 'root', 'tmp'), 0o1777);
    await writeFile(join(work, 'root', 'etc', 'passwd'), 'root:x:0:0:root:/:/bin/sh\nweb:x:1000:1000:web:/:/bin/sh\n');
    await copyFile(busybox, join(work, 'root', 'bin', 'busybox'));
    for (const applet of APPLETS) await symlink('busybox', join(work, 'root', 'bin', applet));
    await run('tar', ['-C', join(work, 'root'), '-cf', join(work, 'root.tar'), '.'], signal);
    await run('podman', ['import', '--quiet', join(work, 'root.tar'), `localhost/${name}:latest`], signal);
    const digest = (await run('podman', ['image', 'inspect', '--format', '{{.Digest}}', `localhost/${name}:latest`], signal)).trim();
    return `localhost/${name}@${digest}`;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Takes a local image away; one that is not there is fine. */
export async function removeLocalImage(name: string, signal: AbortSignal): Promise<void> {
  await run('podman', ['image', 'rm', '--ignore', '--force', `localhost/${name}:latest`], signal);
}
