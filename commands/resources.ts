// The flags that say how much and where; explore, quote and reserve take the same.
import type { Command } from 'commander';
import { Problem } from '../src/base/errors.js';
import { MAX_FEATURES } from '../src/base/limits.js';
import { defaultResources, parseSize } from '../src/capacity/parse.js';
import type { Announcement, Resources } from '../src/schema/types.js';

/** What the flags become; both words of a resource are one option. */
export interface ResourceOptions {
  cpu?: number;
  cru?: number;
  memory?: number;
  mru?: number;
  ssd?: number;
  sru?: number;
  hdd?: number;
  hru?: number;
  ipv4?: number;
  farm?: string;
  node?: string;
  location?: string;
  runtime?: Announcement['runtime'];
  platform?: string;
  feature?: string[];
}

const SIZES = [['memory', 'mru', 'memory (default: 1 GiB a core)'], ['ssd', 'sru', 'SSD storage'], ['hdd', 'hru', 'HDD storage']] as const;

/** Adds the flags of resources and places. */
export function resourceOptions(command: Command): Command {
  command.option('--cpu <cores>', 'virtual cores', parseCount).option('--cru <cores>', 'the same as --cpu', parseCount);
  for (const [word, unit, meaning] of SIZES) {
    command.option(`--${word} <size>`, `${meaning}; a bare number is GiB, 512MiB works`, parseSize).option(`--${unit} <size>`, `the same as --${word}`, parseSize);
  }
  return command
    .option('--ipv4 <count>', 'public IPv4 addresses', parseCount)
    .option('--farm <farm>', 'only this farm: name, or first digits of its id')
    .option('--node <node>', 'only this node: first digits of its key')
    .option('--location <place>', 'only nodes in this country (two letters) or region')
    .option('--runtime <runtime>', 'only nodes with this runtime: podman or process', parseRuntime)
    .option('--platform <platform>', 'only nodes of this platform, for example linux/arm64 (default: what the image is for)', parsePlatform)
    .option('--feature <feature>', 'only nodes that announce it, for example vm, wireguard, gateway; what runs needs some by itself; repeat for more', collectFeature);
}

/**
 * The resources that are asked for; undefined where no flag names any.
 * @throws Problem `usage` where both words of one resource are given
 */
export function resourcesOf(options: ResourceOptions): Resources | undefined {
  const given = resourcesGiven(options);
  return Object.keys(given).length === 0 ? undefined : defaultResources(given);
}

/** The resources that flags name, and no others. @throws Problem `usage` where both words of one resource are given */
export function resourcesGiven(options: ResourceOptions): Partial<Resources> {
  const named = {
    cru: one(options.cpu, options.cru, '--cpu', '--cru'),
    mru_mib: one(options.memory, options.mru, '--memory', '--mru'),
    sru_mib: one(options.ssd, options.sru, '--ssd', '--sru'),
    hru_mib: one(options.hdd, options.hru, '--hdd', '--hru'),
    ipv4: options.ipv4,
  };
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
}

function one(value: number | undefined, same: number | undefined, flag: string, sameFlag: string): number | undefined {
  if (value !== undefined && same !== undefined) throw new Problem('usage', `${flag} and ${sameFlag} are the same; give one of them`);
  return value ?? same;
}

/** @throws Problem `usage` */
export function parseCount(text: string): number {
  if (!/^[0-9]{1,5}$/.test(text)) throw new Problem('usage', `not a whole number: ${JSON.stringify(text)}`, { hint: 'a number from 0 to 99999' });
  return Number(text);
}

/** @throws Problem `usage` */
function parsePlatform(text: string): string {
  if (!/^[a-z0-9]{2,20}\/[a-z0-9_]{2,20}$/.test(text)) throw new Problem('usage', `not a platform: ${JSON.stringify(text.slice(0, 100))}`, { hint: 'for example linux/amd64 or linux/arm64' });
  return text;
}

/** @throws Problem `usage` */
function collectFeature(text: string, before: string[] = []): string[] {
  if (!/^[a-z0-9-]{2,40}$/.test(text) || before.length >= MAX_FEATURES) throw new Problem('usage', `not a feature: ${JSON.stringify(text.slice(0, 100))}`, { hint: `a word as nodes announce it, at most ${MAX_FEATURES} of them: exec, vm, wireguard, gateway` });
  return [...before, text];
}

function parseRuntime(text: string): Announcement['runtime'] {
  if (text !== 'podman' && text !== 'process') throw new Problem('usage', `not a runtime: ${JSON.stringify(text)}`, { hint: 'podman or process' });
  return text;
}
