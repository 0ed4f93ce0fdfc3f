// Which secrets a node takes: from whoever may say what runs under a contract of its own, and named by a workload there.
import { fromBase64 } from '../../base/bytes.js';
import { MAX_CLOCK_SKEW_MS } from '../../base/limits.js';
import type { ReadState } from '../../bcdb/rulebook.js';
import { secretHash } from '../../market/secret.js';
import type { OpenLetter } from '../../net/mail/letter.js';
import { dropMail, fetchMail, type Fetching, type MailParts } from '../../net/mail/mail.js';
import { read, type ContractObject } from '../../rules/objects.js';
import { viewOf } from '../../rules/view.js';
import type { Quorum } from '../../schema/types.js';
import type { SecretId, Vault } from './vault.js';

/** Bots that may say what runs under a contract: its consumers, and those who may change the list. */
export function orderersOf({ agreement }: ContractObject): string[] {
  const consumers = agreement.roles.filter(({ role }) => role === 'consumer').map(({ party }) => party);
  return [...new Set([...consumers, ...membersOf(agreement.quorums.workload)])].filter((party) => party.startsWith('bot/'));
}

function membersOf({ members }: Quorum): string[] {
  return members.flatMap((member) => ('of' in member ? [member.of] : membersOf(member)));
}

/** What a letter brings that a workload here names. `rest`: it brings something else, too. */
export interface Brought {
  readonly fits: readonly { readonly id: SecretId; readonly bytes: Buffer }[];
  readonly rest: boolean;
}

/** Looks at one opened letter. Pure. */
export function broughtBy(letter: OpenLetter, state: ReadState, node: string, at: number): Brought {
  if (letter.kind !== 'secret') return { fits: [], rest: true };
  const { contract: id, secrets } = letter.body;
  const contract = read(state, 'contract', id);
  const isMine = contract !== undefined && contract.agreement.node === node && viewOf(state, contract, at).state !== 'ended' && orderersOf(contract).includes(letter.from);
  if (!isMine) return { fits: [], rest: true };
  const named = new Set(contract.workloads.flatMap((workload) => workload.secrets.map(({ sha256 }) => sha256)));
  const all = secrets.map(({ salt, bytes }) => ({ salt, bytes: fromBase64(bytes) })).map(({ salt, bytes }) => ({ id: { contract: id, sha256: secretHash(salt, bytes) }, bytes }));
  const fits = all.filter((one) => named.has(one.id.sha256));
  return { fits, rest: fits.length < all.length };
}

/**
 * Takes what has come to the node's mailbox. A letter is dropped once all of it is kept; one that does not fit yet may
 * be ahead of the line that names it, so it stays for ten minutes.
 * @param mail the node's
 * @returns whether something was kept, whether a letter was left, and what to ask after next
 * @throws Problem as `fetchMail`
 */
export async function takeSecrets(mail: MailParts, vault: Vault, fetching: Fetching): Promise<{ kept: boolean; left: boolean; next: number }> {
  const { grid, me } = mail;
  const node = me.party.slice('node/'.length);
  let kept = false;
  let left = false;
  let next = fetching.after ?? 0;
  for (let asked = fetching, more = true; more; asked = { after: next }) {
    const batch = await fetchMail(mail, asked);
    const at = grid.clock();
    const done = batch.bad.map(({ id }) => id);
    for (const letter of batch.letters) {
      const { fits, rest } = broughtBy(letter, grid.reader, node, at);
      for (const { id, bytes } of fits) {
        if (vault.has(id)) continue;
        vault.keep(id, bytes);
        kept = true;
      }
      if (rest && letter.time > at - MAX_CLOCK_SKEW_MS) left = true;
      else done.push(letter.id);
    }
    if (done.length > 0) await dropMail(mail, done);
    ({ next, more } = batch);
  }
  return { kept, left, next };
}
