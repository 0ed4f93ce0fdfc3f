// What became of a contract as far as its node is to blame or to thank, by the book. Pure.
import type { Reader } from '../bcdb/reader.js';
import { read, type ContractObject } from '../rules/objects.js';
import { CUT_OFF } from '../rules/run.js';
import { viewOf } from '../rules/view.js';

/** A contract's outcome so far. */
export interface Outcome {
  readonly contract: string;
  readonly farm: string;
  /** Node key. */
  readonly node: string;
  /** When it was committed, ms since 1970. */
  readonly ordered_ms: number;
  /** From then until its node first said that something ran, or, without workloads, that it held it; null: not yet. */
  readonly running_ms: number | null;
  /** What the node did wrong, in words; null: nothing that the book shows. */
  readonly fault: string | null;
  readonly isOver: boolean;
}

/** Records of a run that are looked through for its beginning: what is said first is said soon. */
const FIRST_WORDS = 100;

/** The outcome of a contract; undefined where the book does not have it. @param at ms since 1970 */
export function outcomeOf(reader: Reader, id: string, at: number): Outcome | undefined {
  const contract = read(reader, 'contract', id);
  if (contract === undefined) return undefined;
  const { agreement: { farm, node }, committed_at } = contract;
  const since = runningSince(reader, contract);
  return { contract: id, farm, node, ordered_ms: committed_at, running_ms: since === null ? null : Math.max(0, since - committed_at), fault: faultOf(reader, contract, at), isOver: viewOf(reader, contract, at).state === 'ended' };
}

function runningSince(reader: Reader, { id, started_at, workloads }: ContractObject): number | null {
  if (started_at === null || workloads.length === 0) return started_at;
  for (let height = 0; height < FIRST_WORDS; height += 1) {
    const place = reader.lineAt(`run/${id}`, height);
    if (place === undefined) return null;
    const { payload, at } = reader.line(place.index);
    if ((JSON.parse(payload) as { body: { state?: string } }).body.state === 'running') return at;
  }
  return null;
}

/** Only what is certain: a workload may fail by the buyer's own doing, a contract that was never held cannot. */
function faultOf(reader: Reader, contract: ContractObject, at: number): string | null {
  const { reason } = viewOf(reader, contract, at);
  if (reason === 'not_provisioned') return 'its node did not hold it in time';
  if (reason === 'fault') return 'it was ended for a fault';
  const run = read(reader, 'run', contract.id);
  if (run?.state === 'failed') return `its node could not provide it${run.reason === null ? '' : `: ${run.reason.slice(0, 200)}`}`;
  const cut = run?.workloads.find(({ state, reason: why }) => state === 'failed' && why !== null && CUT_OFF.some((words) => why.startsWith(words)));
  return cut === undefined ? null : `workload ${cut.name} was cut off: ${(cut.reason ?? '').slice(0, 200)}`;
}
