// A contract as a person reads it.
import type { ContractShown } from '../../src/consumer/contracts.js';
import { resourcesText } from '../../src/consumer/words.js';

/** Lines of `contract show`, `reserve` and `deploy`. */
export function contractText(contract: ContractShown): string {
  const { id, state, reason, progress, name, farm_name, farm, node, resources, price_per_hour, total, escrow, billed, refunded, refundable, started_at, expires_at, workloads } = contract;
  const rows: (readonly [string, string])[] = [
    ['contract', id],
    ['state', [state, ...(state === 'active' && progress === 'ready' ? ['ready'] : []), ...(reason === null ? [] : [reason])].join(', ')],
    ...(name === null ? [] : [['name', name] as const]),
    ['farm', farm_name ?? farm],
    ['node', node],
    ['capacity', resourcesText(resources)],
    ['price', `${price_per_hour} TFT an hour, ${total} TFT in all`],
    ['used', `${billed} TFT`],
    ...(state === 'ended' && escrow === '0.0000000' ? [['returned', `${refunded} TFT`] as const] : [['in escrow', `${escrow} TFT, ${refundable} TFT would come back`] as const]),
    ...(started_at === null ? [] : [['since', started_at] as const]),
    [state === 'ended' ? 'ended' : 'until', expires_at],
    ...workloads.map((one) => ['workload', `${one.name} ${one.state}${one.exit_code === null ? '' : ` (${one.exit_code})`}${one.reason === null ? '' : `: ${one.reason}`}${one.url === null ? '' : ` ${one.url}`}`] as const),
  ];
  return rows.map(([key, text]) => `${key.padEnd(10)}${text}`).join('\n');
}
