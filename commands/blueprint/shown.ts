// What stands of a blueprint, as apply and show end with it: parts, their services, where they are reached.
import type { Revision } from '../../src/architect/plan/revisions.js';
import type { Standing } from '../../src/architect/plan/standing.js';
import { workloadState, type ContractShown } from '../../src/market/contract.js';
import type { Reader } from '../../src/bcdb/reader.js';
import type { Output } from '../../src/cli/output.js';
import type { Context } from '../command.js';
import type { Desk } from './planning.js';

/** A part and its contract. */
export interface PartShown {
  readonly part: string;
  readonly contract: ContractShown;
}

/** Parts as they stand, newest generation of each first. */
export async function partsShown(reader: Reader, standing: readonly Standing[], at: number): Promise<PartShown[]> {
  const { showContract } = await import('../../src/market/contract.js');
  return standing.map(({ part, contract }) => ({ part, contract: showContract(reader, contract, at) }));
}

/** The result of apply: the newest revision, and every service with its addresses. @returns what was shown */
export async function showApplied({ out }: Context, { session: { grid }, revisions, bot, now }: Desk, name: string): Promise<PartShown[]> {
  const { standingOf } = await import('../../src/architect/plan/standing.js');
  await grid.refresh();
  const at = now();
  const parts = await partsShown(grid.reader, standingOf(grid.reader, bot, name, at), at);
  const [last] = revisions.of(name);
  out.one({
    json: { name, revision: last?.revision ?? null, state: last?.state ?? 'applied', token: last?.token ?? null, parts: parts.map(partJson) },
    rows: rowsOf(parts),
    text: () => [headText(name, last, out.paint), ...treeText(parts, out.paint)].join('\n'),
  });
  return parts;
}

/** For `--json`. */
export function partJson({ part, contract }: PartShown): object {
  const { id, name, state, reason, progress, farm, farm_name, node, resources, price_per_hour, total, escrow, expires_at, workloads } = contract;
  return { part, contract: id, name, state, reason, progress, farm, farm_name, node, resources, price_per_hour, total, escrow, expires_at, services: workloads };
}

/** For a pipe: part, contract, service, state, and where it is reached. */
export function rowsOf(parts: readonly PartShown[]): (string | null)[][] {
  return parts.flatMap(({ part, contract: { id, workloads } }) => workloads.map((one) => [part, id, one.name, workloadState(one), [...one.web, one.url].find((url) => url !== null) ?? null]));
}

function headText(name: string, last: Revision | undefined, paint: Output['paint']): string {
  return `${paint.bold(name)}${last === undefined ? '' : `, revision ${last.revision}, ${last.state}`}`;
}

/** A line for each part, and below it one for each service. */
export function treeText(parts: readonly PartShown[], paint: Output['paint']): string[] {
  return parts.flatMap(({ part, contract }) => {
    const { id, farm_name, farm, node, price_per_hour, state, reason, workloads, funded_until, expires_at } = contract;
    // As contract list says it: what runs has paid until then, and its grace begins.
    const until = ((state === 'active' ? funded_until : null) ?? expires_at).slice(0, 16).replace('T', ' ');
    const off = state === 'active' ? '' : paint.yellow(`, ${state}`);
    const head = `${part}  ${paint.dim(`contract ${id.slice(0, 12)} at ${farm_name ?? farm}, node ${node.slice(0, 8)}, ${price_per_hour} TFT/h until ${until}`)}${off}${reason === null ? '' : `: ${reason}`}`;
    const width = Math.max(...workloads.map((one) => one.name.length), 0);
    return [head, ...workloads.map((one, i) => {
      const said = workloadState(one);
      const color = said === 'running' || said === 'exited' ? paint.green : said === 'failed' || said === 'unhealthy' || said === 'restarting' ? paint.red : paint.yellow;
      const urls = [...one.web, ...(one.url === null ? [] : [one.url])].join('  ');
      return `${i === workloads.length - 1 ? '└─' : '├─'} ${one.name.padEnd(width)}  ${color(said)}${one.health === null ? '' : `, ${one.health}`}${urls === '' ? '' : `  ${urls}`}${one.reason === null ? '' : `  ${paint.dim(one.reason)}`}`;
    })];
  });
}
