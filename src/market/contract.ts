// A contract as anybody may see it: all that the book says of it, ready to be shown.
import { formatTft } from '../base/amount.js';
import { iso } from '../base/clock.js';
import type { ReadState } from '../bcdb/rulebook.js';
import { perHourStroops } from '../capacity/price.js';
import { drainOf } from '../rules/node.js';
import { read, type ContractObject, type WorkloadStatus } from '../rules/objects.js';
import { ROLLED_BACK } from '../rules/run.js';
import { viewOf, type ContractState, type ContractView } from '../rules/view.js';
import type { Agreement, BlueprintRef, Resources } from '../schema/types.js';
import { titleOf } from './blueprint.js';
import { webNames, webUrl } from './web.js';

/** How far a contract that is not over has come; `ready`: all its workloads run, those with a health check healthily, and there are some. */
export type Progress = 'committed' | 'held' | 'ready';

/** A workload of the list in force. */
export interface WorkloadShown {
  readonly name: string;
  /** What the node said last; `pending` before it said anything. */
  readonly state: WorkloadStatus['state'] | 'pending';
  readonly reason: string | null;
  readonly exit_code: number | null;
  /** How often it was started again; null where nothing starts it again. */
  readonly restarts: number | null;
  /** Null without a health check. */
  readonly health: NonNullable<WorkloadStatus['health']> | null;
  /** Where its first TCP port is reached. */
  readonly url: string | null;
  /** Its web names, each as the address under which the node's gateway has it. */
  readonly web: readonly string[];
  readonly ports: readonly { readonly container: number; readonly host: number }[];
}

/** A contract for people and scripts: TFT with 7 places, times ISO 8601. */
export interface ContractShown {
  readonly id: string;
  readonly state: ContractState;
  readonly reason: string | null;
  readonly progress: Progress;
  readonly name: string | null;
  readonly farm: string;
  readonly farm_name: string | null;
  readonly node: string;
  /** Its node takes nothing new, as before it is taken out of service; what runs goes on. */
  readonly draining: { readonly since: string; readonly until: string | null; readonly reason: string } | null;
  readonly resources: Resources;
  readonly price_per_hour: string;
  readonly total: string;
  readonly escrow: string;
  readonly billed: string;
  /** What went back when it was ended. */
  readonly refunded: string;
  /** What would come back if it were ended now. */
  readonly refundable: string;
  /** What ending it now would add to `billed` for the time since the meter's last entry. */
  readonly open: string;
  /** Who confirms time, and how often; null: nobody has to. */
  readonly meter: { readonly by: string; readonly heartbeat_ms: number } | null;
  /** Time of what is bought now that nobody confirmed, and nobody will: it is not paid, ms. */
  readonly unconfirmed_ms: number;
  /** The farm's notice: it ends then, or before if it runs out. */
  readonly notice: { readonly at: string; readonly ends_at: string; readonly reason: string } | null;
  readonly committed_at: string;
  readonly started_at: string | null;
  /** Paid until here; then paused for the grace, in which it can be funded. Null before `started_at`. */
  readonly funded_until: string | null;
  /** When it ended, or will by itself. */
  readonly expires_at: string;
  /** Until when its node keeps the data, which is then wiped. */
  readonly data_until: string;
  /** The published blueprint that it is made from; left out where it is made from none. */
  readonly blueprint?: BlueprintRef & { readonly title: string };
  readonly workloads: readonly WorkloadShown[];
}
/** How far it has come, and whether something of it has failed. */
export function progressOf(reader: ReadState, contract: ContractObject): { progress: Progress; failed: string | null } {
  const run = read(reader, 'run', contract.id);
  if (run?.state === 'failed') return { progress: 'committed', failed: run.reason ?? 'the node could not provide it' };
  if (contract.started_at === null) return { progress: 'committed', failed: null };
  const statuses = contract.workloads.map(({ name }) => run?.workloads.find((one) => one.name === name));
  const failed = statuses.find((status) => status !== undefined && (status.state === 'failed' || (status.state === 'exited' && status.exit_code !== 0)));
  const back = statuses.find((status) => status?.state === 'running' && status.reason?.startsWith(ROLLED_BACK) === true);
  if (failed === undefined && back !== undefined) return { progress: 'held', failed: `workload ${back.name} ${back.reason ?? ''}; what ran before runs again` };
  if (failed !== undefined) return { progress: 'held', failed: `workload ${failed.name} ${failed.state}${failed.exit_code === null ? '' : ` with code ${failed.exit_code}`}${failed.reason === null ? '' : `: ${failed.reason}`}` };
  // A job that has done its work was running before.
  const isReady = statuses.length > 0 && statuses.every((status) => status?.state === 'exited' || (status?.state === 'running' && (status.health ?? 'healthy') === 'healthy'));
  return { progress: isReady ? 'ready' : 'held', failed: null };
}

/** What a workload that the node says is running is really at; else what the node says. */
export function workloadState({ state, reason, health }: Pick<WorkloadShown, 'state' | 'reason' | 'health'>): string {
  if (state !== 'running') return state;
  if (reason?.startsWith(ROLLED_BACK) === true) return 'running, rolled back';
  // What is up has no other reason than that of a rollback: it is between two starts.
  if (reason !== null) return 'restarting';
  return health === 'unhealthy' ? 'unhealthy' : state;
}

