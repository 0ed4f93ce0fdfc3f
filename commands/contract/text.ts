// A contract as a person reads it.
import { formatDuration } from '../../src/base/duration.js';
import { workloadState, type ContractShown } from '../../src/market/contract.js';
import type { OrderShown } from '../../src/consumer/parts.js';
import { durationText, resourcesText } from '../../src/market/words.js';
import { short } from '../../src/rules/refusal.js';

type Row = readonly [name: string, text: string];

/** Reasons as people say them. */
const REASONS: Readonly<Record<string, string>> = {
  term_over: 'out of funds', expired: 'out of funds', not_provisioned: 'never held by its node', fault: 'cancelled for a fault', notice: "by the farm's notice",
};

/** State and reason in a few words: `active, ready`, `paused, out of funds`. */
export function stateText({ state, reason, progress, notice }: ContractShown): string {
  return [
    state,
    ...(state === 'active' && progress === 'ready' ? ['ready'] : []),
    ...(reason === null ? [] : [REASONS[reason] ?? reason]),
    ...(notice === null || state === 'ended' ? [] : ['the farm has given notice']),
  ].join(', ');
}

/** Lines of `contract show`, `reserve` and `deploy`. */
export function contractText(contract: ContractShown): string {
  const { id, state, draining, name, farm_name, farm, node, resources, price_per_hour, total, workloads } = contract;
  const rows: Row[] = [
    ['contract', id],
    ['state', stateText(contract)],
    ...(name === null ? [] : [['name', name] as const]),
    ...(contract.blueprint === undefined ? [] : [['made from', contract.blueprint.title] as const]),
    ['farm', farm_name ?? farm],
    ['node', node],
    ...(draining === null || state === 'ended' ? [] : [['draining', `since ${draining.since}${draining.until === null ? '' : `, until ${draining.until}`}: its node takes nothing new${draining.reason === '' ? '' : `: ${draining.reason}`}`] as const]),
    ['capacity', resourcesText(resources)],
    ['price', `${price_per_hour} TFT an hour, ${total} TFT in all`],
    ...moneyRows(contract),
    ...timeRows(contract),
    ...workloads.map((one): Row => ['workload', `${one.name} ${workloadState(one)}${one.exit_code === null ? '' : ` (${one.exit_code})`}${livingText(one)}${one.reason === null ? '' : `: ${one.reason}`}${[one.url, ...one.web].filter((url) => url !== null).map((url) => ` ${url}`).join('')}`]),
  ];
  return rows.map(([key, text]) => `${key.padEnd(10)}${text}`).join('\n');
}

/** Health and restarts of a workload, as far as there is something to say. */
export function livingText({ health, restarts }: { readonly health: string | null; readonly restarts: number | null }): string {
  return `${health === null ? '' : `, ${health}`}${restarts === null || restarts === 0 ? '' : `, started again ${restarts === 1 ? 'once' : `${restarts} times`}`}`;
}

function moneyRows({ state, escrow, billed, open, refunded, refundable, meter, unconfirmed_ms, started_at }: ContractShown): Row[] {
  const isOver = state === 'ended' && escrow === NOTHING;
  return [
    ['used', `${billed} TFT${meter === null || state !== 'active' ? '' : `, and ${open} TFT once the meter confirms the time since its last entry`}`],
    isOver ? ['returned', `${refunded} TFT`] : ['in escrow', `${escrow} TFT, ${refundable} TFT would come back`],
    ...(meter === null || started_at === null ? [] : [['metered', `every ${durationText(meter.heartbeat_ms)} by ${meter.by.startsWith('node/') ? 'the node: the farmer\'s word' : short(meter.by)}${unconfirmed_ms === 0 ? '' : `; ${formatDuration(unconfirmed_ms)} unconfirmed, which nobody pays`}`] as const]),
  ];
}

const NOTHING = '0.0000000';

function timeRows({ state, started_at, funded_until, expires_at, data_until, notice }: ContractShown): Row[] {
  return [
    ...(started_at === null ? [] : [['since', started_at] as const]),
    ...(notice === null ? [] : [['notice', `given ${notice.at}, ends ${notice.ends_at}${notice.reason === '' ? '' : `: ${notice.reason}`}`] as const]),
    ...(state === 'ended' ? [['ended', expires_at] as const, ['data', data_until === expires_at ? 'not kept' : `kept until ${data_until}`] as const] : state === 'paused' ? [['paused', `since ${funded_until ?? ''}; ends for good ${expires_at}`] as const] : [['until', funded_until ?? expires_at] as const]),
  ];
}

/** Lines of an order of several: a row a part, what is common and the sums below. */
export function orderText({ order, contracts, price_per_hour, billed, escrow, refunded }: OrderShown): string {
  const rows = [
    ['part', 'contract', 'state', 'farm', 'TFT/h', 'until'],
    ...contracts.map((one) => [one.name ?? '', one.id.slice(0, 12), stateText(one), one.farm_name ?? short(one.farm), one.price_per_hour, (one.state === 'ended' ? one.expires_at : (one.funded_until ?? one.expires_at)).slice(0, 16).replace('T', ' ')]),
  ];
  const money = escrow === NOTHING ? `${billed} TFT used, ${refunded} TFT returned` : `${price_per_hour} TFT an hour, ${billed} TFT used, ${escrow} TFT in escrow`;
  return [`order     ${order}`, ...aligned(rows), `in all    ${money}`].join('\n');
}

/** Rows of text with their columns below each other. */
export function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)));
  return rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ').trimEnd());
}

/** The next command for a contract in this state; undefined where nothing is due. */
export function nextStep({ id, state, escrow, notice, workloads }: ContractShown): string | undefined {
  const short = id.slice(0, 12);
  if (state === 'paused') return `3bot contract fund ${short} --for 24h   (its data waits until the grace is over)`;
  if (state === 'ended') return escrow === NOTHING ? undefined : `3bot contract cancel ${short}   (settles it: what is unused comes back)`;
  if (notice !== null) return '3bot reserve   (elsewhere, before the notice is over)';
  if (workloads.length === 0) return `3bot deploy ${short} --image … --port …`;
  const ill = workloads.find((one) => ['restarting', 'unhealthy', 'failed'].includes(workloadState(one)));
  return ill === undefined ? `3bot contract bill ${short}` : `3bot logs ${short} ${ill.name}`;
}
