// The networks of a node's contracts: each has a bridge of its own in podman, and a wall around it.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { isProblem, messageOf, Problem } from '../../base/errors.js';
import { MAX_NETWORK_TRIES, ROUTES_AGAIN_MS } from '../../base/limits.js';
import type { NetworkPlace, Workload } from '../../schema/types.js';
import { run, type Programs } from '../children.js';
import { refKey, type Check, type Ref, type Scope } from '../driver.js';
import type { PodmanApi } from '../drivers/podman-api.js';
import { containerName, LABELS } from '../drivers/podman-spec.js';
import { BRIDGES, Firewall, machineResolvers, ownNetworks } from './firewall.js';
import { Hosts, type Placed } from './hosts.js';
import { othersIn, PrivateNetworks, type Carrying, type Seen } from './private.js';
import { addressText, freeSlots, parseRange, rangeText, slotRange, type Range } from './ranges.js';
import { Wireguard } from './wireguard.js';

/** What keeps workloads of different contracts apart. All methods may be repeated after a crash at any point. */
export interface Networks {
  /** Looks whether workloads can be kept apart here; never throws for what it finds, only when aborted. */
  check(signal: AbortSignal): Promise<Check[]>;
  /**
   * Once a round: makes everything be as it should; cheap where nothing has changed.
   * @returns workloads that cannot be in their network now (they are not started), and what the book lacks
   * @throws Problem `unreachable`, `failed`: then nothing may be started
   */
  apply(now: Now, signal: AbortSignal): Promise<Carrying>;
  /** Takes away everything of this node that nothing uses, the wall, too: for a node that is no more. */
  end(signal: AbortSignal): Promise<void>;
}

/** What one round saw. */
export interface Now extends Seen {
  /** What is under way, by contract or `contract/workload`. */
  readonly busy: ReadonlyMap<string, unknown>;
  /** False: "cannot read". Nothing is taken away. */
  readonly fresh: boolean;
}

const NOTHING: Carrying = { waiting: new Map(), links: [] };

/** Nothing is kept apart, as the runtime `process` says. */
export const NO_NETWORKS: Networks = { check: async () => [], apply: async () => NOTHING, end: async () => undefined };

/** What a node's networks are made of. */
export interface NetworkOptions extends Scope {
  /** Networks of the farmer's that workloads may reach, `a.b.c.d/bits`. */
  readonly allow: readonly string[];
  /** TCP ports of this machine that workloads may reach, as everybody may. */
  readonly open: readonly number[];
  /** Where this node is reached; null: nowhere, it only calls others. */
  readonly address: string | null;
  /** Folder for the files of private networks. */
  readonly folder: string;
  /** For tests only: programs of another network namespace. */
  readonly programs?: Programs | undefined;
}

/** A row of GET /networks/json, as far as it is used. */
interface Row {
  readonly name: string;
  readonly subnets?: readonly { readonly subnet: string }[] | null;
  readonly labels?: Readonly<Record<string, string>> | null;
}