/** Why workloads are not ready yet, as far as the node says: `web: ended with exit code 1: it is started again (2 times so far)`. */
export function delaysOf(reader: ReadState, { id, workloads }: ContractObject): string[] {
  const run = read(reader, 'run', id);
  return workloads.flatMap(({ name }) => {
    const status = run?.workloads.find((one) => one.name === name);
    if (status === undefined || status.state === 'exited' || status.state === 'failed') return [];
    const { reason, health, restarts = 0 } = status;
    const why = reason ?? (health === 'unhealthy' ? 'unhealthy' : null);
    return why === null ? [] : [`${name}: ${why}${restarts === null || restarts === 0 ? '' : ` (${restarts === 1 ? 'once' : `${restarts} times`} so far)`}`];
  });
}

/** A contract at a moment, ready to be shown. */
export function showContract(reader: ReadState, contract: ContractObject, at: number): ContractShown {
  const { id, agreement, committed_at, started_at } = contract;
  const seen: ContractView = viewOf(reader, contract, at);
  const { resources, prices, discounts } = seen.period ?? agreement;
  const { notice } = contract;
  return {
    id,
    state: seen.state,
    reason: seen.reason ?? progressOf(reader, contract).failed,
    progress: progressOf(reader, contract).progress,
    name: agreement.order,
    farm: agreement.farm,
    farm_name: read(reader, 'farm', agreement.farm)?.name ?? null,
    node: agreement.node,
    draining: drainingOf(reader, agreement.node, at),
    resources,
    price_per_hour: formatTft(perHourStroops(resources, prices, discounts)),
    total: formatTft(seen.total_stroops),
    escrow: formatTft(seen.escrow_stroops),
    billed: formatTft(seen.billed_stroops),
    refunded: formatTft(seen.refunded_stroops),
    refundable: formatTft(seen.refundable_stroops),
    open: formatTft(seen.open_stroops),
    meter: agreement.meter,
    unconfirmed_ms: unconfirmed(contract, seen, at),
    notice: notice === undefined ? null : { at: iso(notice.at), ends_at: iso(Math.min(notice.ends_at, seen.ends_at)), reason: notice.reason },
    committed_at: iso(committed_at),
    started_at: started_at === null ? null : iso(started_at),
    funded_until: seen.funded_until === null ? null : iso(seen.funded_until),
    expires_at: iso(seen.ends_at),
    data_until: iso(seen.data_until),
    ...madeFrom(reader, agreement),
    workloads: workloadsOf(reader, contract),
  };
}

function madeFrom(reader: ReadState, { blueprint: ref }: Agreement): Pick<ContractShown, 'blueprint'> {
  const blueprint = ref === undefined ? undefined : read(reader, 'blueprint', ref.id);
  return ref === undefined || blueprint === undefined ? {} : { blueprint: { ...ref, title: titleOf(reader, blueprint, ref.version) } };
}

function drainingOf(reader: ReadState, key: string, at: number): ContractShown['draining'] {
  const node = read(reader, 'node', key);
  const said = node === undefined ? undefined : drainOf(node, at);
  return said === undefined ? null : { since: iso(said.at), until: said.until === null ? null : iso(said.until), reason: said.reason };
}

/** Time since the present period began that is neither billed nor may still be. */
function unconfirmed({ agreement: { meter }, settled }: ContractObject, { period, funded_until, covered_ms, open_ms }: ContractView, at: number): number {
  if (meter === null || period === null || funded_until === null) return 0;
  const until = Math.min(settled?.at ?? at, funded_until);
  return Math.max(0, until - period.since - covered_ms - open_ms);
}

function workloadsOf(reader: ReadState, { id, agreement, workloads }: ContractObject): WorkloadShown[] {
  const run = read(reader, 'run', id);
  const { address = null, gateway } = read(reader, 'node', agreement.node)?.announcement ?? {};
  return workloads.map((workload) => {
    const { name, ports: wanted } = workload;
    const status = run?.workloads.find((one) => one.name === name);
    const tcp = new Set(wanted.filter(({ protocol }) => protocol === 'tcp').map(({ container }) => container));
    const published = status?.ports.find(({ container }) => tcp.has(container));
    const isUp = status?.state === 'running' && published !== undefined && address !== null;
    return {
      name,
      state: status?.state ?? 'pending',
      reason: status?.reason ?? null,
      exit_code: status?.exit_code ?? null,
      restarts: status?.restarts ?? null,
      health: status?.health ?? null,
      url: isUp ? `http://${hostText(address)}:${published.host}` : null,
      web: gateway === undefined ? [] : webNames([workload], gateway.domain).map((one) => webUrl(one.name, gateway)),
      ports: status?.ports ?? [],
    };
  });
}

/** RFC 3986: an IPv6 address stands in brackets. */
function hostText(address: string): string {
  return address.split(':').length > 2 ? `[${address}]` : address;
}
