// The private networks that this node carries: for each a namespace of its own, with WireGuard on one side and its
// owner's workloads on the other.
import { createSocket } from 'node:dgram';
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { messageOf, Problem } from '../../base/errors.js';
import { sha256Hex } from '../../base/hash.js';
import { newWireguardSecret, wireguardKey } from '../../keys/wireguard.js';
import { wireguardFile, type Peer } from '../../market/network.js';
import type { Programs } from '../children.js';
import type { Check } from '../driver.js';

/*
 *   container            the network's namespace on this node               the machine
 *   eth0 ── contract's   net0 ══ v… 10.7.0.1 w… ── encrypted, UDP ──▶ socket of WireGuard ──▶ another node, a device
 *           bridge       10.7.0.9
 *
 * WireGuard's interface is born on the machine, where its socket stays, and then moved into the namespace; so nothing of
 * the network's addresses is ever on the machine, two owners may use the same ones, and there is no way from one network
 * to another or to the machine. Within the namespace every workload has a route of its own: none can speak for another.
 *
 *   /run/netns/3bot-<node>-<tag>     the namespace, found again after a restart of the agent
 *   <folder>/<network>.conf (0600)   key and port of this node in it, and its peers, as wg reads them
 *
 * Losing a .conf makes a new key, which the next round tells the others.
 */

/** Where ports for networks begin (WireGuard's own), and how many there are: the farmer lets these in. */
const FIRST_PORT = 51_820;
const PORTS = 1_024;
/** What is left of 1,500 bytes within WireGuard. */
const MTU = 1_420;
/** Letters of a hash in a name: with one before them as many as an interface's may have. */
const TAG = 14;
const ID = /^[0-9a-f]{40}$/;
/** Where wireguard-go listens for wg. */
const SOCKETS = '/var/run/wireguard';

/** A network as this node should carry it. */
export interface Carried {
  /** 40 hex digits. */
  readonly id: string;
  /** `10.x.0.0/16`. */
  readonly subnet: string;
  /** Everybody else in it, when this node's keys are left out. */
  readonly peers: (own: string) => readonly Peer[];
}

/** This node's end of a network. */
export interface End {
  /** Hex. */
  readonly key: string;
  readonly port: number;
}

/** What networks are made with. */
export interface WireguardOptions {
  /** First digits of the node's key. */
  readonly node: string;
  /** Folder of the files; made with mode 0700. */
  readonly folder: string;
  /** Nobody can call this node. */
  readonly callsOnly: boolean;
  readonly programs: Programs;
}

/** Carries private networks. Linux, as root. All methods may be repeated after a crash at any point. */
export class Wireguard {
  readonly #options: WireguardOptions;
  readonly #programs: Programs;
  /** Network to the file that its interface has. */
  readonly #set = new Map<string, string>();

  constructor(options: WireguardOptions) {
    this.#options = options;
    this.#programs = options.programs;
  }

  /** Tries it: makes an interface and takes it away. */
  async check(signal: AbortSignal): Promise<Check> {
    const name = 'wireguard';
    const trial = this.#nameOf('check');
    try {
      const how = await this.#born(trial, signal);
      await this.#programs('wg', ['show', trial], signal);
      return { name, ok: true, evidence: `private networks by ${how}; UDP ports ${FIRST_PORT} to ${FIRST_PORT + PORTS - 1} must reach this machine, or it only calls others`, remedy: null };
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      return { name, ok: false, evidence: `no private networks: ${messageOf(thrown)}`, remedy: 'apt-get install -y wireguard-tools wireguard-go iproute2' };
    } finally {
      await this.#unborn(trial, AbortSignal.timeout(5_000)).catch(() => undefined);
    }
  }