/** A network in podman for each contract, with rules of nftables. Linux, as root. */
export class PodmanNetworks implements Networks {
  readonly #api: PodmanApi;
  readonly #options: NetworkOptions;
  readonly #programs: Programs;
  readonly #prefix: string;
  readonly #firewall: Firewall;
  readonly #wireguard: Wireguard;
  readonly #private: PrivateNetworks;
  readonly #hosts: Hosts;
  /** The last look at the table found it right, or put it right: every round looks. */
  #stands = false;
  #routes: { readonly own: readonly Range[]; readonly at: number } | undefined;
  /** One after another: two that begin at once must not choose the same part of the range. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(api: PodmanApi, options: NetworkOptions) {
    this.#api = api;
    this.#options = options;
    this.#programs = options.programs ?? run;
    this.#prefix = `${BRIDGES}${options.node.slice(0, 8)}`;
    this.#firewall = new Firewall(`threebot_${options.node.slice(0, 8)}`, this.#programs);
    this.#wireguard = new Wireguard({ node: options.node, folder: options.folder, callsOnly: options.address === null, programs: this.#programs });
    this.#hosts = new Hosts(join(options.folder, 'hosts'));
    this.#private = new PrivateNetworks(this.#wireguard, options.address, (ref, signal) => this.#sandbox(ref, signal));
  }

  async check(signal: AbortSignal): Promise<Check[]> {
    const name = 'isolation';
    if (process.platform !== 'linux' || process.getuid?.() !== 0) {
      return [{ name, ok: false, evidence: 'workloads are kept apart by nftables, which needs Linux and root', remedy: 'run as root' }];
    }
    return [await this.#checkWall(name, signal), await this.#wireguard.check(signal)];
  }

  async #checkWall(name: string, signal: AbortSignal): Promise<Check> {
    const trial = new Firewall(`threebot_check_${randomBytes(4).toString('hex')}`, this.#programs);
    try {
      const own = await this.#own(signal);
      await trial.apply({ prefix: `${BRIDGES}check`, resolvers: await machineResolvers(), open: [], allowed: [], own }, signal);
      await trial.remove(signal);
      const allowed = this.#options.allow.length === 0 ? '' : `; the farmer allows ${this.#options.allow.join(', ')}`;
      return { name, ok: true, evidence: `each contract has a network of its own; none reaches another, this machine, private addresses or ${own.map(rangeText).join(', ') || 'its network'}${allowed}`, remedy: null };
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      return { name, ok: false, evidence: `workloads cannot be kept apart: ${messageOf(thrown)}`, remedy: 'apt-get install -y nftables iproute2, and a kernel with nf_tables' };
    }
  }

  /**
   * The network of a contract, made if it is not there, behind the wall; and a place in it for a workload.
   * @returns its name in podman, the workload's address, and the file with the names of the others
   * @throws Problem `refused` where the range for workloads has no room; what `apply` throws
   */
  async ensure(contract: string, workload: Pick<Workload, 'name' | 'aliases'>, signal: AbortSignal): Promise<Placed & { readonly network: string }> {
    return this.#inTurn(async () => {
      const all = await this.#list(signal);
      const there = all.filter((row) => this.#isOurs(row)).find((row) => row.labels?.[LABELS.contract] === contract);
      const network = there ?? (await this.#create(contract, all, signal));
      const range = rangeOf(network);
      if (range === undefined) throw new Problem('failed', `the network ${network.name} has no addresses`, { reason: 'networks' });
      // Before the first container, and where the last round could not.
      if (!this.#stands) await this.#enforce(signal);
      return { network: network.name, ...(await this.#hosts.place(contract, range, workload)) };
    });
  }

  async apply({ busy, fresh, ...seen }: Now, signal: AbortSignal): Promise<Carrying> {
    const { wanted, running } = seen;
    const used = [...running.map(({ contract }) => contract), ...[...busy.keys()].map((key) => key.slice(0, 40))];
    const inForce = wanted.filter(({ phase }) => phase !== 'over' && phase !== 'unknown').map(({ contract }) => contract);
    await this.#keep(fresh ? new Set([...used, ...inForce]) : null, signal);
    if (fresh) await this.#name(seen, signal);
    return fresh ? this.#private.apply(seen, signal) : NOTHING;
  }

  /** Puts the wall right, and takes away the networks of contracts that are not named; of null, none. */
  async #keep(keep: ReadonlySet<string> | null, signal: AbortSignal): Promise<void> {
    await this.#inTurn(async () => {
      const own = (await this.#list(signal)).filter((row) => this.#isOurs(row));
      for (const row of own) if (keep !== null && !keep.has(row.labels?.[LABELS.contract] ?? '')) await this.#remove(row, signal);
      await this.#enforce(signal);
    });
  }

  /** Tells the workloads of each contract under which names they reach each other, and others of their private network. */
  async #name({ state, at, wanted, running }: Seen, signal: AbortSignal): Promise<void> {
    const names = new Map(wanted.filter(({ phase }) => phase !== 'over' && phase !== 'unknown').map(({ contract, tasks, spare = [] }) => {
      const still = running.filter((one) => one.contract === contract).map(({ workload }) => ({ name: workload }));
      const own = [...tasks.map(({ workload }) => workload), ...spare, ...still];
      return [contract, { own: [...new Map(own.toReversed().map((one) => [one.name, one])).values()].toReversed(), others: othersIn(state, contract, tasks.map(({ workload }) => workload), at) }] as const;
    }));
    await this.#inTurn(async () => {
      const ranges = new Map((await this.#list(signal)).filter((row) => this.#isOurs(row)).map((row) => [row.labels?.[LABELS.contract] ?? '', rangeOf(row)]));
      await this.#hosts.apply(names, (contract) => ranges.get(contract));
    });
  }

