// Every line that changed what an account has, found by the index: its own records, those that name it, and what its
// contracts and farms brought. Most say their amount themselves. What a contract paid out before its end follows from
// its meter and all that happened to it: for such lines alone the book is carried out once more up to there.
import { Fold, foldLine, foldLines, type FoldOptions } from '../bcdb/fold.js';
import { recordAt, type Found } from '../bcdb/record-at.js';
import { parseRecord } from '../bcdb/record.js';
import type { Reader } from '../bcdb/reader.js';
import type { ReadState, RuleBook } from '../bcdb/rulebook.js';
import { read } from '../rules/objects.js';
import type { Agreement, Farm, Genesis, Mint, Payers, Payload, Transfer } from '../schema/types.js';
import { balanceOf, settledFor, type Movement } from './account.js';
import { linesOf } from './lines.js';

/** Kinds by which a contract moves money after it was agreed. */
const OF_CONTRACTS = ['claim@1', 'fund@1', 'amend@1', 'end@1'];

/** What one record changed; the amount undefined where only carrying the book out tells it. */
type Said = Pick<Movement, 'counterparty' | 'memo'> & { readonly amount_stroops: bigint | undefined };

/**
 * All movements of an account from a line on, oldest first; nothing is left out.
 * @param account key, hex
 * @param from number of the first line that counts
 * @throws Problem what the index and `foldLines` throw
 */
export async function movementsSince(reader: Reader, rules: RuleBook, account: string, from: number, options: FoldOptions = {}): Promise<Movement[]> {
  const found = linesOfAccount(reader, account, from).map((line) => recordAt(reader, line));
  const said = found.map((one) => ({ found: one, said: saidOf(reader, parseRecord(one.payload).payload, account) }));
  const hard = said.filter((one) => one.said !== undefined && one.said.amount_stroops === undefined).map((one) => one.found);
  const carried = await carryOut(reader, rules, account, hard, options);
  return said.flatMap(({ found: { index, id, at, payload }, said: one }) => {
    const amount = one?.amount_stroops ?? carried.get(index) ?? 0n;
    if (one === undefined || amount === 0n) return [];
    return [{ index, record: id, at, kind: parseRecord(payload).payload.kind, amount_stroops: amount, counterparty: one.counterparty, memo: one.memo }];
  });
}

/** Numbers of the lines that may have changed the balance, ascending. */
function linesOfAccount(reader: Reader, account: string, from: number): number[] {
  const tag = `account/${account}`;
  const lines = new Set(linesOf(reader, { tag }));
  const chains = [...lines].map((line) => parseRecord(reader.line(line).payload).payload);
  const contracts = new Set(chains.flatMap(({ chain, body }) => (chain.startsWith('contract/') ? [chain.slice('contract/'.length)] : contractIn(body))));
  for (const id of contracts) {
    const settled = read(reader, 'contract', id)?.settled;
    // What was settled before moved nothing since.
    if (settled != null && settled.at < (from < reader.size ? reader.line(from).at : Infinity)) continue;
    for (const kind of OF_CONTRACTS) for (const line of linesOf(reader, { tag: `contract/${id}`, kind })) lines.add(line);
  }
  const farms = new Set(chains.flatMap(({ kind, chain }) => (kind === 'farm@1' ? [chain] : [])));
  for (const chain of farms) for (const line of linesOf(reader, { tag: chain, kind: 'mint@1' })) lines.add(line);
  return [...lines].filter((line) => line >= from).sort((a, b) => a - b);
}

function contractIn(body: unknown): string[] {
  const { contract } = body as { contract?: string };
  return typeof contract === 'string' ? [contract] : [];
}

/** What a record says it moved for an account; undefined: nothing. */
function saidOf(reader: Reader, payload: Payload, account: string): Said | undefined {
  const { kind, chain, body } = payload;
  const own = chain === `account/${account}`;
  const payers = (body as { payers?: Payers }).payers ?? [];
  switch (kind) {
    case 'genesis@1':
      return { amount_stroops: paidBy((body as unknown as Genesis).allocations, account), counterparty: null, memo: 'genesis' };
    case 'faucet@1':
      return own ? { amount_stroops: BigInt((body as { amount_stroops: string }).amount_stroops), counterparty: null, memo: '' } : undefined;
    case 'transfer@1': {
      const { to, memo } = body as unknown as Transfer;
      return own ? { amount_stroops: -paidBy(payers, account), counterparty: `account/${to}`, memo } : { amount_stroops: to === account ? sumOf(payers) : 0n, counterparty: chain, memo };
    }
    case 'agreement@1':
      return { amount_stroops: -paidBy(payers, account), counterparty: chain, memo: (body as unknown as Agreement).order ?? '' };
    case 'mint@1':
      return { amount_stroops: payoutAt(reader, payload) === account ? BigInt((body as unknown as Mint).amount_stroops) : 0n, counterparty: chain, memo: `minted for period ${(body as unknown as Mint).period}` };
    case 'end@1':
      return ofEnd(reader, payload, account);
    case 'claim@1':
    case 'fund@1':
    case 'amend@1':
      return { amount_stroops: undefined, counterparty: chain.startsWith('contract/') ? chain : `contract/${contractIn(body)[0] ?? ''}`, memo: kind.split('@')[0] ?? '' };
    default:
      return undefined;
  }
}

/** A contract that ended as it began says with its object who got what. */
function ofEnd(reader: Reader, { chain }: Payload, account: string): Said | undefined {
  const contract = read(reader, 'contract', chain.slice('contract/'.length));
  if (contract?.settled == null) return undefined;
  const isPlain = contract.paid_stroops === undefined && contract.payers === undefined;
  return { amount_stroops: isPlain ? settledFor(contract, account) : undefined, counterparty: chain, memo: contract.settled.note };
}

/** The account that a farm was paid on when it minted: the last farm@1 below. */
function payoutAt(reader: Reader, { chain, height }: Payload): string | undefined {
  for (let below = height - 1; below >= 0; below -= 1) {
    const line = reader.lineAt(chain, below);
    const { kind, body } = parseRecord(reader.line(line?.index ?? -1).payload).payload;
    if (kind === 'farm@1') return (body as unknown as Farm).payout;
  }
  return undefined;
}

/** What these lines, ascending, changed: the balance after each less the one before. */
async function carryOut(reader: Reader, rules: RuleBook, account: string, found: readonly Found[], { onProgress, signal }: FoldOptions): Promise<Map<number, bigint>> {
  const changes = new Map<number, bigint>();
  const of = (found.at(-1)?.index ?? -1) + 1;
  const state = new Fold();
  let folded = 0;
  for (const one of found) {
    await foldLines(state, reader, rules, folded, one.index, { signal, onProgress: (done) => onProgress?.(done, of) });
    const before = has(state, account);
    foldLine(state, rules, one, one.index);
    folded = one.index + 1;
    changes.set(one.index, has(state, account) - before);
  }
  return changes;
}

function has(state: ReadState, account: string): bigint {
  return balanceOf(state, account).balance_stroops;
}

function paidBy(amounts: Payers, account: string): bigint {
  return sumOf(amounts.filter((part) => part.account === account));
}

function sumOf(amounts: Payers): bigint {
  return amounts.reduce((sum, { amount_stroops }) => sum + BigInt(amount_stroops), 0n);
}