  /**
   * Makes a network be as it should.
   * @returns this node's end of it
   * @throws Problem `unreachable`, `failed` with the system's words
   */
  async carry({ id, subnet, peers }: Carried, signal: AbortSignal): Promise<End> {
    const space = this.#spaceOf(id);
    const device = this.#nameOf(id);
    const { secret, port } = await this.#own(id);
    const key = wireguardKey(secret);
    const file = wireguardFile({ secret, port, address: null, callsOnly: this.#options.callsOnly }, peers(key));
    const there = await this.#devices(space, signal);
    if (there === null) await this.#makeSpace(space, subnet, signal);
    const isNew = there?.has(device) !== true;
    if (isNew) {
      await this.#unborn(device, signal);
      await this.#born(device, signal);
      await this.#ip(signal, 'link', 'set', device, 'netns', space);
    }
    if (isNew || this.#set.get(id) !== file) {
      const path = await this.#write(id, file);
      await this.#inside(space, signal, 'wg', 'syncconf', device, path);
      await this.#ip(signal, '-n', space, 'link', 'set', device, 'mtu', String(MTU), 'up');
      await this.#ip(signal, '-n', space, 'route', 'replace', subnet, 'dev', device);
      this.#set.set(id, file);
    }
    return { key, port };
  }

  /** Workloads (by `linkOf`) that are in a network. */
  async joined(id: string, signal: AbortSignal): Promise<ReadonlySet<string>> {
    return (await this.#devices(this.#spaceOf(id), signal)) ?? new Set();
  }

  /**
   * Puts a workload into a network, at its address, before its first process begins.
   * @param sandbox path of the workload's network namespace, below /run/netns
   */
  async join({ id, subnet }: Pick<Carried, 'id' | 'subnet'>, workload: string, address: string, sandbox: string, signal: AbortSignal): Promise<void> {
    const space = this.#spaceOf(id);
    const outer = linkOf(workload);
    const inner = basename(sandbox);
    if ((await this.joined(id, signal)).has(outer)) await this.#ip(signal, '-n', space, 'link', 'delete', outer);
    await this.#ip(signal, '-n', space, 'link', 'add', outer, 'mtu', String(MTU), 'type', 'veth', 'peer', 'name', 'net0', 'mtu', String(MTU), 'netns', inner);
    await this.#ip(signal, '-n', inner, 'address', 'add', `${address}/32`, 'dev', 'net0');
    await this.#ip(signal, '-n', inner, 'link', 'set', 'net0', 'up');
    await this.#ip(signal, '-n', inner, 'route', 'replace', subnet, 'via', gatewayOf(subnet), 'dev', 'net0', 'onlink');
    await this.#ip(signal, '-n', space, 'link', 'set', outer, 'up');
    await this.#ip(signal, '-n', space, 'route', 'replace', `${address}/32`, 'dev', outer);
  }

  /** Takes away every network of this node but these. */
  async keep(ids: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
    const kept = new Set([...ids].map((id) => this.#spaceOf(id)));
    const prefix = this.#spaceOf('').slice(0, -TAG);
    for (const space of await namesIn('/run/netns')) {
      if (!space.startsWith(prefix) || kept.has(space)) continue;
      await this.#ip(signal, 'netns', 'delete', space);
      await rm(join(SOCKETS, `w${space.slice(-TAG)}.sock`), { force: true });
    }
    for (const name of await namesIn(this.#options.folder)) {
      const id = name.slice(0, 40);
      if (!ID.test(id) || ids.has(id)) continue;
      this.#set.delete(id);
      await rm(join(this.#options.folder, name), { force: true });
    }
  }

  async #makeSpace(space: string, subnet: string, signal: AbortSignal): Promise<void> {
    await this.#ip(signal, 'netns', 'add', space);
    await this.#ip(signal, '-n', space, 'link', 'set', 'lo', 'up');
    await this.#ip(signal, '-n', space, 'address', 'add', `${gatewayOf(subnet)}/32`, 'dev', 'lo');
    await this.#programs('nsenter', [`--net=/run/netns/${space}`, 'tee', '/proc/sys/net/ipv4/ip_forward'], signal, undefined, '1');
  }

  /** An interface on the machine, by the kernel or by wireguard-go, which goes on when the agent ends. */
  async #born(device: string, signal: AbortSignal): Promise<string> {
    try {
      await this.#ip(signal, 'link', 'add', device, 'type', 'wireguard');
      return 'the kernel';
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      await this.#programs('wireguard-go', [device], signal);
      // It answers once it has taken the interface up; moved away before, it would not find it.
      await this.#programs('wg', ['show', device], signal);
      return 'wireguard-go';
    }
  }

  /** What was cut short between birth and namespace, or lost its program. */
  async #unborn(device: string, signal: AbortSignal): Promise<void> {
    await this.#ip(signal, 'link', 'delete', device).catch(() => undefined);
    await rm(join(SOCKETS, `${device}.sock`), { force: true });
  }

  /** Interfaces of a namespace; null where there is no such. */
  async #devices(space: string, signal: AbortSignal): Promise<Set<string> | null> {
    if (!(await namesIn('/run/netns')).includes(space)) return null;
    const rows = JSON.parse(await this.#ip(signal, '-json', '-n', space, 'link', 'show')) as { ifname?: string }[];
    return new Set(rows.flatMap(({ ifname }) => ifname ?? []));
  }

  /** Key and port, kept as long as the network is here. */
  async #own(id: string): Promise<{ secret: string; port: number }> {
    if (!ID.test(id)) throw new Problem('malformed', 'not the id of a network', { reason: 'network' });
    const file = await readFile(join(this.#options.folder, `${id}.conf`), 'utf8').catch(() => '');
    const secret = /^PrivateKey = ([A-Za-z0-9+/]{43}=)$/m.exec(file)?.[1];
    const port = /^ListenPort = ([0-9]{1,5})$/m.exec(file)?.[1];
    if (secret !== undefined && port !== undefined) return { secret, port: Number(port) };
    const own = { secret: newWireguardSecret(), port: await freePort(Number.parseInt(sha256Hex(this.#options.node + id).slice(0, 8), 16) % PORTS) };
    await this.#write(id, wireguardFile({ ...own, address: null, callsOnly: false }, []));
    return own;
  }

  async #write(id: string, text: string): Promise<string> {
    const { folder } = this.#options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, `${id}.conf`);
    await writeFile(`${path}.new`, text, { mode: 0o600 });
    await chmod(`${path}.new`, 0o600);
    await rename(`${path}.new`, path);
    return path;
  }

  async #inside(space: string, signal: AbortSignal, file: string, ...args: readonly string[]): Promise<string> {
    return this.#programs('nsenter', [`--net=/run/netns/${space}`, file, ...args], signal);
  }

  async #ip(signal: AbortSignal, ...args: readonly string[]): Promise<string> {
    return this.#programs('ip', args, signal);
  }

  #spaceOf(id: string): string {
    return `3bot-${this.#options.node.slice(0, 8)}-${this.#nameOf(id).slice(1)}`;
  }

  /** Of an interface: so much of a hash that nobody finds a network of the same one. */
  #nameOf(id: string): string {
    return `w${sha256Hex(`${this.#options.node}/${id}`).slice(0, TAG)}`;
  }
}

/** Name of the cable to a workload (`contract/name`), within the network's namespace. */
export function linkOf(workload: string): string {
  return `v${sha256Hex(workload).slice(0, TAG)}`;
}

/** The nodes' address in a network, the same on all of them. */
function gatewayOf(subnet: string): string {
  return subnet.replace('.0/16', '.1');
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}

/** A UDP port that nobody has, from a place in the range on. @throws Problem `failed` where all are taken */
async function freePort(first: number): Promise<number> {
  for (let i = 0; i < PORTS; i += 1) {
    const port = FIRST_PORT + ((first + i) % PORTS);
    const isFree = await new Promise<boolean>((resolve) => {
      const socket = createSocket('udp4');
      socket.once('error', () => resolve(false)).bind(port, () => socket.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
  throw new Problem('failed', `every UDP port from ${FIRST_PORT} to ${FIRST_PORT + PORTS - 1} is taken`, { reason: 'ports' });
}
