// What became of a contract, line by line of the book: when, what, by whom, and which money moved.
import { formatTft } from '../base/amount.js';
import { iso } from '../base/clock.js';
import { MAX_TIMELINE } from '../base/limits.js';
import { Fold, foldLine, foldLines, type FoldOptions } from '../bcdb/fold.js';
import { recordsAt, type Found } from '../bcdb/record-at.js';
import { parseRecord } from '../bcdb/record.js';
import type { Reader } from '../bcdb/reader.js';
import type { ReadState, RuleBook } from '../bcdb/rulebook.js';
import { read, type ContractObject } from '../rules/objects.js';
import { short } from '../rules/refusal.js';
import { viewOf, type ContractView } from '../rules/view.js';
import { linesOf } from '../market/lines.js';
import type { Agreement, Amend, End, Fund, Link, Payload, Run, Session, SessionClosed, WorkloadList } from '../schema/types.js';
import { durationText, resourcesText } from '../market/words.js';

/** One record that concerns a contract; or what time alone brought about, with neither line nor record. */
export interface Happening {
  readonly line: number | null;
  /** Home's time of intake, or when time brought it about; ISO 8601. */
  readonly at: string;
  readonly kind: string | null;
  /** Record id. */
  readonly record: string | null;
  readonly what: string;
  /** Whose keys signed: `bot alice`, `farm sunny`, `node 1c110e12…`, `account 5d91…`. */
  readonly by: readonly string[];
  /** TFT by which the escrow grew, or, negative, shrank: what payers gave less what payees and payers got. Null where it did not; all of them add up to what is in it. */
  readonly amount: string | null;
}

/** From here on it is told when something was seen, beside when it was said. */
const SEEN_LATE_MS = 60_000;

/** Happenings, oldest first. */
export interface Timeline {
  readonly happenings: readonly Happening[];
  /** False where there are more than are shown. */
  readonly complete: boolean;
}

/**
 * All that concerns a contract: its own chain, what its node said of it, what accounts and its farm said on theirs, and
 * when it ran out of funds or ended by itself. What a record moved, and until when it was paid, the rules alone know: the
 * book is carried out once more up to the newest of them.
 * @param now ms since 1970, not before the newest line
 * @throws Problem what the index and `foldLines` throw
 */
export async function timelineOf(reader: Reader, rules: RuleBook, contract: ContractObject, now: number, options: FoldOptions = {}): Promise<Timeline> {
  const lines = linesOf(reader, { tag: `contract/${contract.id}` }, MAX_TIMELINE + 1);
  const names = namesOf(reader, contract);
  const complete = lines.length <= MAX_TIMELINE;
  const of = (lines.at(-1) ?? 0) + 1;
  const happenings: Happening[] = [];
  const state = new Fold();
  let folded = 0;
  let last: ContractView | undefined;
  for (const found of recordsAt(reader, lines.slice(0, MAX_TIMELINE))) {
    await foldLines(state, reader, rules, folded, found.index, { ...options, onProgress: (done) => options.onProgress?.(done, of) });
    const before = seenIn(state, contract.id, found.at);
    foldLine(state, rules, found, found.index);
    folded = found.index + 1;
    const after = seenIn(state, contract.id, found.at);
    const moved = (after?.escrow_stroops ?? 0n) - (before?.escrow_stroops ?? 0n);
    happenings.push(...passed(last, before), happeningOf(found, contract, names, moved));
    last = after;
  }
  if (complete) happenings.push(...passed(last, viewOf(reader, contract, now)));
  return { happenings, complete };
}

function seenIn(state: ReadState, id: string, at: number): ContractView | undefined {
  const contract = read(state, 'contract', id);
  return contract === undefined ? undefined : viewOf(state, contract, at);
}

