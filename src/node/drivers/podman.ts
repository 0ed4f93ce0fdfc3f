// Driver for containers on podman.
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isProblem, messageOf, Problem } from '../../base/errors.js';
import { CONTAINER_SHOWN_MS, MACHINE_GRACE_MS, MAX_REASON_CHARS, MAX_STOP_GRACE_MS, RUNTIME_TIMEOUT_MS } from '../../base/limits.js';
import { oneLine } from '../children.js';
import { specDigest, type Check, type Driver, type OpenCommand, type OpenWish, type Ref, type RunLimits, type Running, type RunResult, type Scope, type StartSpec, type Stats } from '../driver.js';
import type { PublishedPort } from '../../schema/types.js';
import type { LogRow, Logs, LogWish } from '../logs.js';
import { PodmanNetworks, type NetworkOptions } from '../network/networks.js';
import type { Machines } from '../machines/machines.js';
import { MACHINE_LABEL } from '../machines/spec.js';
import { PodmanApi } from './podman-api.js';
import { killLeft, runInside } from './podman-exec.js';
import { checkContainer, fetchImage, makeContainer, readyContainer, type MakeParts } from './podman-make.js';
import { openInside } from './podman-open.js';
import { unboundRoot } from './podman-root.js';
import { freeOn, hostPorts } from './podman-ports.js';
import { INSTALL_PODMAN } from './podman-service.js';
import { giveToUser } from './podman-user.js';
import { LABELS } from './podman-spec.js';
import { stateOf } from './podman-state.js';

/** What a podman driver is made of. */
export interface PodmanOptions extends Scope, Partial<Pick<NetworkOptions, 'programs'>> {
  /** Unix socket of podman's service, at most 100 bytes long; it is started there if nobody listens. */
  readonly socket: string;
  readonly logs: Logs;
  /** The farmer's exceptions to the rule on registries, see `registryRefusal`. */
  readonly allowRegistries: readonly string[];
  /** Networks of the farmer's that workloads may reach, `a.b.c.d/bits`; left out: none. */
  readonly allowNetworks?: readonly string[];
  /** TCP ports of this machine that workloads may reach, as everybody may; left out: none. */
  readonly openPorts?: readonly number[];
  /** Where this node is reached; left out: nowhere. */
  readonly address?: string | null;
  /** Folder for the files of private networks; left out: one beside podman's socket. */
  readonly networksFolder?: string;
  /** Folder for images on their way and what containers keep in memory; beside the socket if left out. */
  readonly folder?: string;
  /** Bytes of free disk that are promised to others, and not for images; none if left out. */
  readonly promised?: () => Promise<number>;
  /** Runs workloads that are virtual machines; left out: they are refused. */
  readonly machines?: Machines;
}

/** A row of GET /containers/json, as far as it is used. */
interface Row {
  readonly Id: string;
  readonly Labels: Readonly<Record<string, string>> | null;
  readonly State: string;
  readonly ExitCode: number;
  readonly StartedAt: number;
  readonly ExitedAt: number;
  readonly Ports: readonly { container_port: number; host_port: number; range: number }[] | null;
}

/** Between two looks whether a machine is off. */
const POWER_OFF_LOOK_MS = 100;

function isMachine({ Labels }: Row): boolean {
  return Labels?.[MACHINE_LABEL] !== undefined;
}

/** Beside a machine there is nothing but QEMU. */
function demandContainer(row: Row): Row {
  if (isMachine(row)) throw new Problem('refused', 'nothing can be run within a machine by its node; reach it by the network', { reason: 'machine' });
  return row;
}

/** Containers by podman's REST interface; see `Driver` for what each method promises. */
export class PodmanDriver implements Driver {
  readonly runtime = 'podman';
  /** What keeps its workloads apart. */
  readonly networks: PodmanNetworks;
  readonly #options: PodmanOptions;
  readonly #api: PodmanApi;
  readonly #parts: MakeParts;

