// What the bot did lately: from the book, and from what a farm and a node keep for themselves. Newest first, bounded.
import { formatTft } from '../base/amount.js';
import { iso } from '../base/clock.js';
import { LATELY_LOOKED_AT, MAX_LATELY } from '../base/limits.js';
import { recordAt, type Found } from '../bcdb/record-at.js';
import type { Reader } from '../bcdb/reader.js';
import { newestOf } from '../market/lines.js';
import { nameOfBot } from '../market/find.js';
import type { Life } from '../node/life/life.js';
import type { Told } from '../farmer/told.js';
import { read } from '../rules/objects.js';
import type { Agreement, Mint, Payers, Payload, Transfer } from '../schema/types.js';

/** Something that happened. */
export interface Happening {
  /** ISO 8601. */
  readonly at: string;
  readonly what: 'contract' | 'payment' | 'mint' | 'node' | 'refusal' | 'script' | 'restart' | 'blueprint';
  readonly text: string;
  /** Id of the record; null where none tells it. */
  readonly record: string | null;
}

/** Whose doings are looked for on one grid; what it is not is null. */
export interface Doer {
  /** Key of the bot. */
  readonly bot: string | null;
  /** Account key. */
  readonly account: string | null;
  /** Farm id, and its key. */
  readonly farm: string | null;
}

/** What the book shows, newest first. */
export function recorded(reader: Reader, { bot, account, farm }: Doer): Happening[] {
  const asked = [
    ...(bot === null ? [] : [{ signer: bot }, { tag: `bot/${bot}` }]),
    ...(account === null ? [] : [{ tag: `account/${account}` }]),
    ...(farm === null ? [] : [{ tag: `farm/${farm}` }]),
  ];
  const lines = new Set(asked.flatMap((narrow) => newestOf(reader, narrow, LATELY_LOOKED_AT)));
  const newest = [...lines].sort((a, b) => b - a);
  const happened: Happening[] = [];
  for (const line of newest) {
    const found = recordAt(reader, line);
    const said = wordsFor(reader, JSON.parse(found.payload) as Payload, { bot, account, farm });
    if (said !== undefined) happened.push(happening(found, said));
    if (happened.length === MAX_LATELY) break;
  }
  return happened;
}

function happening({ at, id }: Found, [what, text]: Said): Happening {
  return { at: iso(at), what, text, record: id };
}

type Said = readonly [what: Happening['what'], text: string];

/** A record in a few words; undefined: nothing worth telling. */
function wordsFor(reader: Reader, { kind, chain, body }: Payload, doer: Doer): Said | undefined {
  const id = chain.slice(chain.indexOf('/') + 1);
  const contract = `contract ${((body as { contract?: string }).contract ?? id).slice(0, 12)}`;
  switch (kind) {
    case 'agreement@1':
      return ofAgreement(reader, contract, body as unknown as Agreement, doer);
    case 'amend@1':
      return ['contract', `${contract} was amended`];
    case 'workload@1':
      return ['contract', `what ${contract} runs was changed`];
    case 'fund@1':
      return ['payment', `${contract} was funded with ${formatTft(sumOf((body as { payers?: Payers }).payers ?? []))} TFT`];
    case 'claim@1':
      return ['payment', `what ${contract} owed was claimed`];
    case 'end@1':
      return ['contract', `${contract} was ended`];
    case 'notice@1':
      return ['contract', `notice was given of ${contract}`];
    case 'faucet@1':
      return ['payment', `${formatTft(BigInt((body as { amount_stroops: string }).amount_stroops))} TFT came from the faucet`];
    case 'transfer@1':
      return ofTransfer(body as unknown as Transfer, id, doer);
    case 'mint@1':
      return ['mint', `${formatTft(BigInt((body as unknown as Mint).amount_stroops))} TFT were minted for period ${(body as unknown as Mint).period}`];
    case 'admit@1':
      return ['node', `node ${(body as { node: string }).node.slice(0, 12)} was admitted`];
    case 'retire@1':
      return ['node', `node ${(body as { node: string }).node.slice(0, 12)} was retired`];
    case 'blueprint@1':
      return ['blueprint', `version ${(body as { version: number }).version} of blueprint ${id.slice(0, 12)} was published`];
    default:
      return undefined;
  }
}

function ofAgreement(reader: Reader, contract: string, { by, farm, order, total_stroops }: Agreement, doer: Doer): Said {
  const named = order === null ? contract : `${contract} (${order})`;
  const price = `${formatTft(BigInt(total_stroops))} TFT`;
  if (farm === doer.farm) return ['contract', `${named} was sold to ${nameOfBot(reader, by) ?? by.slice(0, 12)} for ${price}`];
  return ['contract', `${named} was bought from ${read(reader, 'farm', farm)?.name ?? farm.slice(0, 12)} for ${price}`];
}

function ofTransfer({ to, memo, payers }: Transfer, from: string, { account }: Doer): Said {
  const amount = `${formatTft(sumOf(payers))} TFT`;
  const why = memo === '' ? '' : `: ${memo}`;
  return ['payment', to === account ? `${amount} came from account ${from.slice(0, 12)}${why}` : `${amount} went to account ${to.slice(0, 12)}${why}`];
}

function sumOf(payers: Payers): bigint {
  return payers.reduce((sum, { amount_stroops }) => sum + BigInt(amount_stroops), 0n);
}

/** What a farm has refused, a line a code. */
export function refused(told: readonly Told[]): Happening[] {
  return told.map(({ what, code, reason, count, at }) => ({
    at: iso(at), record: null, what: what === 'script' ? 'script' : 'refusal',
    text: what === 'script' ? `the policy script failed ${times(count)}, the last time: ${reason}` : `refused ${count === 1 ? 'a request' : `${count} requests`} (${code}), the last because ${reason}`,
  }));
}

/** What a node has started again. @param contract id @param workload name */
export function restarted(lives: readonly { readonly contract: string; readonly workload: string; readonly life: Life }[]): Happening[] {
  return lives.flatMap(({ contract, workload, life: { restarts, started } }) => {
    const isKnown = restarts > 0 && started !== null && started > 0;
    return isKnown ? [{ at: iso(started), what: 'restart' as const, text: `workload ${workload} of contract ${contract.slice(0, 12)} was started again ${times(restarts)} so far`, record: null }] : [];
  });
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

/** All of it in one order. */
export function newestFirst(happenings: readonly Happening[]): Happening[] {
  return [...happenings].sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0)).slice(0, MAX_LATELY);
}
