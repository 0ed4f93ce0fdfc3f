// Secrets as files for workloads: in memory-backed folders only, so that no disk ever holds them in the clear.
import { randomBytes } from 'node:crypto';
import { lstat, mkdir, readdir, rename, rm, rmdir, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '../../base/errors.js';
import type { Ref } from '../driver.js';

/*
 *   <memory>/3bot-<node>/                    0700
 *     <contract>.<workload>/files/<name>     what the workload sees as /run/secrets/<name>
 *     <contract>.<workload>/env/<variable>   values of variables
 *     <contract>.<workload>/placed/<name>    what it sees elsewhere
 *
 * Gone when the machine is started anew; then made again from the vault, before the workload is started.
 */

/** File systems that live in memory (statfs(2)): tmpfs, ramfs. */
export const IN_MEMORY: ReadonlySet<number> = new Set([0x01021994, 0x858458f6]);
const ENTRY = /^([0-9a-f]{40})\.([a-z0-9-]{1,50})$/;

/** A secret as it is written. */
export interface SecretFile {
  readonly name: string;
  readonly bytes: Buffer;
}

/** Where a workload's files are; null: it has none of that kind. */
export interface Placed {
  readonly files: string | null;
  readonly env: readonly { readonly name: string; readonly file: string }[];
  readonly placed: readonly { readonly path: string; readonly file: string }[];
}

/** The files of a workload, by what becomes of them. */
export interface ToPlace {
  readonly files: readonly SecretFile[];
  readonly env: readonly SecretFile[];
  /** Each at a path of the workload's. */
  readonly placed: readonly (SecretFile & { readonly path: string })[];
}

/** Where memory-backed folders may be made, the better place first. */
export function memoryPlaces(): string[] {
  const own = process.env['XDG_RUNTIME_DIR'];
  return [...(process.getuid?.() === 0 ? ['/run'] : []), ...(own?.startsWith('/') === true ? [own] : []), '/dev/shm'];
}

/** The files of one node. */
export class SecretFiles {
  readonly #name: string;
  readonly #places: readonly string[];
  #made: Promise<string> | undefined;

  /** @param node key of the node @param places see `memoryPlaces` */
  constructor(node: string, places: readonly string[] = memoryPlaces()) {
    this.#name = `3bot-${node.slice(0, 32)}`;
    this.#places = places;
  }

  /**
   * Writes the files of one workload in place of those it had.
   * @throws Problem `refused`, reason `secrets`, where no folder of this machine is memory-backed, or another user's is in the way
   */
  async place(ref: Ref, { files, env, placed }: ToPlace): Promise<Placed> {
    const entry = nameOf(ref);
    const draft = await this.#draft();
    const folder = join(draft, '..', entry);
    for (const [kind, all] of [['files', files], ['env', env], ['placed', placed]] as const) {
      await mkdir(join(draft, kind), { mode: 0o700 });
      for (const { name, bytes } of all) await writeFile(join(draft, kind, name), bytes, { mode: 0o400, flag: 'wx' });
    }
    await rm(folder, { recursive: true, force: true });
    await rename(draft, folder);
    return { files: files.length === 0 ? null : join(folder, 'files'), env: env.map(({ name }) => ({ name, file: join(folder, 'env', name) })), placed: placed.map(({ name, path }) => ({ path, file: join(folder, 'placed', name) })) };
  }

  /** The workloads that have files here. */
  async list(): Promise<Ref[]> {
    const all = await Promise.all(this.#places.map((place) => readdir(join(place, this.#name)).catch(() => [])));
    return all.flat().flatMap((name) => {
      const [, contract, workload] = ENTRY.exec(name) ?? [];
      return contract === undefined || workload === undefined ? [] : [{ contract, workload }];
    });
  }

  /** Deletes the files of a workload, and the node's folder with the last of them; what is not there is fine. */
  async remove(ref: Ref): Promise<void> {
    for (const place of this.#places) {
      const root = join(place, this.#name);
      await rm(join(root, nameOf(ref)), { recursive: true, force: true });
      // Not empty, or not there.
      await rmdir(root).catch(() => undefined);
    }
  }

  /** Deletes all files of the node, and its folder. */
  async clear(): Promise<void> {
    for (const place of this.#places) await rm(join(place, this.#name), { recursive: true, force: true });
    this.#made = undefined;
  }

  /** A new folder in the node's. */
  async #draft(): Promise<string> {
    const name = `new-${randomBytes(8).toString('hex')}`;
    for (let isAgain = false; ; isAgain = true) {
      this.#made ??= this.#root();
      try {
        const draft = join(await this.#made, name);
        await mkdir(draft, { mode: 0o700 });
        return draft;
      } catch (error) {
        this.#made = undefined;
        // It went with the last workload that had files in it.
        if (isAgain || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
  }

  /** The node's folder, made where there is none, without what an earlier process left half made. In a place that all may write to, another user could have made it. */
  async #root(): Promise<string> {
    for (const place of this.#places) {
      const kind = await statfs(place).then(({ type }) => type, () => 0);
      if (!IN_MEMORY.has(kind)) continue;
      const root = join(place, this.#name);
      await mkdir(root, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
      });
      const found = await lstat(root);
      if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o077) !== 0) throw new Problem('refused', `${root} is not a folder of this user alone`, { reason: 'secrets', hint: 'remove it' });
      for (const name of await readdir(root)) if (name.startsWith('new-')) await rm(join(root, name), { recursive: true });
      return root;
    }
    throw new Problem('refused', 'this node has no memory-backed folder for secrets', { reason: 'secrets', hint: 'mount a tmpfs at /dev/shm' });
  }
}

/** Names come from records: nothing but an id and a name may become part of a path. */
function nameOf({ contract, workload }: Ref): string {
  const name = `${contract}.${workload}`;
  if (!ENTRY.test(name)) throw new Error(`not a contract and workload: ${JSON.stringify(name)}`);
  return name;
}
