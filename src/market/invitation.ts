// An invitation as text: what a farmer hands to whoever runs a node. Whoever has it can use it, once.
import { parseCanonical, canonical } from '../base/canonical.js';
import { isProblem, Problem } from '../base/errors.js';
import { MAX_INVITATION_BYTES } from '../base/limits.js';
import type { Invitation } from '../schema/types.js';
import { validated } from '../schema/validate.js';

/** The text of an invitation: base64url (RFC 4648 §5, without padding) of its canonical JSON. */
export function invitationText(invitation: Invitation): string {
  return Buffer.from(canonical(invitation)).toString('base64url');
}

/**
 * The invitation in a text.
 * @param text hostile; spaces and line breaks around it do not matter
 * @throws Problem `usage` where it is none
 */
export function parseInvitation(text: string): Invitation {
  const trimmed = text.trim();
  try {
    const bytes = Buffer.from(trimmed, 'base64url');
    if (trimmed.length > MAX_INVITATION_BYTES || bytes.toString('base64url') !== trimmed) throw new Problem('malformed', 'not base64url');
    const json = bytes.toString('utf8');
    if (!Buffer.from(json).equals(bytes)) throw new Problem('malformed', 'not UTF-8');
    return validated<Invitation>('invitation@1', parseCanonical(json));
  } catch (cause) {
    if (!isProblem(cause, 'malformed')) throw cause;
    throw new Problem('usage', 'this is no invitation', { cause, hint: 'copy it whole; 3bot farm invite makes another' });
  }
}