/** What time brought about between the last record and a later moment. */
function passed(last: ContractView | undefined, then: ContractView | undefined): Happening[] {
  if (last === undefined || then === undefined || then.settled) return [];
  const byTime = (at: number, what: string): Happening => ({ line: null, at: iso(at), kind: null, record: null, what, by: [], amount: null });
  const { state, reason, funded_until, ends_at } = then;
  const isPaused = last.state === 'active' && funded_until !== null && funded_until < ends_at && state !== 'active';
  return [
    ...(isPaused ? [byTime(funded_until, `out of funds: paused until ${iso(ends_at)}`)] : []),
    ...(state === 'ended' && last.state !== 'ended' ? [byTime(ends_at, reason === 'notice' ? "the farm's notice is over: ended" : reason === 'not_provisioned' ? 'its node never held it: ended' : 'nobody paid for more time: ended')] : []),
  ];
}

function happeningOf({ index, at, id, payload, signatures }: Found, contract: ContractObject, names: (key: string) => string, moved: bigint): Happening {
  const record = parseRecord(payload).payload;
  return { line: index, at: iso(at), kind: record.kind, record: id, what: said(record, contract, at), by: signatures.map(({ by }) => names(by)), amount: moved === 0n ? null : formatTft(moved) };
}

function said({ kind, body }: Payload, contract: ContractObject, at: number): string {
  const text = body as { reason?: string };
  const because = text.reason === undefined || text.reason === '' ? '' : `: ${text.reason}`;
  switch (kind) {
    case 'agreement@1': {
      const { resources, term_ms } = body as unknown as Agreement;
      return `agreed: ${resourcesText(resources)} for ${durationText(term_ms)}`;
    }
    case 'run@1':
      return runText(body as unknown as Run, at);
    case 'link@1':
      return linkText(body as unknown as Link);
    case 'session@1':
      return sessionText(body as unknown as Session);
    case 'workload@1':
      return `to run from now on: ${(body as unknown as WorkloadList).workloads.map(({ name }) => name).join(', ') || 'nothing'}`;
    case 'end@1': {
      const { refunded_stroops = '0', reason = '' } = contract.settled ?? {};
      return `ended, ${reason}${(body as End).reason === '' ? '' : `: ${(body as End).reason}`}; ${formatTft(BigInt(refunded_stroops))} TFT returned`;
    }
    case 'fund@1':
      return `funded for ${durationText((body as unknown as Fund).term_ms)} more; the payees are paid what is billed by now`;
    case 'amend@1': {
      const { resources, term_ms, total_stroops } = body as unknown as Amend;
      return `amended: ${resourcesText(resources)} for ${durationText(term_ms)}, ${formatTft(BigInt(total_stroops))} TFT in all; what was used is paid, what is not needed goes back`;
    }
    case 'claim@1':
      return 'the payees are paid what is billed by now';
    case 'notice@1':
      return `the farm gives notice${because}${contract.notice === undefined ? '' : `; it ends ${iso(contract.notice.ends_at)}`}`;
    default:
      return `${kind.replace(/@.*/, '')}${because}`;
  }
}

/** @param at home's time of intake, ms: what was seen long before could not be said then */
function runText({ workload, state, reason, exit_code, observed_ms }: Run, at: number): string {
  const why = [exit_code === null ? null : `exit code ${exit_code}`, reason].filter((part) => part !== null).join(', ');
  const words = state === 'held' ? 'the node holds it: time begins' : state === 'released' ? 'the node has wiped its data' : `${workload ?? 'the node'} ${state}`;
  const seen = at - observed_ms < SEEN_LATE_MS ? '' : `; seen ${iso(observed_ms)}, said afterwards`;
  return `${words}${why === '' ? '' : `: ${why}`}${seen}`;
}

function linkText({ network, endpoint, addresses }: Link): string {
  return addresses.length === 0 ? `has left network ${short(network)}` : `in network ${short(network)} at ${addresses.join(', ')}, ${endpoint === null ? 'calling others only' : `reached at ${endpoint}`}`;
}

function sessionText(body: Session): string {
  if (body.state === 'opened') return `${short(body.operator)} runs commands in ${body.workload}`;
  const { session, exit_code, reason, sha256 } = body as SessionClosed;
  const end = [exit_code === null ? null : `exit code ${exit_code}`, reason].filter((part) => part !== null).join(', ');
  return `session ${short(session)} is over: ${end === '' ? 'ended' : end}; ${sha256 === null ? 'its transcript is lost' : `transcript ${short(sha256)}`}`;
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
