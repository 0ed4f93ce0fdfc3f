// Web names: what a name of a workload is in whole, who has it on a node, and where it is reached. Pure.
import type { ReadState } from '../bcdb/rulebook.js';
import { read } from '../rules/objects.js';
import type { Gateway, Workload } from '../schema/types.js';
import { isPrivateHost } from '../net/addresses.js';

/** A name that leads to a port of a workload. */
export interface WebName {
  /** In whole: `blog.example.org`. */
  readonly name: string;
  readonly workload: string;
  /** Of the workload. */
  readonly port: number;
}

/**
 * The whole name that a workload means: a label stands below the node's domain, everything else is whole already.
 * @returns the name, or why there is none
 * @example wholeName('blog', 'example.org') // {name: 'blog.example.org'}
 */
export function wholeName(host: string, domain: string | null): { readonly name: string } | { readonly refusal: string } {
  if (host === domain) return { refusal: `${host} is the domain of the node's own gateway; only names below it are given out` };
  if (host.includes('.')) return { name: host };
  return domain === null ? { refusal: `the node's gateway has no domain, so ${host} has to be a whole name, for example ${host}.example.org` } : { name: `${host}.${domain}` };
}

/** The names of workloads that are names, in whole. */
export function webNames(workloads: readonly Workload[], domain: string | null): WebName[] {
  return workloads.flatMap(({ name: workload, web = [] }) => web.flatMap(({ host, port }) => {
    const whole = wholeName(host, domain);
    return 'name' in whole ? [{ name: whole.name, workload, port }] : [];
  }));
}

/**
 * Who has which name on a node: of the contracts that have it in their list, the one that has had it there longest.
 * @param contracts ids of those of the node that are not over: with its contract a name ends
 * @returns whole name to contract id
 */
export function webHolders(state: ReadState, contracts: Iterable<string>, domain: string | null): Map<string, string> {
  const first = new Map<string, { readonly contract: string; readonly since: number }>();
  for (const contract of contracts) {
    for (const { host, since } of read(state, 'contract', contract)?.web ?? []) {
      const whole = wholeName(host, domain);
      if ('name' in whole && since < (first.get(whole.name)?.since ?? Infinity)) first.set(whole.name, { contract, since });
    }
  }
  return new Map([...first].map(([name, { contract }]) => [name, contract]));
}

/** Where a name is reached; ports that browsers take by themselves are left out. */
export function webUrl(name: string, { http, https }: Gateway): string {
  if (https !== null) return `https://${name}${https === 443 ? '' : `:${https}`}/`;
  return `http://${name}${http === 80 ? '' : `:${http}`}/`;
}

/**
 * What a gateway serves. Certificates are asked for only where an authority can look at it under the ports that it
 * expects (RFC 8555 8.3, RFC 8737): 80 and 443 of a public address.
 * @param address of the node, as announced
 */
export function servedBy(ports: { readonly domain: string | null; readonly http: number; readonly https: number }, address: string | null): Gateway {
  const { domain, http, https } = ports;
  const isPublic = address !== null && !isPrivateHost(address);
  return { domain, http, https: http === 80 && https === 443 && isPublic ? https : null };
}
