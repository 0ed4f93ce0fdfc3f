// The mark in the folder of a node's volumes: without it the disk that they lie on is not mounted, or is another one.
//
//   node watch   config names no marked folder ─▶ mark, where nothing is missing there ─▶ config names the folder
//   each round   config names it, no mark      ─▶ nothing is made, wiped or released until it is back
//
// An empty mount point looks just like volumes that were wiped: taken for that, the end of a contract would be recorded
// as `released` with its data still on a disk somewhere, and the next volume would be made on the wrong one.
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Problem } from '../base/errors.js';
import type { ReadState } from '../bcdb/rulebook.js';
import { makeFolder, replaceFile, updateConfig, type Home } from '../home.js';
import { read } from '../rules/objects.js';
import { resourcesOf } from '../rules/view.js';
import type { NodeConfig } from '../schema/types.js';
import type { Check } from './driver.js';
import type { Volume, Volumes } from './volume.js';

/** Name of the mark; it holds the node's key. */
export const MARK = '.3bot-node';

/** Folder of a node's volumes. */
export function volumesFolder({ data }: Pick<NodeConfig, 'data'>): string {
  return resolve(data, 'volumes');
}

/**
 * Marks the folder of a node's volumes once, and notes in the config that it is to be looked for. A folder that lacks
 * volumes which the node has said to hold gets no mark: its disk is not there.
 * @param taken ids of the contracts that the node has taken on and not released
 * @param hasVolumes there are volumes in the folder: also those of a release that made no marks
 * @returns the config as it is now
 */
export async function markVolumes(home: Home, config: NodeConfig, state: ReadState, taken: Iterable<string>, hasVolumes: boolean): Promise<NodeConfig> {
  const folder = volumesFolder(config);
  if (config.marked === folder) return config;
  if (hasVolumes || ![...taken].some((contract) => isOwed(state, contract))) {
    makeFolder(folder);
    if ((await markIn(folder)) === null) replaceFile(join(folder, MARK), `${config.key}\n`, 0o600);
  }
  const changed: NodeConfig = { ...config, marked: folder };
  updateConfig(home, (all) => void (all.node = changed));
  return changed;
}

/** Whether data of this contract lies on the node's disk, by the book. */
function isOwed(state: ReadState, id: string): boolean {
  const contract = read(state, 'contract', id);
  if (contract === undefined || contract.started_at === null) return false;
  const { sru_mib, hru_mib } = resourcesOf(contract);
  return sru_mib + hru_mib > 0;
}

/** Whose mark is in a folder; null: there is none. */
async function markIn(folder: string): Promise<string | null> {
  try {
    return (await readFile(join(folder, MARK), 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Volumes of a marked folder: nothing is made or wiped while the mark is not there. */
export class MarkedVolumes implements Volumes {
  readonly #volumes: Volumes;
  readonly #folder: string;
  readonly #node: string;

  constructor(volumes: Volumes, folder: string, node: string) {
    this.#volumes = volumes;
    this.#folder = folder;
    this.#node = node;
  }

  get enforced(): boolean {
    return this.#volumes.enforced;
  }

  get growsInUse(): boolean {
    return this.#volumes.growsInUse;
  }

  async missing(): Promise<Problem | null> {
    const mark = await markIn(this.#folder);
    if (mark === this.#node) return null;
    const found = mark === null ? 'has no mark of this node: the disk of the volumes is not mounted, or is another one' : 'bears the mark of another node';
    const hint = `mount the disk of the volumes; to begin anew on an empty one, and give up what was on the other: echo ${this.#node} > '${join(this.#folder, MARK)}'`;
    return new Problem('unreachable', `${this.#folder} ${found}; volumes are neither made nor wiped`, { reason: 'volumes', hint });
  }

  async check(signal: AbortSignal): Promise<Check[]> {
    const missing = await this.missing();
    return missing === null ? this.#volumes.check(signal) : [{ name: 'volumes', ok: false, evidence: missing.message, remedy: missing.hint ?? null }];
  }

  async ensure(contract: string, size_mib: number, signal: AbortSignal): Promise<string> {
    await this.#demand();
    return this.#volumes.ensure(contract, size_mib, signal);
  }

  list(): Promise<Volume[]> {
    return this.#volumes.list();
  }

  async wipe(contract: string, signal: AbortSignal): Promise<void> {
    await this.#demand();
    return this.#volumes.wipe(contract, signal);
  }

  async #demand(): Promise<void> {
    const missing = await this.missing();
    if (missing !== null) throw missing;
  }
}
