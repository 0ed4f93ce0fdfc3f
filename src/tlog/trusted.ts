// A checkpoint believed by a trust policy: signed by one of its logs, cosigned by its quorum (C2SP tlog-policy).
import { Problem } from '../base/errors.js';
import { parseCheckpointText, type CheckpointText } from './checkpoint.js';
import { cosignatures } from './cosignature.js';
import { ed25519Verifier, noteKeyId, parseNote, signatureBy, type CheckEd25519 } from './note.js';
import { quorumTime, type Policy, type PolicyLog } from './policy.js';

/** A checkpoint that a policy believes. */
export interface TrustedCheckpoint extends CheckpointText {
  /** The log that has signed it. */
  readonly log: PolicyLog;
  /** Names of the witnesses whose cosignatures hold, whether the quorum needs them or not. */
  readonly witnesses: readonly string[];
  /** When a whole quorum had last cosigned it, ms since 1970; null where the policy asks for none. */
  readonly time_ms: number | null;
}

/**
 * Opens a checkpoint of any log by a policy alone.
 * @param note hostile
 * @throws Problem `integrity`; reason `unknown_log` where the policy has no log of that origin, `unwitnessed` below its
 *   quorum, `note` or `checkpoint` for what else does not hold
 */
export function openByPolicy(note: string, policy: Policy, check: CheckEd25519): TrustedCheckpoint {
  const parsed = parseNote(note);
  const text = parseCheckpointText(parsed.text);
  const logs = policy.logs.filter(({ key }) => key.name === text.origin);
  // A log may have had several keys; its name alone says nothing, and a line of a known key must hold.
  const log = logs.find(({ key }) => parsed.signatures.some(({ name, id }) => name === key.name && id === noteKeyId(key))) ?? logs[0];
  if (log === undefined) throw new Problem('integrity', `checkpoint: of log ${text.origin}, which the policy does not name`, { reason: 'unknown_log' });
  signatureBy(parsed, ed25519Verifier(log.key, check));
  const times = cosignatures(parsed, policy.witnesses.map(({ key }) => key), check);
  const time_ms = quorumTime(policy, times);
  if (time_ms === undefined) throw new Problem('integrity', `checkpoint: signed by the log, but not cosigned by the quorum that the policy asks for`, { reason: 'unwitnessed' });
  const witnesses = policy.witnesses.filter(({ key }) => times.has(key.key)).map(({ name }) => name);
  return { ...text, log, witnesses, time_ms: time_ms === Infinity ? null : time_ms };
}
