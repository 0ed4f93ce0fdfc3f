// Binding a draft: the payers' proofs, the farm's signature, the own ones. What an order of one part and of many share.
import { canonical } from '../base/canonical.js';
import { formatTft } from '../base/amount.js';
import { isProblem, Problem } from '../base/errors.js';
import type { ParsedRecord } from '../bcdb/record.js';
import { accountRolesOf } from '../keys/accounts.js';
import { verifyBytes, type Signer } from '../keys/ed25519.js';
import { signingBytes } from '../keys/signed.js';
import { agreementOf } from '../market/terms.js';
import type { Conversation, Message } from '../net/talk.js';
import { read, readGrid } from '../rules/objects.js';
import { accountSigners } from '../rules/spending.js';
import type { Signature, TalkDecline } from '../schema/types.js';
import { converse, type Buyer } from './quote.js';

/** Farms may change their minds between offer and signature; nobody is asked for ever. */
export const MAX_ROUNDS = 3;
/** Declines after which the same farm may well say yes to a new request. */
const ASK_AGAIN = new Set<TalkDecline['code']>(['expired', 'unknown_offer', 'capacity', 'busy']);
/** Refusals of the book that a new draft may be spared: too late, capacity gone to somebody else, governance changed the shares. */
export const AGAIN_REFUSED: ReadonlySet<string> = new Set(['deadline', 'capacity', 'drained', 'shares']);
/** Declines that say nothing about the farm, only that the offer is too old. */
export const STALE_OFFER: ReadonlySet<string> = new Set(['expired', 'unknown_offer']);

/** Not this time; a new request may do. */
export class Again extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.message);
    this.problem = problem;
  }
}

/** @throws Problem `refused`, reason `funds`, where the wallet has less; says where to get more */
export function checkFunds({ grid, keyring }: Pick<Buyer, 'grid' | 'keyring'>, total: bigint): void {
  const account = read(grid.reader, 'account', keyring.signer('wallet').key);
  const balance = BigInt(account?.balance_stroops ?? '0');
  if (balance >= total) return;
  throw new Problem('refused', `it costs ${formatTft(total)} TFT, your wallet has ${formatTft(balance)} TFT`, {
    reason: 'funds',
    hint: grid.dev && account?.faucet_taken !== true ? '3bot wallet faucet' : '3bot wallet show gives the address to send TFT to',
  });
}

/**
 * Accepts a draft and gives the farm's answer. A farm gives the same signature again, so a lost answer is asked for anew.
 * @param conversation that the offer came in; left out where an interrupted order goes on
 * @throws Problem `unreachable`; `Again` where the farm is gone
 */
export async function accept(buyer: Buyer, record: ParsedRecord, conversation?: Conversation): Promise<Message> {
  const body = await acceptanceOf(buyer, record);
  let lost: unknown;
  try {
    if (conversation !== undefined) return await conversation.ask('accept', body);
  } catch (thrown) {
    lost = thrown;
  }
  // A farm that was started again, or a buyer who read for long, has lost the thread of the conversation.
  if (lost !== undefined && !isProblem(lost, 'unreachable') && !isProblem(lost, 'refused', 'thread')) throw lost;
  const farm = read(buyer.grid.reader, 'farm', agreementOf(record).farm);
  if (farm === undefined || farm.endpoint === null) throw new Again(new Problem('unreachable', 'the farm cannot be reached any more', { reason: 'endpoint' }));
  try {
    return await converse(buyer, farm.id, farm.endpoint).ask('accept', body);
  } catch (thrown) {
    if (!isProblem(thrown, 'unreachable')) throw thrown;
    throw new Problem('unreachable', `${thrown.message}; nothing is paid`, { reason: thrown.reason ?? 'farm', hint: 'run the same command again: it goes on with this order', cause: thrown });
  }
}

/**
 * The farm's signature on its own draft.
 * @param reply to `accept`
 * @throws Problem `refused` for a decline, or `Again` with it where a new request may do; `integrity`
 */
export function farmerSignature({ grid }: Pick<Buyer, 'grid'>, record: ParsedRecord, reply: Message): Signature {
  if (reply.kind === 'decline') {
    const problem = new Problem('refused', `the farm declined: ${reply.body.reason}`, { reason: reply.body.code });
    throw ASK_AGAIN.has(reply.body.code) ? new Again(problem) : problem;
  }
  const farmKey = read(grid.reader, 'farm', agreementOf(record).farm)?.farm_key ?? '';
  if (reply.kind !== 'agreement' || reply.body.record !== record.id || reply.body.signature.by !== farmKey
    || !verifyBytes(farmKey, signingBytes('record', record.text), reply.body.signature.sig)) {
    throw new Problem('integrity', "the farm's signature on its own offer does not hold", { reason: 'signature' });
  }
  return reply.body.signature;
}

/** Signatures of the own bot and of those of its keys that spend for a payer. */
export async function ownSignatures(buyer: Buyer, record: ParsedRecord): Promise<Signature[]> {
  return Promise.all([buyer.keyring.signer('bot'), ...spendersOf(buyer, record)].map(async (signer) => ({ by: signer.key, sig: await signer.sign('record', record.text) })));
}

async function acceptanceOf(buyer: Buyer, record: ParsedRecord): Promise<{ record: string; proofs: Signature[] }> {
  const said = canonical({ grid: buyer.grid.id, record: record.id });
  return { record: record.id, proofs: await Promise.all(spendersOf(buyer, record).map(async (signer) => ({ by: signer.key, sig: await signer.sign('accept', said) }))) };
}

/** Those of the own keys that spend for a payer of the agreement: of an account with several keys, some. */
function spendersOf({ grid: { reader }, keyring, clock }: Buyer, record: ParsedRecord): Signer[] {
  const occasion = { kind: record.payload.kind, at: clock(), rules: readGrid(reader).rules };
  const keys = new Set(agreementOf(record).payers.flatMap(({ account }) => [...accountSigners(reader, account, occasion).keys.keys()]));
  return accountRolesOf(keyring).map((role) => keyring.signer(role)).filter(({ key }) => keys.has(key));
}
