// What a machine is told at its first start: cloud-init's NoCloud source, a small CD with user-data and meta-data.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '../../base/errors.js';
import { run } from '../children.js';
import type { StartSpec } from '../driver.js';

/** What is on the CD (cloudinit.readthedocs.io, NoCloud). JSON is YAML. */
export interface Seed {
  readonly user: string;
  readonly meta: string;
}

/**
 * The seed of a workload that is a machine.
 * @param secret its user data where that is a secret
 * @throws Problem `refused`, reason `workload`, where the configuration is no JSON object
 */
export function seedOf({ contract, workload: { name, vm = {} } }: Pick<StartSpec, 'contract' | 'workload'>, secret: Buffer | null): Seed {
  const meta = { 'instance-id': `${contract}-${name}`, 'local-hostname': name, ...(vm.ssh_keys === undefined ? {} : { 'public-keys': vm.ssh_keys }) };
  const said = secret?.toString('utf8') ?? vm.cloud_config ?? '{}';
  if (secret === null && !isJsonObject(said)) throw new Problem('refused', 'the cloud configuration is no JSON object', { reason: 'workload' });
  // A secret may be what cloud-init takes of others, too: a script, an archive.
  const user = said.startsWith('#') ? said : `#cloud-config\n${said}\n`;
  return { user, meta: `${JSON.stringify(meta)}\n` };
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** Writes the CD `seed.iso` into a folder, which is to be memory-backed: the seed may be a secret. */
export async function writeSeed(folder: string, { user, meta }: Seed, signal: AbortSignal): Promise<void> {
  const source = join(folder, 'seed');
  await rm(source, { recursive: true, force: true });
  await mkdir(source, { mode: 0o700 });
  try {
    await writeFile(join(source, 'user-data'), user, { mode: 0o600 });
    await writeFile(join(source, 'meta-data'), meta, { mode: 0o600 });
    await run('genisoimage', ['-quiet', '-output', join(folder, 'seed.iso'), '-volid', 'cidata', '-joliet', '-rock', source], signal);
  } finally {
    await rm(source, { recursive: true, force: true });
  }
}