  constructor(options: PodmanOptions) {
    this.#options = options;
    this.#api = new PodmanApi(options.socket);
    const { grid, node, allowNetworks = [], openPorts = [], address = null, networksFolder = `${options.socket}.networks`, programs } = options;
    this.networks = new PodmanNetworks(this.#api, { grid, node, allow: allowNetworks, open: openPorts, address, folder: networksFolder, programs });
    this.#parts = {
      promised: async () => 0, folder: dirname(options.socket), ...options, api: this.#api,
      around: async (spec, signal) => ({
        ...(await this.networks.ensure(spec.contract, spec.workload, signal)),
        log: await options.logs.place({ contract: spec.contract, workload: spec.workload.name }),
        ports: await hostPorts(spec, new Set((await this.#rows([], signal)).flatMap((row) => portsOf(row).map(({ host }) => host))), freeOn(spec.address)),
      }),
    };
  }

  async check(signal: AbortSignal): Promise<Check[]> {
    type Info = { host: { cgroupVersion: string; cgroupControllers: string[] | null; ociRuntime: { name: string }; security: { rootless: boolean; seccompEnabled: boolean } }; version: { Version: string }; store: { graphDriverName: string } };
    let info: Info;
    try {
      info = (await this.#api.json({ method: 'GET', path: '/info', signal })) as Info;
    } catch (error) {
      if (isProblem(error, 'interrupted')) throw error;
      return [{ name: 'podman', ok: false, evidence: messageOf(error), remedy: (error instanceof Problem ? error.hint : undefined) ?? INSTALL_PODMAN }];
    }
    const { host, version, store } = info;
    const controllers = host.cgroupControllers ?? [];
    const missing = ['cpu', 'memory', 'pids'].filter((name) => !controllers.includes(name));
    const limits = missing.length === 0 && !(host.security.rootless && host.cgroupVersion === 'v1');
    return [
      { name: 'podman', ok: true, evidence: `podman ${version.Version} with ${host.ociRuntime.name}, ${host.security.rootless ? 'without' : 'as'} root`, remedy: null },
      {
        name: 'limits',
        ok: limits,
        evidence: `cgroups ${host.cgroupVersion}, ${missing.length === 0 ? 'cpu, memory and pids can be limited' : `${missing.join(', ')} cannot be limited`}`,
        remedy: limits ? null : 'run as root, or delegate the cpu, memory and pids controllers to this user',
      },
      {
        name: 'seccomp',
        ok: host.security.seccompEnabled,
        evidence: `system call filter ${host.security.seccompEnabled ? 'on' : 'off'}`,
        remedy: host.security.seccompEnabled ? null : 'use a kernel and a podman with seccomp',
      },
      ...(await this.networks.check(signal)),
      {
        name: 'storage',
        ok: store.graphDriverName === 'overlay' && !host.security.rootless,
        evidence: `podman keeps containers in ${store.graphDriverName}; what they write ${store.graphDriverName === 'overlay' && !host.security.rootless ? 'is' : 'cannot be'} bounded`,
        remedy: store.graphDriverName === 'overlay' && !host.security.rootless ? null : 'run as root, with driver = "overlay" in /etc/containers/storage.conf',
      },
    ];
  }

  async list(signal: AbortSignal): Promise<Running[]> {
    const rows = await this.#rows([], signal);
    const all = await Promise.all(rows.map((row) => this.#running(row, signal)));
    // Podman keeps no part of a log but the present one.
    await Promise.all(all.filter(({ state }) => state === 'running').map((one) => this.#options.logs.hold(one)));
    return all;
  }

  async fetch(spec: StartSpec, signal: AbortSignal): Promise<void> {
    if (spec.workload.image !== null) await fetchImage(this.#parts, spec, signal);
  }

  async start(spec: StartSpec, signal: AbortSignal): Promise<Running> {
    const ref = { contract: spec.contract, workload: spec.workload.name };
    let row = await this.#find(ref, signal);
    const isOurs = row === undefined && (await makeContainer(this.#parts, spec, await secretEnv(spec), signal));
    if (row === undefined) {
      // Where another process is making it, podman takes the name some time before it shows the container.
      const deadline = Date.now() + CONTAINER_SHOWN_MS;
      while ((row = await this.#find(ref, signal)) === undefined && Date.now() < deadline) await delay(50);
      if (row === undefined) throw new Problem('failed', 'a container of this name is there, but it is not this node\'s', { reason: 'name_taken' });
    }
    if (row.Labels?.[LABELS.digest] !== specDigest(spec)) {
      throw new Problem('refused', 'the workload is there with another image, command, environment or limits', { reason: 'other_spec' });
    }
    if (stateOf(row) !== 'created') return this.#running(row, signal);
    // Made some time ago, as before a restart of the machine: the wall may not stand any more.
    await this.networks.ensure(spec.contract, spec.workload, signal);
    if (!(await readyContainer(this.#parts, row.Id, spec, isOurs, signal))) {
      await this.remove(ref, signal);
      return this.start(spec, signal);
    }
    if (!isMachine(row) && spec.secrets !== undefined) await giveToUser(this.#api, row.Id, spec.secrets, signal);
    const isMade = await checkContainer(this.#parts, row.Id, spec, row.State === 'initialized', signal);
    const { network } = spec.workload;
    if (network !== undefined) {
      // Made ready first, so that its first process finds the network.
      if (!isMade) await this.#api.call({ method: 'POST', path: `/containers/${row.Id}/init`, signal, accept: [304] });
      await this.networks.join(ref, network, signal);
    }
    try {
      // 304: somebody else started it meanwhile.
      await this.#api.call({ method: 'POST', path: `/containers/${row.Id}/start`, signal, accept: [304] });
    } catch (error) {
      // A program of the machine was faster: the next attempt looks for another port.
      if (isProblem(error, 'failed') && /address already in use/i.test(error.message)) await this.remove(ref, signal);
      throw error;
    }
    const started = await this.#find(ref, signal);
    if (started === undefined) throw new Problem('failed', 'the container went away while it was started', { reason: 'gone' });
    return this.#running(started, signal);
  }

  async stop(ref: Ref, grace_ms: number | null, signal: AbortSignal): Promise<void> {
    const row = await this.#runs(ref, signal);
    if (row === undefined) return;
    if (isMachine(row) && (await this.#powerOff(row, ref, grace_ms, signal))) return;
    // Podman kills what is still there after the time-out; left out, it is that of the container.
    const timeout = grace_ms === null ? {} : { timeout: String(Math.ceil(grace_ms / 1_000)) };
    await this.#api.call({
      method: 'POST', path: `/containers/${row.Id}/stop`, query: timeout, signal, timeout_ms: (grace_ms ?? MAX_STOP_GRACE_MS) + RUNTIME_TIMEOUT_MS, accept: [304, 404],
    });
  }

  async remove(ref: Ref, signal: AbortSignal): Promise<void> {
    const row = await this.#find(ref, signal);
    if (row === undefined) return;
    const clear = await unboundRoot(this.#api, row.Id, this.#parts.folder, signal);
    await this.#api.call({ method: 'DELETE', path: `/containers/${row.Id}`, query: { force: 'true', timeout: '0', v: 'true' }, signal, accept: [404] });
    await clear();
    await this.#options.logs.close(ref);
    if (isMachine(row)) await this.#options.machines?.remove(ref);
  }

  /** Presses the machine's power button and waits for as long as it may take. @returns whether it is off; if not, it is killed as a container */
  async #powerOff(row: Row, ref: Ref, grace_ms: number | null, signal: AbortSignal): Promise<boolean> {
    const deadline = Date.now() + (grace_ms ?? MACHINE_GRACE_MS);
    if (grace_ms === 0 || (await this.#options.machines?.pressPower(ref, signal)) !== true) return false;
    while (Date.now() < deadline) {
      const now = await this.#find(ref, signal);
      if (now?.Id !== row.Id || stateOf(now) !== 'running') return true;
      await delay(POWER_OFF_LOOK_MS);
    }
    return false;
  }

  async logsTail(ref: Ref, bytes: number, signal: AbortSignal): Promise<string> {
    if ((await this.#find(ref, signal)) === undefined) throw new Problem('not_found', `no container for ${ref.workload} of contract ${ref.contract}`);
    return this.#options.logs.tail(ref, bytes);
  }

  follow(ref: Ref, wish: LogWish, signal: AbortSignal): AsyncIterable<LogRow> {
    return this.#options.logs.read(ref, wish, async () => (await this.#runs(ref, signal)) !== undefined, signal);
  }

  async forget(contract: string): Promise<void> {
    await this.#options.logs.forget(contract);
  }

  async stats(ref: Ref, signal: AbortSignal): Promise<Stats> {
    const { Id } = await this.#demandRunning(ref, signal);
    type Answer = { Error: unknown; Stats: { CPUNano: number; MemUsage: number; PIDs: number; NetInput: number; NetOutput: number }[] | null };
    const { Stats: found } = (await this.#api.json({ method: 'GET', path: '/containers/stats', query: { containers: Id, stream: 'false' }, signal })) as Answer;
    const [one] = found ?? [];
    if (one === undefined) throw new Problem('failed', 'podman does not say what the workload uses', { reason: 'stats' });
    return { time: Date.now(), cpu_ms: Math.floor(one.CPUNano / 1_000_000), memory_bytes: one.MemUsage, pids: one.PIDs, received_bytes: one.NetInput, sent_bytes: one.NetOutput };
  }

  async open(ref: Ref, wish: OpenWish, signal: AbortSignal): Promise<OpenCommand> {
    return openInside(this.#api, demandContainer(await this.#demandRunning(ref, signal)).Id, wish, signal);
  }

  async endCommands(signal: AbortSignal): Promise<void> {
    for (const row of await this.#rows([], signal)) if (stateOf(row) === 'running') await killLeft(this.#api, row.Id, signal);
  }

  async address(ref: Ref, signal: AbortSignal): Promise<string | null> {
    const row = await this.#runs(ref, signal);
    if (row === undefined) return null;
    const { NetworkSettings } = (await this.#api.json({ method: 'GET', path: `/containers/${row.Id}/json`, signal })) as { NetworkSettings: { IPAddress?: string; Networks?: Readonly<Record<string, { IPAddress?: string }>> | null } };
    const addresses = [NetworkSettings.IPAddress, ...Object.values(NetworkSettings.Networks ?? {}).map(({ IPAddress }) => IPAddress)];
    return addresses.find((address) => address !== undefined && address !== '') ?? null;
  }

  async run(ref: Ref, words: readonly string[], limits: RunLimits, signal: AbortSignal): Promise<RunResult> {
    const row = demandContainer(await this.#demandRunning(ref, signal));
    return runInside(this.#api, row.Id, words, limits, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#api[Symbol.asyncDispose]();
  }

  async #rows(labels: readonly string[], signal: AbortSignal): Promise<Row[]> {
    const scope = [`${LABELS.grid}=${this.#options.grid}`, `${LABELS.node}=${this.#options.node}`];
    const rows = await this.#api.json({ method: 'GET', path: '/containers/json', query: { all: 'true', filters: JSON.stringify({ label: [...scope, ...labels] }) }, signal });
    return rows as Row[];
  }

  async #find(ref: Ref, signal: AbortSignal): Promise<Row | undefined> {
    const rows = await this.#rows([`${LABELS.contract}=${ref.contract}`, `${LABELS.workload}=${ref.workload}`], signal);
    return rows[0];
  }

  async #runs(ref: Ref, signal: AbortSignal): Promise<Row | undefined> {
    const row = await this.#find(ref, signal);
    return row === undefined || stateOf(row) !== 'running' ? undefined : row;
  }

  /** @throws Problem `not_found` */
  async #demandRunning(ref: Ref, signal: AbortSignal): Promise<Row> {
    const row = await this.#runs(ref, signal);
    if (row === undefined) throw new Problem('not_found', `${ref.workload} of contract ${ref.contract} does not run`, { reason: 'workload' });
    return row;
  }

  async #running(row: Row, signal: AbortSignal): Promise<Running> {
    const state = stateOf(row);
    return {
      contract: row.Labels?.[LABELS.contract] ?? '',
      workload: row.Labels?.[LABELS.workload] ?? '',
      digest: row.Labels?.[LABELS.digest] ?? '',
      state,
      reason: state === 'failed' ? await this.#why(row, signal) : null,
      exit_code: state === 'exited' || state === 'failed' ? row.ExitCode : null,
      ports: portsOf(row),
      started: state === 'created' ? null : row.StartedAt * 1_000,
    };
  }

  async #why(row: Row, signal: AbortSignal): Promise<string> {
    const answer = await this.#api.call({ method: 'GET', path: `/containers/${row.Id}/json`, signal, accept: [404, 500] });
    if (answer.status === 404) return 'taken away';
    // What it wrote is not there, as after a restart of the machine: podman then cannot say more than the list does.
    if (answer.status === 500) return `ended with exit code ${row.ExitCode}`;
    const { State } = JSON.parse(answer.bytes.toString('utf8')) as { State: { OOMKilled: boolean; Error: string } };
    if (State.OOMKilled) return 'killed: it used more memory than it may';
    const words = oneLine(State.Error, MAX_REASON_CHARS);
    if (words !== '') return words;
    // Not every conmon notices that the kernel killed for want of memory (with hybrid cgroups it does not).
    if (row.ExitCode === 137) return 'killed by signal 9: stopped, or it used more memory than it may';
    return row.ExitCode > 128 ? `killed by signal ${row.ExitCode - 128}` : `ended with exit code ${row.ExitCode}`;
  }
}

/** Ports that follow each other come as one row with a range. */
function portsOf({ Ports }: Row): PublishedPort[] {
  return (Ports ?? []).flatMap((port) => Array.from({ length: Math.max(1, port.range) }, (_, i) => ({ container: port.container_port + i, host: port.host_port + i })));
}

/** Podman keeps them with the container: on this machine's disk, as the rest of its environment. */
async function secretEnv({ secrets }: StartSpec): Promise<Record<string, string>> {
  return Object.fromEntries(await Promise.all((secrets?.env ?? []).map(async ({ name, file }) => [name, await readFile(file, 'utf8')] as const)));
}
