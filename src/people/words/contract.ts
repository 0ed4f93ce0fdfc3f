// What concerns a contract, in plain words.
import { formatTft } from '../../base/amount.js';
import { iso } from '../../base/clock.js';
import { formatPercent } from '../../capacity/percent.js';
import { perHourStroops } from '../../capacity/price.js';
import { agreementText, durationText, pricesText, resourcesText, workloadText } from '../../market/words.js';
import type { Agreement, Amend, End, Payload, WorkloadList } from '../../schema/types.js';
import type { Row } from '../kinds.js';

const idOf = ({ chain }: Payload): string => chain.slice(chain.indexOf('/') + 1);

/** agreement@1 */
export function agreementWords(payload: Payload): Row[] {
  return [...agreementText(idOf(payload), payload.body as unknown as Agreement)];
}

/** amend@1 */
export function amendWords(payload: Payload): Row[] {
  const { resources, prices, discounts = [], term_ms, total_stroops, payers, commit_by } = payload.body as unknown as Amend;
  return [
    ['contract', `${idOf(payload)} changes: from the commit on, this is bought for a whole new term`],
    ['capacity', `${resourcesText(resources)}, for ${durationText(term_ms)}`],
    ['price', `${formatTft(perHourStroops(resources, prices, discounts))} TFT an hour, ${formatTft(BigInt(total_stroops))} TFT in all`],
    ['prices', pricesText(prices)],
    ...discounts.map(({ name, ppm }): Row => ['discount', `${name}: ${formatPercent(ppm)}`]),
    ...payers.map(({ account, amount_stroops }): Row => ['pays', `account ${account}: ${formatTft(BigInt(amount_stroops))} TFT; what is not needed comes back with the commit`]),
    ['so far', 'what was used is paid, the rest of the escrow counts for what is bought now'],
    ['notice', 'one that the farm has given is taken back'],
    ['commit', `until ${iso(commit_by)}`],
  ];
}

/** workload@1 */
export function workloadWords(payload: Payload): Row[] {
  const { workloads } = payload.body as unknown as WorkloadList;
  return [['contract', idOf(payload)], ['from now on', workloads.length === 0 ? 'nothing runs' : 'this runs, and nothing else'], ...workloads.map((workload): Row => ['workload', workloadText(workload)])];
}

/** end@1 */
export function endWords(payload: Payload): Row[] {
  const { reason, fault } = payload.body as unknown as End;
  return [['contract', `${idOf(payload)} ends: what is used is paid, ${fault === true ? 'but not the time since its meter last confirmed any, ' : ''}the rest goes back`], ...(reason === '' ? [] : [['reason', reason] as Row])];
}
