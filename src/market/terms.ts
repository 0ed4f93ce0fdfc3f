// The terms of a deal, drawn up from a request. Buyer and seller run the same function: what the farm offers is what
// the buyer would have written itself, or it is not taken.
import { Problem } from '../base/errors.js';
import { totalStroops } from '../capacity/price.js';
import { chainId, makeRecord, versionFor, type ParsedRecord } from '../bcdb/record.js';
import { PPM } from '../rules/agreement.js';
import type { FarmObject, GridObject } from '../rules/objects.js';
import type { Agreement, Fee, GridShare, Payee, Payers, Quorum, Resources, TalkRequest } from '../schema/types.js';
import type { Asking } from './asking.js';

/** Time a node has to make a contract's volumes; without `held` by then everything goes back. */
const PROVISION_MS = 10 * 60_000;
/** Time in which a contract that has run out can be funded again; its capacity waits for that long at the most, unpaid. */
const GRACE_MS = 3_600_000;

/** What the farm adds to a request; what grid and node say is the same on every copy. */
export interface Choice extends Asking {
  readonly farm: Pick<FarmObject, 'id' | 'payout'>;
  readonly grid: Pick<GridObject, 'id' | 'rules' | 'heartbeat_ms' | 'retention_ms' | 'shares'>;
  readonly node: {
    readonly key: string;
    /** What a dedicated node is sold as. */
    readonly capacity: Resources;
  };
  /** How long before the end the farm has to say that it ends the contract early; 0: it cannot. */
  readonly notice_ms: number;
  /** What architects get, as `feesOf` says. */
  readonly fees: readonly Fee[];
  /** Farm's time of drafting, ms; the deadline counts from it. */
  readonly time: number;
}

/**
 * The agreement that a request and a farm's choice make, ready to be signed.
 *
 * Commit: everybody named, all of them. Workloads and end: the consumer alone. Amendment: everybody again. The farm
 * gets what architect and grid leave of what is billed. The node's own meter confirms time unless the request names a
 * third bot, or nobody; where there is a meter, one heartbeat is charged at least, so that ending before each of them
 * is not free. Rules 1 have neither meter, notice nor a use for a grace.
 * @throws Problem `malformed` where the price is above what can exist, or the shares are more than all
 */
export function draftAgreement(request: TalkRequest, choice: Choice): ParsedRecord {
  const { farm, grid, node, prices, discounts } = choice;
  const isOld = grid.rules < 2;
  const consumer = `bot/${request.consumer}`;
  const farmer = `farm/${farm.id}`;
  const resources = request.dedicated === true ? node.capacity : request.resources;
  const total = totalStroops(resources, prices, request.term_ms, discounts);
  const meter = isOld || request.meter === null ? null : { by: request.meter ?? `node/${node.key}`, heartbeat_ms: grid.heartbeat_ms };
  const everybody: Quorum = request.commit === undefined ? allOf([consumer, farmer, ...request.signers]) : { threshold: 3, members: [...allOf([consumer, farmer]).members, request.commit] };
  const body: Agreement = {
    by: request.consumer,
    nonce: request.nonce,
    roles: [{ role: 'consumer', party: consumer }, { role: 'farmer', party: farmer }, ...request.signers.map((party) => ({ role: 'signer', party }))],
    farm: farm.id,
    node: node.key,
    order: request.order,
    ...(request.blueprint === undefined ? {} : { blueprint: request.blueprint }),
    resources,
    units: 'units/1',
    prices,
    ...(discounts.length === 0 ? {} : { discounts }),
    total_stroops: total.toString(),
    term_ms: request.term_ms,
    payers: splitAmong(request.payers, total),
    payees: payeesOf(farm.payout, choice.fees, grid.shares ?? []),
    quorums: { commit: everybody, workload: allOf([consumer]), amend: everybody, end: allOf([consumer]) },
    commit_by: choice.time + request.commit_within_ms,
    provision_by_ms: PROVISION_MS,
    notice_ms: isOld ? 0 : choice.notice_ms,
    grace_ms: isOld ? 0 : Math.min(GRACE_MS, request.term_ms),
    minimum_stroops: (meter === null ? 0n : smaller(total, totalStroops(resources, prices, meter.heartbeat_ms, discounts))).toString(),
    retention_ms: request.retention_ms ?? grid.retention_ms,
    meter,
    exec: request.exec === true,
    workloads: request.workloads,
    documents: [],
  };
  const chain = `contract/${chainId(grid.id, request.consumer, request.nonce)}`;
  return makeRecord({ v: versionFor(body, () => grid.rules), grid: grid.id, chain, height: 0, prev: null, kind: 'agreement@1', time: choice.time, body });
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

/** The farmer gets what the others leave. */
function payeesOf(payout: string, fees: readonly Fee[], shares: readonly GridShare[]): Payee[] {
  const others: Payee[] = [...fees.map((fee) => ({ ...fee, role: 'architect' as const })), ...shares];
  const rest = others.reduce((left, { share_ppm }) => left - share_ppm, PPM);
  if (rest < 0) throw new Problem('malformed', 'architects and grid would get more than all of what is billed');
  return [{ account: payout, role: 'farmer', share_ppm: rest }, ...others];
}

function allOf(parties: readonly string[]): Quorum {
  return { threshold: parties.length, members: parties.map((of) => ({ of, weight: 1 })) };
}

/** Equal parts, what is left over with the first; who would pay nothing is not listed. */
function splitAmong(accounts: readonly string[], total: bigint): Payers {
  const part = total / BigInt(accounts.length);
  const first = total - part * BigInt(accounts.length - 1);
  return accounts
    .map((account, i) => ({ account, amount_stroops: (i === 0 ? first : part).toString() }))
    .filter(({ amount_stroops }) => amount_stroops !== '0');
}

/** The agreement within a draft. @throws Problem `malformed` where it is none */
export function agreementOf(record: ParsedRecord): Agreement {
  if (record.payload.kind !== 'agreement@1') throw new Problem('malformed', `a draft of kind ${record.payload.kind}, not an agreement`);
  return record.payload.body as unknown as Agreement;
}
