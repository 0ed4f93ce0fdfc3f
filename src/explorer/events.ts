// The newest lines of a book in words, for whoever looks on.
import { iso } from '../base/clock.js';
import { formatTft } from '../base/amount.js';
import { MAX_ROWS } from '../base/limits.js';
import type { ReadState } from '../bcdb/rulebook.js';
import type { Reader } from '../bcdb/reader.js';
import { recordAt } from '../bcdb/record-at.js';
import { nameOfBot } from '../market/find.js';
import { durationText, resourcesText } from '../market/words.js';
import { read } from '../rules/objects.js';
import type { Agreement, Announcement, Drain, Farm, Identity, MarketEvent, Mint, Notice, Payload, Run, Transfer } from '../schema/types.js';

/** Lines after `after`, oldest first, at most `limit`; without it the newest ones. */
export function eventsOf(reader: Reader, after: number | undefined, limit: number): MarketEvent[] {
  const { size } = reader;
  const from = after === undefined ? Math.max(0, size - limit) : after + 1;
  const events: MarketEvent[] = [];
  for (let line = from; line < Math.min(size, from + Math.min(limit, MAX_ROWS)); line += 1) {
    const { id, at, payload } = recordAt(reader, line);
    const record = JSON.parse(payload) as Payload;
    events.push({ line, at: iso(at), kind: record.kind, chain: record.chain, record: id, text: said(reader, record).slice(0, 500) });
  }
  return events;
}

/** A record in a line; of kinds that nobody reads about what it is and where. */
function said(state: ReadState, { kind, chain, height, body }: Payload): string {
  const subject = chain.slice(chain.indexOf('/') + 1);
  const words = WORDS[kind] as ((body: Payload['body'], about: About) => string) | undefined;
  return words?.(body, { state, subject, isFirst: height === 0 }) ?? `${kind.split('@')[0] ?? kind} on ${chain.split('/')[0] ?? chain} ${short(subject)}`;
}

interface About {
  readonly state: ReadState;
  /** Id or key of the chain. */
  readonly subject: string;
  /** It begins its chain. */
  readonly isFirst: boolean;
}

/** To add a kind that people want to read about: its line here. */
const WORDS: { readonly [kind: string]: ((body: never, about: About) => string) | undefined } = {
  'genesis@1': ({ name }: { name: string }) => `grid ${name} begins`,
  'identity@1': ({ name }: Identity, { isFirst }) => (isFirst ? `bot ${name} comes to the grid` : `bot ${name} changes its identity`),
  'farm@1': ({ name, place }: Farm, { isFirst }) => (isFirst ? `farm ${name} opens in ${place}` : `farm ${name} changes what it says of itself`),
  'prices@1': (_body, { state, subject }) => `farm ${farmOf(state, subject)} changes its prices`,
  'admit@1': ({ node }: { node: string }, { state, subject }) => `farm ${farmOf(state, subject)} admits node ${short(node)}`,
  'retire@1': ({ node }: { node: string }, { state, subject }) => `farm ${farmOf(state, subject)} retires node ${short(node)}`,
  'announcement@1': ({ capacity, farm }: Announcement, { state, subject, isFirst }) => `node ${short(subject)} of farm ${farmOf(state, farm)} ${isFirst ? 'announces' : 'announces anew'}: ${resourcesText(capacity)}`,
  'drain@1': ({ reason }: Drain, { subject }) => `node ${short(subject)} takes nothing new: ${reason}`,
  'status@1': (_body, { subject }) => `meter ${short(subject)} confirms time`,
  'agreement@1': ({ by, farm, resources, term_ms, total_stroops }: Agreement, { state, subject }) => `contract ${short(subject)}: ${nameOfBot(state, by) ?? short(by)} buys ${resourcesText(resources)} of farm ${farmOf(state, farm)} for ${durationText(term_ms)}, ${formatTft(BigInt(total_stroops))} TFT`,
  'workload@1': (_body, { subject }) => `contract ${short(subject)}: other workloads`,
  'amend@1': (_body, { subject }) => `contract ${short(subject)} is amended`,
  'end@1': (_body, { subject }) => `contract ${short(subject)} ends`,
  'run@1': ({ workload, state, reason }: Run, { subject }) => `contract ${short(subject)}: ${workload === null ? 'it is' : `${workload} is`} ${state}${reason === null ? '' : `, ${reason}`}`,
  'notice@1': ({ reason }: Notice, { state, subject }) => `farm ${farmOf(state, subject)} gives notice of a contract: ${reason}`,
  'transfer@1': ({ to, payers }: Transfer, { subject }) => `account ${short(subject)} sends ${formatTft(payers.reduce((sum, { amount_stroops }) => sum + BigInt(amount_stroops), 0n))} TFT to ${short(to)}`,
  'mint@1': ({ node, amount_stroops }: Mint, { state, subject }) => `farm ${farmOf(state, subject)} mints ${formatTft(BigInt(amount_stroops))} TFT for node ${short(node)}`,
  'state@1': () => 'a state root',
};

function farmOf(state: ReadState, id: string): string {
  return read(state, 'farm', id)?.name ?? short(id);
}

function short(id: string): string {
  return id.slice(0, 12);
}
