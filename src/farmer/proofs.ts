// Who may sign and who shows that it pays, before a farm drafts or signs anything.
import { canonical } from '../base/canonical.js';
import { Problem } from '../base/errors.js';
import type { Reader } from '../bcdb/reader.js';
import { verifyBytes } from '../keys/ed25519.js';
import { signingBytes } from '../keys/signed.js';
import type { Grid } from '../net/grid.js';
import { readGrid } from '../rules/objects.js';
import { partiesOf } from '../rules/quorum.js';
import { short } from '../rules/refusal.js';
import { accountSigners } from '../rules/spending.js';
import type { Agreement, TalkAccept, TalkRequest } from '../schema/types.js';

/** Those who are to sign must be able to, and be on the grid: names cost nothing, and each makes the draft longer. @throws Problem `malformed`, `refused` */
export function checkSigners(reader: Reader, { signers, commit }: TalkRequest): void {
  const { limits: { signatures: most }, rules } = readGrid(reader);
  if (commit !== undefined) {
    const parties = new Set(rules < 2 ? [] : partiesOf(commit, rules));
    if (parties.size !== signers.length || signers.some((party) => !parties.has(party))) throw new Problem('malformed', 'the quorum of signers, which needs rules 2, names others than the signers');
  }
  if (signers.length + 3 > most) throw new Problem('malformed', `a record of this grid carries ${most} signatures`);
  for (const party of signers) {
    if (reader.get(party) === undefined) throw new Problem('refused', `${short(party)} is to sign, and is not on this grid`, { reason: 'identity' });
  }
}

/** Each payer has shown a key that spends it, and nobody else one. @throws Problem `malformed` */
export function checkProofs({ id, reader }: Pick<Grid, 'id' | 'reader'>, record: string, { payers }: Agreement, proofs: TalkAccept['proofs'], at: number): void {
  const occasion = { kind: 'agreement@1', at, rules: readGrid(reader).rules };
  const spending = payers.map(({ account }) => accountSigners(reader, account, occasion).keys);
  const said = signingBytes('accept', canonical({ grid: id, record }));
  const proven = new Set(proofs.filter(({ by, sig }) => spending.some((keys) => keys.has(by)) && verifyBytes(by, said, sig)).map(({ by }) => by));
  if (proofs.length !== proven.size || !spending.every((keys) => [...keys.keys()].some((key) => proven.has(key)))) throw new Problem('malformed', 'the payers are not the ones who accept');
}
