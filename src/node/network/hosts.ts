// The names under which workloads of a contract reach each other: a file of hosts for each contract, which its containers
// see as their /etc/hosts, and the addresses in it, which stay the same for as long as the contract has the workload.
import { constants } from 'node:fs';
import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MAX_HOST_LINES } from '../../base/limits.js';
import { addressText, number, sizeOf, type Range } from './ranges.js';

/*
 *   127.0.0.1     localhost
 *   198.18.3.254  db                 own workloads, at their addresses in the bridge of the contract
 *   198.18.3.253  web www
 *   10.7.0.9      cache cache.shop-2  workloads of other contracts in the same private network
 *
 * The file is what remembers which address is whose, so it is written before the container is made, and over itself:
 * containers that run see the same file, and so new names at once. Addresses are given out from the top, since those
 * that podman gives out by itself begin at the bottom.
 */

/** A workload by its names. */
export interface Named {
  readonly name: string;
  readonly aliases?: readonly string[];
}

/** Somebody with an address of its own: a workload of another contract. */
export interface Other extends Named {
  readonly address: string;
}

/** Names of the container itself: whoever had them could answer for it. */
const RESERVED = ['localhost', 'ip6-localhost', 'ip6-loopback'];
const LOCAL = ['127.0.0.1 localhost', '::1 localhost ip6-localhost ip6-loopback'];
const ENTRY = /^[0-9a-f]{40}$/;

/** Place of each workload in its contract's network, counted from the last address: 0 is the one below the broadcast. */
export type Places = ReadonlyMap<string, number>;

/** Gives every workload a place that nobody else has; those that have one keep it. */
export function placesFor(names: readonly string[], known: Places): Places {
  const places = new Map(names.flatMap((name) => (known.has(name) ? [[name, known.get(name) ?? 0] as const] : [])));
  const taken = new Set(places.values());
  let next = 0;
  for (const name of names) {
    if (places.has(name)) continue;
    while (taken.has(next)) next += 1;
    places.set(name, next);
    taken.add(next);
  }
  return places;
}

/** Address of a place in a contract's network. */
function addressIn(range: Range, place: number): string {
  return addressText(range.from + sizeOf(range) - 2 - place);
}

/**
 * The file. Names of its own workloads stand before the same ones of others, which then are left out; so are names of
 * the container itself, and of others all that might be a host of the internet: what is neither NAME nor NAME.PART.
 */
export function hostsText(range: Range, places: Places, own: readonly Named[], others: readonly Other[]): string {
  const taken = new Set(RESERVED);
  const ownLines = own.flatMap(({ name, aliases = [] }) => {
    const place = places.get(name);
    // The first one is what remembers the address.
    const names = [name, ...aliases.filter((one) => !taken.has(one.toLowerCase()))];
    for (const one of names) taken.add(one.toLowerCase());
    return place === undefined ? [] : [`${addressIn(range, place)} ${names.join(' ')}`];
  });
  const otherLines = others.flatMap(({ address, name, aliases = [] }) => {
    const inPart = (one: string): string => (one.startsWith(`${name}.`) ? one.slice(name.length + 1) : one);
    const names = [name, ...aliases].filter((one) => !taken.has(one.toLowerCase()) && !inPart(one).includes('.'));
    return names.length === 0 ? [] : [`${address} ${names.join(' ')}`];
  });
  return [...LOCAL, ...ownLines, ...otherLines].slice(0, MAX_HOST_LINES).map((line) => `${line}\n`).join('');
}

/** The places that such a file gives: of the lines within some network of contracts, the first name. */
export function placesIn(text: string, size: number): Places {
  return new Map(text.split('\n').flatMap((line) => {
    const [, address, name] = /^(198\.1[89]\.[0-9.]+) (\S+)/.exec(line) ?? [];
    return address === undefined || name === undefined ? [] : [[name, size - 2 - (number(address) % size)] as const];
  }));
}

/** A place for one workload. */
export interface Placed {
  /** In its contract's network. */
  readonly address: string;
  /** File for its /etc/hosts. */
  readonly hosts: string;
}

/** The files of one node. Whoever calls sees to it that it is done one after the other. */
export class Hosts {
  readonly #folder: string;
  /** What the last round wants, by contract. */
  #wanted: ReadonlyMap<string, { readonly own: readonly Named[]; readonly others: readonly Other[] }> = new Map();

  /** @param folder for the files, made when it is needed */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** What a round wants: the names of each contract. Files that are there follow at once; those of other contracts go. */
  async apply(wanted: ReadonlyMap<string, { readonly own: readonly Named[]; readonly others: readonly Other[] }>, rangeOf: (contract: string) => Range | undefined): Promise<void> {
    this.#wanted = wanted;
    for (const name of await readdir(this.#folder).catch(() => [])) {
      const range = ENTRY.test(name) ? rangeOf(name) : undefined;
      if (ENTRY.test(name) && !wanted.has(name) && range === undefined) await rm(join(this.#folder, name), { force: true });
      if (wanted.has(name) && range !== undefined) await this.#write(name, range, []);
    }
  }

  /** The place of a workload that is about to be made, with the file as it has to be then. */
  async place(contract: string, range: Range, workload: Named): Promise<Placed> {
    const places = await this.#write(contract, range, [workload]);
    return { address: addressIn(range, places.get(workload.name) ?? 0), hosts: join(this.#folder, contract) };
  }

  /** @param more workloads that the last round did not know of */
  async #write(contract: string, range: Range, more: readonly Named[]): Promise<Places> {
    if (!ENTRY.test(contract)) throw new Error(`not a contract: ${JSON.stringify(contract)}`);
    const path = join(this.#folder, contract);
    const before = await readFile(path, 'utf8').catch(() => '');
    const known = placesIn(before, sizeOf(range));
    const { own = [], others = [] } = this.#wanted.get(contract) ?? {};
    const kept = [...known.keys()].filter((name) => own.length === 0 && !more.some((one) => one.name === name)).map((name) => ({ name }));
    const all = [...new Map([...own, ...kept, ...more].map((one) => [one.name, one])).values()];
    const places = placesFor(all.map(({ name }) => name), known);
    const text = hostsText(range, places, all, others);
    if (text !== before) await this.#over(path, text);
    return places;
  }

  /** Over what is there, and then cut off: a container has the file itself mounted, and reads it whole at any moment. */
  async #over(path: string, text: string): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o755 });
    const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o644);
    try {
      const bytes = Buffer.from(text);
      await file.write(bytes, 0, bytes.length, 0);
      await file.truncate(bytes.length);
      await file.chmod(0o644);
    } finally {
      await file.close();
    }
  }
}
