// What became of a contract, line by line of the book: when, what, by whom, and which money moved.
import { formatTft } from '../base/amount.js';
import { iso } from '../base/clock.js';
import { MAX_TIMELINE } from '../base/limits.js';
import { recordsAt, type Found } from '../bcdb/record-at.js';
import { parseRecord } from '../bcdb/record.js';
import type { Reader } from '../bcdb/reader.js';
import { read, type ContractObject } from '../rules/objects.js';
import { short } from '../rules/refusal.js';
import { linesOf } from '../market/lines.js';
import type { Agreement, Amend, End, Fund, Payers, Payload, Run, WorkloadList } from '../schema/types.js';
import { durationText, resourcesText } from '../market/words.js';

/** One record that concerns a contract. */
export interface Happening {
  readonly line: number;
  /** Home's time of intake, ISO 8601. */
  readonly at: string;
  readonly kind: string;
  /** Record id. */
  readonly record: string;
  readonly what: string;
  /** Whose keys signed: `bot alice`, `farm sunny`, `node 1c110e12…`, `account 5d91…`. */
  readonly by: readonly string[];
  /** TFT that went into the escrow, or, negative, came out of it; null where none moved. */
  readonly amount: string | null;
}

/** Happenings, oldest first. */
export interface Timeline {
  readonly happenings: readonly Happening[];
  /** False where there are more than are shown. */
  readonly complete: boolean;
}

/**
 * All that concerns a contract: its own chain, what its node said of it, and what accounts and its farm said on theirs.
 * @throws Problem what the index throws
 */
export function timelineOf(reader: Reader, contract: ContractObject): Timeline {
  const lines = linesOf(reader, { tag: `contract/${contract.id}` }, MAX_TIMELINE + 1);
  const names = namesOf(reader, contract);
  const happenings = recordsAt(reader, lines.slice(0, MAX_TIMELINE)).map((found) => happeningOf(found, contract, names));
  return { happenings, complete: lines.length <= MAX_TIMELINE };
}

function happeningOf({ index, at, id, payload, signatures }: Found, contract: ContractObject, names: (key: string) => string): Happening {
  const record = parseRecord(payload).payload;
  const { what, amount = null } = said(record, contract);
  return { line: index, at: iso(at), kind: record.kind, record: id, what, by: signatures.map(({ by }) => names(by)), amount: amount === null || amount === 0n ? null : formatTft(amount) };
}

interface Said {
  readonly what: string;
  /** Stroops into the escrow. */
  readonly amount?: bigint;
}

function said({ kind, body }: Payload, contract: ContractObject): Said {
  const text = body as { reason?: string; payers?: Payers };
  const because = text.reason === undefined || text.reason === '' ? '' : `: ${text.reason}`;
  switch (kind) {
    case 'agreement@1': {
      const { resources, term_ms, payers } = body as unknown as Agreement;
      return { what: `agreed: ${resourcesText(resources)} for ${durationText(term_ms)}`, amount: sum(payers) };
    }
    case 'run@1':
      return { what: runText(body as unknown as Run) };
    case 'workload@1':
      return { what: `to run from now on: ${(body as unknown as WorkloadList).workloads.map(({ name }) => name).join(', ') || 'nothing'}` };
    case 'end@1': {
      const { refunded_stroops = '0', reason = '' } = contract.settled ?? {};
      return { what: `ended, ${reason}${(body as End).reason === '' ? '' : `: ${(body as End).reason}`}; ${formatTft(BigInt(refunded_stroops))} TFT returned`, amount: -BigInt(contract.settled?.billed_stroops ?? '0') - BigInt(refunded_stroops) };
    }
    case 'fund@1': {
      const { term_ms, payers } = body as unknown as Fund;
      return { what: `funded for ${durationText(term_ms)} more`, amount: sum(payers) };
    }
    case 'amend@1': {
      const { resources, term_ms, total_stroops, payers } = body as unknown as Amend;
      return { what: `amended: ${resourcesText(resources)} for ${durationText(term_ms)}, ${formatTft(BigInt(total_stroops))} TFT in all; what is not needed of escrow and payment goes back`, amount: sum(payers) };
    }
    case 'claim@1':
      return { what: 'the payees are paid what is billed by now; contract bill has the amount' };
    case 'notice@1':
      return { what: `the farm gives notice${because}${contract.notice === undefined ? '' : `; it ends ${iso(contract.notice.ends_at)}`}` };
    default:
      return { what: `${kind.replace(/@.*/, '')}${because}`, ...(text.payers === undefined ? {} : { amount: sum(text.payers) }) };
  }
}

function runText({ workload, state, reason, exit_code }: Run): string {
  const why = [exit_code === null ? null : `exit code ${exit_code}`, reason].filter((part) => part !== null).join(', ');
  const words = state === 'held' ? 'the node holds it: time begins' : state === 'released' ? 'the node has wiped its data' : `${workload ?? 'the node'} ${state}`;
  return `${words}${why === '' ? '' : `: ${why}`}`;
}

function sum(payers: Payers): bigint {
  return payers.reduce((total, { amount_stroops }) => total + BigInt(amount_stroops), 0n);
}

/** Names for keys, of bots by what they call themselves now. */
function namesOf(reader: Reader, { agreement: { node, farm: id } }: ContractObject): (key: string) => string {
  const farm = read(reader, 'farm', id);
  return (key) => {
    if (key === node) return `node ${short(key)}`;
    if (key === farm?.farm_key) return `farm ${farm.name}`;
    const bot = read(reader, 'bot', key);
    return bot === undefined ? `account ${short(key)}` : `bot ${bot.name}`;
  };
}
