// What an address asks of the market: the filters of `reserve`, each as the command line writes it.
import { parseDuration } from '../base/duration.js';
import { MAX_FEATURES } from '../base/limits.js';
import { NOTHING } from '../capacity/fit.js';
import { defaultResources, parseSize } from '../capacity/parse.js';
import type { Search } from '../market/directory.js';
import { findBot, findFarm, findNode } from '../market/find.js';
import type { Reader } from '../bcdb/reader.js';
import type { Announcement, Resources } from '../schema/types.js';

/** Terms of who says nothing: as of the commands. */
const TERM_MS = 30 * 24 * 3_600_000;

const WORD = { type: 'string', minLength: 1, maxLength: 120 };
const COUNT = { type: 'string', pattern: '^[0-9]{1,5}$' };
const SIZE = { type: 'string', minLength: 1, maxLength: 24, description: 'GiB, or with its unit: 100, 512MiB, 1TiB' };
const TRUE = { enum: ['true'] };

/** JSON schemas of the filters, by their names. */
export const FILTERS = {
  cpu: { ...COUNT, description: 'virtual cores' },
  memory: { ...SIZE, description: 'GiB, or with its unit: 512MiB; left out: 1 GiB a core' },
  ssd: SIZE,
  hdd: SIZE,
  ipv4: { ...COUNT, description: 'public IPv4 addresses' },
  farm: { ...WORD, description: 'name, or first digits of the id' },
  node: { ...WORD, description: 'first digits of the key' },
  location: { ...WORD, description: 'two-letter country, or region' },
  runtime: { enum: ['podman', 'process'] },
  platform: { type: 'string', pattern: '^[a-z0-9]{2,20}/[a-z0-9_]{2,20}$', description: 'for example linux/amd64' },
  features: { type: 'string', pattern: `^[a-z0-9-]{2,40}(,[a-z0-9-]{2,40}){0,${MAX_FEATURES - 1}}$`, description: 'what a node must announce, for example exec,vm,wireguard,gateway' },
  for: { type: 'string', minLength: 2, maxLength: 24, description: 'how long, for example 12h or 30d, which it is where left out' },
  dedicated: { ...TRUE, description: 'each as a whole, and nobody else on it' },
  buyer: { ...WORD, description: 'whose prices count: name, did:key:… or key of a bot; left out: anybody\'s' },
} as const;

/** The filters as they came; each has fitted its schema. */
export type Asked = { readonly [name in keyof typeof FILTERS]?: string };

/** What was asked for, and whether resources were. */
export interface Wanted {
  readonly search: Search;
  /** Resources were asked for, so that each node has a price. */
  readonly isPriced: boolean;
}

/**
 * Reads the filters.
 * @param asked hostile, of the right shape
 * @param at ms since 1970
 * @throws Problem `usage`; `not_found` for a farm, node or buyer that this grid does not have
 */
export function wantedOf(reader: Reader, asked: Asked, at: number): Wanted {
  const resources = resourcesOf(asked);
  const dedicated = asked.dedicated !== undefined;
  return {
    isPriced: resources !== undefined || dedicated,
    search: {
      resources: resources ?? NOTHING,
      farm: asked.farm === undefined ? undefined : findFarm(reader, asked.farm).id,
      node: asked.node === undefined ? undefined : findNode(reader, asked.node).key,
      location: asked.location,
      runtime: asked.runtime as Announcement['runtime'] | undefined,
      ...(asked.platform === undefined ? {} : { platforms: [asked.platform] }),
      ...(asked.features === undefined ? {} : { features: asked.features.split(',') }),
      at,
      buyer: { key: asked.buyer === undefined ? undefined : findBot(reader, asked.buyer), term_ms: asked.for === undefined ? TERM_MS : parseDuration(asked.for), dedicated },
    },
  };
}

function resourcesOf({ cpu, memory, ssd, hdd, ipv4 }: Asked): Resources | undefined {
  if ([cpu, memory, ssd, hdd, ipv4].every((one) => one === undefined)) return undefined;
  return defaultResources({
    ...(cpu === undefined ? {} : { cru: Number(cpu) }),
    ...(memory === undefined ? {} : { mru_mib: parseSize(memory) }),
    ...(ssd === undefined ? {} : { sru_mib: parseSize(ssd) }),
    ...(hdd === undefined ? {} : { hru_mib: parseSize(hdd) }),
    ...(ipv4 === undefined ? {} : { ipv4: Number(ipv4) }),
  });
}
