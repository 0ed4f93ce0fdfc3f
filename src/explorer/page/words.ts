// What a record says, in a few words, from its payload alone.
import type { Payload } from '../../schema/types.js';

const KINDS: Readonly<Record<string, string>> = {
  genesis: 'the grid begins', policy: 'governance changes a policy', witnesses: 'governance changes the witnesses', handover: 'the grid gets another home',
  identity: 'an identity', recover: 'an identity gets other keys', account: 'who spends from an account',
  transfer: 'a transfer', faucet: 'TFT from the faucet', fund: 'a contract is funded', claim: 'payees take what is theirs',
  farm: 'a farm', prices: 'a farm sets prices', deal: 'a deal for one customer', admit: 'a farm admits a node', retire: 'a farm retires a node', notice: 'a farm gives notice', mint: 'TFT is minted',
  announcement: 'a node says what it offers', status: 'a node is up', drain: 'a node takes nothing new',
  agreement: 'an agreement', workload: 'another list of workloads', amend: 'the terms change', end: 'a contract ends',
  certificate: 'a node is certified', blueprint: 'a blueprint', document: 'a document', endorse: 'an endorsement', vote: 'a vote', ballot: 'a ballot',
  network: 'a private network', link: 'a node joins a private network', session: 'somebody looks inside', session_closed: 'a session ends', state: 'the root of the state',
};

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** `web: running`, `a transfer`; a kind that is not known here by its name. */
export function wordsOf({ kind, body }: Payload): string {
  const [name = kind] = kind.split('@');
  if (name === 'run') {
    const { workload, state, reason } = body as Record<string, unknown>;
    return `${text(workload) || 'capacity'}: ${text(state)}${text(reason) === '' ? '' : ` (${text(reason)})`}`;
  }
  const called = text((body as Record<string, unknown>)['name']);
  return `${KINDS[name] ?? name}${called === '' ? '' : `: ${called}`}`;
}

/** A record's payload; undefined where it is none. @param payload as the bot sends it, not checked */
export function payloadOf(payload: string): Payload | undefined {
  try {
    return JSON.parse(payload) as Payload;
  } catch {
    return undefined;
  }
}
