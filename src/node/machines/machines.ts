// Machines of one node: what a workload that is one needs before its container is made, and how it is asked to end.
import { createHash } from 'node:crypto';
import { lstat, mkdir, readdir, rm, rmdir, statfs, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '../../base/errors.js';
import { MIN_MACHINE_MIB } from '../../base/limits.js';
import type { Workload } from '../../schema/types.js';
import { run } from '../children.js';
import type { Ref, Scope, StartSpec } from '../driver.js';
import { IN_MEMORY, memoryPlaces } from '../secrets/files.js';
import { ensureDisk } from './disk.js';
import { pressPower } from './qmp.js';
import { seedOf, writeSeed } from './seed.js';
import type { Accelerator, Prepared } from './spec.js';

/*
 *   <data>/machine-root/                     empty folders and links: root of every machine's container
 *   <memory>/3bot-machines-<node>/<hash of contract and workload>/
 *     seed.iso                               cloud-init's; may hold a secret
 *     qmp.sock                               QEMU's control socket, while it runs
 */

/** What a container can be told and a machine cannot: its own cloud-init is asked instead. */
const FOR_CONTAINERS = ['entrypoint', 'directory', 'user', 'read_only', 'tmpfs', 'ulimits', 'mounts'] as const satisfies readonly (keyof Workload)[];

/** What they are made of. */
export interface MachineOptions extends Scope {
  /** Folder of the node's data. */
  readonly folder: string;
  /** Test only: without a processor that runs machines. */
  readonly testAccelerator?: 'tcg';
}

/** Prepares, powers off and forgets machines. Holds nothing but where things lie. */
export class Machines {
  readonly #options: MachineOptions;
  readonly #accelerator: Accelerator;

  constructor(options: MachineOptions) {
    this.#options = options;
    this.#accelerator = options.testAccelerator ?? 'kvm';
  }

  /**
   * Makes disk and seed, where they are not there; may be repeated at any time, and is, before every start.
   * @param image under which podman knows it; it is here
   * @throws Problem `refused` with a reason, `failed`
   */
  async prepare(spec: StartSpec, image: string, signal: AbortSignal): Promise<Prepared> {
    const { workload, limits, data } = spec;
    const wrong = refusalOf(workload);
    if (wrong !== null) throw new Problem('refused', wrong, { reason: 'workload' });
    if (limits.mru_mib < MIN_MACHINE_MIB) throw new Problem('refused', `a machine needs at least ${MIN_MACHINE_MIB} MiB of memory`, { reason: 'limits' });
    if (data === null) throw new Problem('refused', 'a machine needs a disk, and its contract has no disk space', { reason: 'disk_small' });
    const root = await this.#makeRoot();
    const digest = /@sha256:([0-9a-f]{64})$/.exec(workload.image ?? '')?.[1];
    if (digest === undefined) throw new Problem('refused', 'a machine has an image by its digest', { reason: 'image' });
    const mounted = (await run('podman', ['image', 'mount', image], signal)).trim();
    try {
      const disk = await ensureDisk(mounted, data, workload.name, digest, signal);
      const runtime = await this.#makeRuntime({ contract: spec.contract, workload: workload.name });
      const secret = workload.vm?.secret === undefined ? null : ((await spec.secrets?.bytes(workload.vm.secret)) ?? null);
      await writeSeed(runtime, seedOf(spec, secret), signal);
      return { disk, runtime, root, accelerator: this.#accelerator };
    } finally {
      await run('podman', ['image', 'unmount', image], signal).catch(() => undefined);
    }
  }

  /** Presses its power button. @returns whether that reached it */
  async pressPower(ref: Ref, signal: AbortSignal): Promise<boolean> {
    for (const place of memoryPlaces()) if (await pressPower(join(this.#runtimeAt(place, ref), 'qmp.sock'), signal)) return true;
    return false;
  }

  /** Deletes what lies in memory; the disk stays with the volume. */
  async remove(ref: Ref): Promise<void> {
    for (const place of memoryPlaces()) {
      const folder = this.#runtimeAt(place, ref);
      await rm(folder, { recursive: true, force: true });
      // That of the node, with the last of them.
      await rmdir(join(folder, '..')).catch(() => undefined);
    }
  }

  #runtimeAt(place: string, { contract, workload }: Ref): string {
    const id = createHash('sha256').update(`${contract}/${workload}`).digest('hex').slice(0, 32);
    return join(place, `3bot-machines-${this.#options.node.slice(0, 16)}`, id);
  }

  /** Short, for the sake of the socket; only this user may look into it. */
  async #makeRuntime(ref: Ref): Promise<string> {
    for (const place of memoryPlaces()) {
      if (!IN_MEMORY.has(await statfs(place).then(({ type }) => type, () => 0))) continue;
      const folder = this.#runtimeAt(place, ref);
      const above = join(folder, '..');
      await mkdir(above, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
      });
      const found = await lstat(above);
      if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o077) !== 0) throw new Problem('refused', `${above} is not a folder of this user alone`, { reason: 'secrets', hint: 'remove it' });
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await rm(join(folder, 'qmp.sock'), { force: true });
      return folder;
    }
    throw new Problem('refused', 'this node has no memory-backed folder for what a machine is told', { reason: 'secrets', hint: 'mount a tmpfs at /dev/shm' });
  }

  async #makeRoot(): Promise<string> {
    const root = join(this.#options.folder, 'machine-root');
    for (const name of ['usr', 'dev', 'proc', 'sys', 'run', 'tmp', 'etc', 'machine', 'machine/disk', 'machine/run']) await mkdir(join(root, name), { recursive: true, mode: 0o755 });
    const there = new Set(await readdir(root));
    for (const name of ['bin', 'sbin', 'lib', 'lib64']) if (!there.has(name)) await symlink(`usr/${name}`, join(root, name));
    return root;
  }
}

/** Why a workload cannot be a machine as it is, or null. */
function refusalOf(workload: Workload): string | null {
  const { command, env, secrets, registry, vm = {}, health } = workload;
  const field = FOR_CONTAINERS.find((name) => workload[name] !== undefined) ?? (command.length > 0 ? 'command' : env.length > 0 ? 'env' : undefined);
  if (field !== undefined) return `a machine is told by its cloud configuration, not by ${field}`;
  if (health?.type === 'command') return 'nothing can be run within a machine to see its health; ask a port';
  const unused = secrets.find(({ name }) => name !== vm.secret && name !== registry?.secret);
  return unused === undefined ? null : `a machine is given one secret, as its cloud configuration; ${unused.name} is none`;
}
