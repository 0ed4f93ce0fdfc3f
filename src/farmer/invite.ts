// Invitations to a farm: made for somebody, used once, by whoever has the text.
//
//   made ──▶ claimed by a node ──▶ used: its admission is in the book
//               │ refused: free again
// The claim is written before the record and names the node, so that a farm that dies in between admits that node
// and no other when it asks again.
import { randomBytes } from 'node:crypto';
import type { Clock } from '../base/clock.js';
import { isProblem, Problem } from '../base/errors.js';
import { sha256Hex } from '../base/hash.js';
import { MAX_INVITATIONS } from '../base/limits.js';
import type { Keyring } from '../keys/keyring.js';
import type { Grid } from '../net/grid.js';
import type { Private } from '../private.js';
import type { FarmObject } from '../rules/objects.js';
import type { Invitation, TalkJoin, TalkJoined } from '../schema/types.js';
import { admitNode } from './admit.js';

const SQL = {
  forget: 'DELETE FROM invitations WHERE expires_ms <= ?',
  count: 'SELECT count(*) FROM invitations WHERE grid = ? AND farm = ?',
  add: 'INSERT INTO invitations (token_sha256, grid, farm, expires_ms) VALUES (?, ?, ?, ?)',
  claim: 'UPDATE invitations SET node = ? WHERE token_sha256 = ? AND grid = ? AND farm = ? AND expires_ms > ? AND (node IS NULL OR node = ?) RETURNING record',
  use: 'UPDATE invitations SET record = ? WHERE token_sha256 = ?',
  release: 'UPDATE invitations SET node = NULL WHERE token_sha256 = ? AND node = ? AND record IS NULL',
} as const;

/**
 * Makes an invitation and notes the hash of its token; the token itself is kept nowhere.
 * @param lasts how long it can be used, ms
 * @throws Problem `refused` where the farm has no public endpoint; `busy` with too many open invitations
 */
export function invite({ db }: Private, grid: Pick<Grid, 'id'>, farm: FarmObject, lasts: number, at: number): Invitation {
  if (farm.endpoint === null) throw new Problem('refused', `the farm ${farm.name} has no public endpoint where a node could answer an invitation`, { reason: 'endpoint', hint: `3bot farm update ${farm.name} --endpoint URL` });
  const token = randomBytes(32).toString('hex');
  const expires = at + lasts;
  db.transaction(() => {
    db.prepare(SQL.forget).run(at);
    const open = db.prepare(SQL.count).pluck().get(grid.id, farm.id) as number;
    if (open >= MAX_INVITATIONS) throw new Problem('busy', `${open} invitations of this farm are open already`, { reason: 'invitations', hint: 'wait until some expire' });
    db.prepare(SQL.add).run(sha256Hex(token), grid.id, farm.id, expires);
  }).immediate();
  return { v: 1, url: farm.endpoint, grid: grid.id, farm: farm.id, token, expires };
}

/** What a farm needs to let a node in. */
export interface Door {
  readonly grid: Grid;
  /** Of the farm. */
  readonly keyring: Keyring;
  /** Farm id. */
  readonly farm: string;
  readonly private: Private;
  readonly clock: Clock;
}

/**
 * Answers a `join`: admits the node that shows an open invitation. The same node may ask again and gets the same
 * answer; one that the farm retired since is not admitted again by it.
 * @param from party that signed the message
 * @throws Problem `refused`, reason `invitation`, where the token is unknown, expired or another node's, all in the
 *   same words; reason `addressee` where somebody asks for another's key; what `append` throws
 */
export async function redeem({ grid, keyring, farm, private: { db }, clock }: Door, from: string, { token, node }: TalkJoin): Promise<TalkJoined> {
  if (from !== `node/${node}`) throw new Problem('refused', 'a node asks for itself, with its own key', { reason: 'addressee' });
  const hash = sha256Hex(token);
  const claimed = db.prepare(SQL.claim).get(node, hash, grid.id, farm, clock(), node) as { record: string | null } | undefined;
  if (claimed === undefined) throw new Problem('refused', 'this invitation is unknown, expired or used', { reason: 'invitation', hint: 'ask the farmer for another' });
  if (claimed.record !== null) return { record: claimed.record };
  try {
    const { record } = await admitNode(grid, keyring, node);
    db.prepare(SQL.use).run(record, hash);
    return { record };
  } catch (thrown) {
    // Only a refusal says that nothing was recorded; after anything else the claim stays with this node.
    if (isProblem(thrown, 'refused')) db.prepare(SQL.release).run(hash, node);
    throw thrown;
  }
}
