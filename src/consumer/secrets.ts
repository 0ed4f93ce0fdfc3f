// Secrets for workloads: what a record says of them, and the letter that brings them to the node.
import { createHmac, randomBytes } from 'node:crypto';
import { toBase64 } from '../base/bytes.js';
import { Problem } from '../base/errors.js';
import { seal } from '../keys/box.js';
import type { Keyring } from '../keys/keyring.js';
import { secretHash } from '../market/secret.js';
import { sendMail, type MailParts } from '../net/mail/mail.js';
import type { Private } from '../private.js';
import { read } from '../rules/objects.js';
import type { SaltedSecret, Workload } from '../schema/types.js';

/** A secret that a person gives. */
export interface GivenSecret {
  readonly name: string;
  /** The variable that has it; undefined: a file below /run/secrets. */
  readonly env?: string;
  readonly bytes: Buffer;
}

/** Stands in a workload for the hash of a secret that is still to be given. */
export const NOT_GIVEN = '0'.repeat(64);

const SQL = {
  add: 'INSERT INTO salt_keys (sealing_key, box) VALUES (?, ?) ON CONFLICT DO NOTHING',
  get: 'SELECT box FROM salt_keys WHERE sealing_key = ?',
} as const;

/** Salts secrets. The same secret has the same salt each time, so that the same command means the same order. */
export type Salting = (secret: GivenSecret) => SaltedSecret;

/**
 * The salting of one bot: HMAC-SHA-256 with a key of its own, which lies sealed in bot.sqlite. Where that is lost, the
 * same secret counts as another from then on.
 * @throws Problem `integrity`, `locked`
 */
export async function saltingOf(data: Private, keyring: Pick<Keyring, 'public' | 'unseal'>): Promise<Salting> {
  const own = keyring.public['sealing'] ?? '';
  // Whoever is first, all others use that one.
  data.db.prepare(SQL.add).run(own, seal(own, randomBytes(32)));
  const { box } = data.db.prepare(SQL.get).get(own) as { box: Buffer };
  const key = await keyring.unseal(box);
  return ({ name, bytes }) => ({ salt: createHmac('sha256', key).update(`${name}\0`).update(bytes).digest('hex'), bytes: toBase64(bytes) });
}

/** A workload that lists the secrets which flags give, hashes still to be filled in. */
export function listing(workload: Workload, given: readonly GivenSecret[]): Workload {
  return { ...workload, secrets: given.map(({ name, env }) => ({ name, sha256: NOT_GIVEN, ...(env === undefined ? {} : { env }) })) };
}

/**
 * Fills in the hashes of secrets, wherever their names are listed.
 * @throws Problem `usage` where a listed one is not given, or a given one listed nowhere
 */
export function withHashes(workloads: readonly Workload[], given: readonly GivenSecret[], salting: Salting): Workload[] {
  const hashes = new Map(given.map((one) => [one.name, secretHash(salting(one).salt, one.bytes)]));
  const listed = new Set(workloads.flatMap(({ secrets }) => secrets.map(({ name }) => name)));
  const surplus = given.find(({ name }) => !listed.has(name));
  if (surplus !== undefined) throw new Problem('usage', `no workload lists the secret ${surplus.name}`, { hint: `add {"name": "${surplus.name}"} to the secrets of a workload in the file` });
  return workloads.map((workload) => ({
    ...workload,
    secrets: workload.secrets.map((secret) => {
      const sha256 = hashes.get(secret.name) ?? secret.sha256;
      if (sha256 === NOT_GIVEN) throw new Problem('usage', `the secret ${secret.name} of workload ${workload.name} is missing`, { hint: `--secret ${secret.name}=@FILE` });
      return { ...secret, sha256 };
    }),
  }));
}

/**
 * Sends secrets to the node of a contract in the book; what it has already changes nothing there.
 * @throws Problem `refused`, reason `secret`, for one that no workload of the contract names; as `sendMail`
 */
export async function sendSecrets(parts: MailParts, contract: string, given: readonly GivenSecret[], salting: Salting): Promise<void> {
  if (given.length === 0) return;
  const found = read(parts.grid.reader, 'contract', contract);
  if (found === undefined) throw new Problem('not_found', `no contract ${contract} on this grid`, { reason: 'contract', hint: '3bot contract list' });
  const named = found.workloads.flatMap(({ secrets }) => secrets);
  const secrets = given.map((one) => {
    const salted = salting(one);
    const hash = secretHash(salted.salt, one.bytes);
    if (!named.some(({ name, sha256 }) => name === one.name && sha256 === hash)) {
      const isListed = named.some(({ name }) => name === one.name);
      throw new Problem('refused', isListed ? `${one.name} is not the secret that the contract names, or was given with other keys or another home folder` : `the contract names no secret ${one.name}`, { reason: 'secret', hint: `deploy the workload again with --secret ${one.name}=@FILE` });
    }
    return salted;
  });
  await sendMail(parts, `node/${found.agreement.node}`, 'secret', { contract, secrets });
}
