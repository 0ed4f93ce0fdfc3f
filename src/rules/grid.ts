// The first line of a book: what the grid is, who governs it, which TFT exists from the start.
import { stroops } from '../base/amount.js';
import { isProblem } from '../base/errors.js';
import { policyOfLines } from '../bcdb/pinned.js';
import type { ReadState } from '../bcdb/rulebook.js';
import type { Genesis, Quorum } from '../schema/types.js';
import { quorumTime, type Policy } from '../tlog/policy.js';
import { MAX_RETENTION_MS } from './agreement.js';
import { readGrid, writeGrid } from './objects.js';
import { signersOf, type Signers } from './quorum.js';
import { demand, refused, short } from './refusal.js';
import type { Rule, Version } from './rule.js';
import { checkPrices, move } from './token.js';

/** Submission prefix of a witness, as far as its form goes. */
const WITNESS_URL = /^https?:\/\/[^/?#@\s]{1,200}(\/[^?#\s]*)?$/;

/** genesis@1: only as line 0. */
export const genesis: Rule<Genesis> = {
  kind: 'genesis@1',
  chain: 'grid',
  mints: true,
  signers(_state, { body, moment, rules }) {
    demand(moment.index === 0, 'grid', 'genesis is the first line of a book and no other');
    demand(body.origin === `3bot/${body.nonce}`, 'grid', 'the origin of a grid is 3bot/ and its nonce');
    demand(body.log_key !== body.clock_key, 'key', "the log's key and its clock's key are one and the same");
    if (body.witnesses !== null) checkWitnesses(body.witnesses, body);
    demand(body.retention_ms <= MAX_RETENTION_MS, 'terms', 'the retention of a grid is more than an agreement may have');
    checkPrices(body.prices);
    for (const amount of [body.max_supply_stroops, body.faucet_stroops ?? '0']) stroops(amount);
    if (body.certifiers !== null) botsOf(body.certifiers, rules, body);
    return [botsOf(body.governance, rules, body)];
  },
  apply(state, { body, record }, allowance) {
    const { allocations, ...laidDown } = body;
    writeGrid(state, { ...laidDown, id: record.id, supply_stroops: '0' });
    for (const { account, amount_stroops } of allocations) move(state, allowance, 'mint', { account }, stroops(amount_stroops));
  },
};

/**
 * The signers of a quorum of bots. Their own keys speak for them, identity or not: at genesis nobody has one, and
 * later a statement of governance shall be checked from genesis alone.
 */
export function botsOf(quorum: Quorum, rules: Version, { log_key, clock_key }: Pick<Genesis, 'log_key' | 'clock_key'>): Signers {
  const signers = signersOf(quorum, rules, (party) => {
    demand(party.startsWith('bot/'), 'quorum', `a grid is governed by bots, not by ${short(party)}`);
    return [party.slice('bot/'.length)];
  });
  demand(!signers.keys.has(log_key) && !signers.keys.has(clock_key), 'key', "the log's keys have no say in governing the grid");
  return signers;
}

/**
 * Demands a witness policy that can be met: its form holds, it asks for somebody, and those of whom an address is known
 * are enough, since nobody else can be asked.
 * @throws Problem `refused`, reason `quorum` or `key`
 */
export function checkWitnesses(lines: readonly string[], { log_key, clock_key }: Pick<Genesis, 'log_key' | 'clock_key'>): void {
  const policy = policyOf(lines);
  demand(policy.quorum !== null, 'quorum', "a grid without a quorum of witnesses says null, not 'quorum none'");
  demand(policy.witnesses.every(({ key: { key } }) => key !== log_key && key !== clock_key), 'key', "the log's keys do not witness for themselves");
  const reachable = policy.witnesses.filter(({ url }) => url !== null && WITNESS_URL.test(url));
  demand(quorumTime(policy, new Map(reachable.map(({ key }) => [key.key, 0]))) !== undefined, 'quorum', 'too few witnesses have an address (http or https) for the quorum to be met');
}

function policyOf(lines: readonly string[]): Policy {
  try {
    return policyOfLines(lines);
  } catch (thrown) {
    if (!isProblem(thrown, 'malformed', 'policy')) throw thrown;
    throw refused('quorum', thrown.message);
  }
}

/** @throws Problem `refused`, reason `key`, where an actor would sign with the key that numbers the lines */
export function checkNotLogKey(state: ReadState, key: string): void {
  const { log_key, clock_key } = readGrid(state);
  demand(key !== log_key && key !== clock_key, 'key', "this key is the log's own; use another");
}
