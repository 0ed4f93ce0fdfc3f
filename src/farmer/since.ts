// What may have changed between an offer and its acceptance. Pure.
import { MAX_HOLDS_OF_ONE, OFFER_LIFE_MS } from '../base/limits.js';
import type { Reader } from '../bcdb/reader.js';
import { fits } from '../capacity/fit.js';
import { carriesShares } from '../rules/agreement.js';
import { drainOf } from '../rules/node.js';
import { read, readGrid } from '../rules/objects.js';
import type { Hold } from './hold.js';
import { decline, drainedText, leftOn, type Refusal } from './shop.js';
import { heldOf } from './standing.js';

/**
 * Why a draft that was offered is not signed now: other drafts, the payers' funds, what the grid takes, the node, its
 * capacity, looked at in this order. Undefined where nothing stands against it.
 * @param holds all that are live
 * @param released drafts that were let go of; they count against their own buyer alone
 * @param at now, ms since 1970
 */
export function refusedSince({ reader, farm }: { readonly reader: Reader; readonly farm: string }, { contract, agreement }: Hold, { holds, released }: { readonly holds: readonly Hold[]; readonly released: readonly Hold[] }, at: number): Refusal | undefined {
  const others = holds.filter((hold) => hold.contract !== contract);
  if (others.length < holds.length) return decline('busy', 'another draft of this contract is signed already', { final: false });
  if ([...others, ...released].filter((hold) => hold.agreement.by === agreement.by).length >= MAX_HOLDS_OF_ONE) {
    return decline('busy', `${MAX_HOLDS_OF_ONE} drafts of yours are signed and may still be committed; commit them, or wait for their deadlines`, { final: false });
  }
  for (const { account, amount_stroops } of agreement.payers) {
    const promised = others.flatMap((hold) => hold.agreement.payers).filter((payer) => payer.account === account);
    const needed = promised.reduce((sum, payer) => sum + BigInt(payer.amount_stroops), BigInt(amount_stroops));
    if (BigInt(read(reader, 'account', account)?.balance_stroops ?? '0') < needed) return decline('funds', 'a paying account has too little TFT', { final: false });
  }
  const { rules, shares } = readGrid(reader);
  if (rules >= 2 && !carriesShares(shares, agreement.payees)) return decline('expired', 'governance has changed what contracts pay to the grid', { final: false });
  const node = read(reader, 'node', agreement.node);
  if (node?.admitted !== farm) return decline('no_node', 'the node is no longer sold', { final: false });
  if (drainOf(node, at) !== undefined) return decline('no_node', drainedText([node], at), { final: false });
  const left = leftOn(node, others.map(heldOf), at);
  if (!fits(agreement.resources, left)) return decline('capacity', 'somebody else was faster: too little is left', { final: false, retry_after_ms: OFFER_LIFE_MS, nearest: left });
  return undefined;
}
