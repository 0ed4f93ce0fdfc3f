// What workloads may reach, as one table of nftables that belongs to this agent alone.
import { readFile } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import { Problem } from '../../base/errors.js';
import { MAX_MACHINE_ROUTES } from '../../base/limits.js';
import type { Programs } from '../children.js';
import { NOT_INTERNET, parseRange, rangeText, type Range } from './ranges.js';

/*
 * A packet of a workload, once it has left its container on the bridge of its contract:
 *
 *   to the same bridge                                       let through
 *   to another bridge       published port (CNI's DNAT)?     let through, else refused
 *   to this machine itself  its resolver, its web gateway, allowed? let through, else refused
 *   elsewhere               resolver, allowed by the farmer? let through
 *                           private, or a network that the machine stands in? refused
 *                           the internet                     let through
 *   over IPv6               refused: contracts' networks have none, only what a link gives itself
 *
 * and one to a workload: answers, and published ports; nothing else, from wherever.
 *
 * Names of bridges begin with the node's, and the rules ask for the beginning: a bridge that comes into being is
 * guarded before its first packet. The table is replaced as a whole, in one transaction of the kernel; tables of others,
 * podman's own among them, are never touched, and a packet must pass all of them.
 */

/** First letters of every bridge that any agent on this machine makes. */
export const BRIDGES = '3b';

/** What the table is made of. */
export interface Wall {
  /** Beginning of the names of this node's bridges. */
  readonly prefix: string;
  /** Name servers of the machine. */
  readonly resolvers: readonly string[];
  /** TCP ports of this machine that are for everybody: of its web gateway. */
  readonly open: readonly number[];
  /** Networks of the farmer's that workloads may reach all the same. */
  readonly allowed: readonly Range[];
  /** Networks that this machine stands in. */
  readonly own: readonly Range[];
}

/** The table, as `nft -f` reads it; put in place of the one that was there. Pure. */
export function wallText(table: string, { prefix, resolvers, open, allowed, own }: Wall): string {
  const dns = 'ip daddr @resolvers meta l4proto { tcp, udp } th dport 53 accept';
  const set = (name: string, type: string, elements: readonly string[]): string => `  set ${name} { ${type}; ${elements.length === 0 ? '' : `elements = { ${elements.join(', ')} }; `}}`;
  const networks = 'type ipv4_addr; flags interval; auto-merge';
  return [
    `table inet ${table} {}`,
    `delete table inet ${table}`,
    `table inet ${table} {`,
    set('resolvers', networks, resolvers),
    set('open', 'type inet_service', open.map(String)),
    set('allowed', networks, allowed.map(rangeText)),
    set('farmers', networks, [...NOT_INTERNET, ...own.map(rangeText)]),
    `  chain forward { type filter hook forward priority filter - 5; policy accept; iifname "${prefix}*" jump from_workload; oifname "${prefix}*" jump to_workload; }`,
    `  chain input { type filter hook input priority filter - 5; policy accept; iifname "${prefix}*" jump to_machine; }`,
    '  chain from_workload {',
    '    fib saddr . iif oif 0 drop',
    '    ct state established,related accept',
    // With br_netfilter, packets within a bridge come by, too: what leads back to where it came from.
    '    fib daddr . iif oif exists accept',
    '    meta nfproto ipv6 reject with icmpx admin-prohibited',
    `    oifname "${BRIDGES}*" ct status dnat accept`,
    `    oifname "${BRIDGES}*" reject with icmpx admin-prohibited`,
    `    ${dns}`,
    '    ip daddr @allowed accept',
    '    ip daddr @farmers reject with icmpx admin-prohibited',
    '    accept',
    '  }',
    '  chain to_workload {',
    '    ct state established,related accept',
    '    ct status dnat accept',
    '    drop',
    '  }',
    '  chain to_machine {',
    '    ct state established,related accept',
    `    ${dns}`,
    '    meta nfproto ipv4 tcp dport @open accept',
    '    ip daddr @allowed accept',
    '    reject with icmpx admin-prohibited',
    '  }',
    '}',
    '',
  ].join('\n');
}

/** Keeps one table as it should be. */
export class Firewall {
  readonly #table: string;
  readonly #programs: Programs;
  /** What was put in last, and what the kernel made of it. */
  #last: { readonly text: string; readonly listed: string } | undefined;

  /** @param table a name of letters, digits and `_` */
  constructor(table: string, programs: Programs) {
    this.#table = table;
    this.#programs = programs;
  }

  /**
   * Puts the table in where it is not there, was changed, or should be another. Cheap where nothing has changed.
   * @throws Problem `unreachable` without nft, `failed` with its words
   */
  async apply(wall: Wall, signal: AbortSignal): Promise<void> {
    const text = wallText(this.#table, wall);
    if (this.#last?.text === text && (await this.#list(signal)) === this.#last.listed) return;
    await this.#programs('nft', ['-f', '-'], signal, undefined, text);
    this.#last = { text, listed: (await this.#list(signal)) ?? '' };
  }

  /** Takes the table away. */
  async remove(signal: AbortSignal): Promise<void> {
    this.#last = undefined;
    await this.#programs('nft', ['-f', '-'], signal, undefined, `table inet ${this.#table} {}\ndelete table inet ${this.#table}\n`);
  }

  /** As the kernel has it, without counters; null where it is gone. */
  async #list(signal: AbortSignal): Promise<string | null> {
    try {
      return await this.#programs('nft', ['--stateless', 'list', 'table', 'inet', this.#table], signal);
    } catch (thrown) {
      if (signal.aborted || !(thrown instanceof Problem) || thrown.code !== 'failed') throw thrown;
      return null;
    }
  }
}

/** Name servers in a resolv.conf(5) that a container is given, too: podman leaves out those on the loopback. */
export function resolversIn(text: string): string[] {
  const found = text.split('\n').flatMap((line) => /^\s*nameserver\s+(\S+)\s*$/.exec(line)?.[1] ?? []);
  return [...new Set(found.filter((address) => isIPv4(address) && !address.startsWith('127.')))].sort();
}

/** The machine's name servers; systemd's own stub is on the loopback, and podman then gives what is behind it. */
export async function machineResolvers(): Promise<string[]> {
  const texts = await Promise.all(['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf'].map((path) => readFile(path, 'utf8').catch(() => '')));
  return resolversIn(texts.join('\n'));
}

/** Below this a route is no network of the machine's but half of the world, as some tunnels write their default route. */
const SHORTEST_OWN_BITS = 8;

/**
 * Networks that this machine has a route of its own to, but for its default route: the farmer's, whatever their addresses.
 * @param routes what `ip -json -4 route show table all` prints
 * @returns sorted, without those of bridges that agents made
 */
export function ownNetworks(routes: string): Range[] {
  const rows = JSON.parse(routes) as { dst?: string; dev?: string; type?: string }[];
  const found = rows.flatMap(({ dst = 'default', dev = '', type = 'unicast' }) => (type === 'unicast' && !dev.startsWith(BRIDGES) ? (parseRange(dst) ?? []) : []));
  const own = found.filter(({ bits }) => bits >= SHORTEST_OWN_BITS);
  if (own.length > MAX_MACHINE_ROUTES) throw new Problem('refused', `this machine has ${own.length} routes: it is a router, and which networks are the farmer's cannot be told`, { reason: 'routes' });
  return [...new Map(own.map((range) => [rangeText(range), range])).values()].sort((a, b) => a.from - b.from || a.bits - b.bits);
}