  /** Puts a workload that has been made and not begun into its private network. The network is there: `apply` came first. */
  async join(ref: Ref, { id, address }: NetworkPlace, signal: AbortSignal): Promise<void> {
    const sandbox = await this.#sandbox(ref, signal);
    if (sandbox === null) throw new Problem('failed', `${ref.workload} has no network namespace`, { reason: 'network' });
    await this.#wireguard.join({ id, subnet: subnetOf(address) }, refKey(ref), address, sandbox, signal);
  }

  async #sandbox({ contract, workload }: Ref, signal: AbortSignal): Promise<string | null> {
    const name = containerName(this.#options, contract, workload);
    const answer = await this.#api.call({ method: 'GET', path: `/containers/${name}/json`, signal, accept: [404] });
    if (answer.status === 404) return null;
    const { NetworkSettings } = JSON.parse(answer.bytes.toString('utf8')) as { NetworkSettings?: { SandboxKey?: string } };
    return NetworkSettings?.SandboxKey || null;
  }

  async end(signal: AbortSignal): Promise<void> {
    await this.#keep(new Set(), signal);
    await this.#wireguard.keep(new Set(), signal);
    this.#stands = false;
    await this.#firewall.remove(signal);
  }

  async #enforce(signal: AbortSignal): Promise<void> {
    this.#stands = false;
    await this.#firewall.apply({ prefix: this.#prefix, resolvers: await machineResolvers(), open: this.#options.open, allowed: rangesOf(this.#options.allow), own: await this.#own(signal) }, signal);
    this.#stands = true;
  }

  async #create(contract: string, all: readonly Row[], signal: AbortSignal): Promise<Row> {
    const used = all.flatMap(({ subnets }) => rangesOf((subnets ?? []).map(({ subnet }) => subnet)));
    const taken = [...used, ...(await this.#own(signal)), ...rangesOf(this.#options.allow)];
    let refusal: unknown = new Problem('refused', 'every part of 198.18.0.0/15 is in use on this machine', { reason: 'networks' });
    for (const slot of freeSlots(contract, taken).slice(0, MAX_NETWORK_TRIES)) {
      const range = slotRange(slot);
      const { grid, node } = this.#options;
      const network_interface = `${this.#prefix}${slot.toString(16).padStart(3, '0')}`;
      const body = {
        name: `3bot-${node.slice(0, 8)}-${contract}`,
        driver: 'bridge',
        network_interface,
        // Names are answered by the machine's own resolver; podman's would be one more service on this machine.
        dns_enabled: false,
        subnets: [{ subnet: rangeText(range), gateway: addressText(range.from + 1) }],
        labels: { [LABELS.grid]: grid, [LABELS.node]: node, [LABELS.contract]: contract },
      };
      try {
        return (await this.#api.json({ method: 'POST', path: '/networks/create', body, signal })) as Row;
      } catch (thrown) {
        if (!isProblem(thrown, 'failed')) throw thrown;
        // Since our look another process has made it, or another agent has taken this part: then the next one.
        const made = (await this.#list(signal)).find((row) => row.name === body.name);
        if (made !== undefined) return made;
        refusal = thrown;
      }
    }
    throw refusal;
  }

  /** What something still uses stays. */
  async #remove({ name }: Row, signal: AbortSignal): Promise<void> {
    try {
      await this.#api.call({ method: 'DELETE', path: `/networks/${name}`, signal, accept: [404] });
    } catch (thrown) {
      if (!isProblem(thrown, 'failed')) throw thrown;
    }
  }

  async #list(signal: AbortSignal): Promise<Row[]> {
    return (await this.#api.json({ method: 'GET', path: '/networks/json', signal })) as Row[];
  }

  #isOurs({ labels }: Row): boolean {
    return labels?.[LABELS.grid] === this.#options.grid && labels[LABELS.node] === this.#options.node;
  }

  async #own(signal: AbortSignal): Promise<readonly Range[]> {
    const at = Date.now();
    if (this.#routes === undefined || at - this.#routes.at > ROUTES_AGAIN_MS) {
      this.#routes = { own: ownNetworks(await this.#programs('ip', ['-json', '-4', 'route', 'show', 'table', 'all'], signal)), at };
    }
    return this.#routes.own;
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#turn;
    const mine = before.then(work, work);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }
}

function rangeOf({ subnets }: Row): Range | undefined {
  return rangesOf((subnets ?? []).map(({ subnet }) => subnet))[0];
}

/** The network that an address is in: all are /16. */
function subnetOf(address: string): string {
  return `${address.split('.').slice(0, 2).join('.')}.0.0/16`;
}

function rangesOf(texts: readonly string[]): Range[] {
  return texts.flatMap((text) => parseRange(text) ?? []);
}
