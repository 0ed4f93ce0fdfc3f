// What concerns a contract, in plain words.
import { agreementText, workloadText } from '../../consumer/words.js';
import type { Agreement, End, Payload, WorkloadList } from '../../schema/types.js';
import type { Row } from '../kinds.js';

const idOf = ({ chain }: Payload): string => chain.slice(chain.indexOf('/') + 1);

/** agreement@1 */
export function agreementWords(payload: Payload): Row[] {
  return [...agreementText(idOf(payload), payload.body as unknown as Agreement)];
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
