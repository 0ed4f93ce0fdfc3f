// Every kind of byte string that is ever signed, in one table: nothing signs raw bytes that a caller hands in.
import { Problem } from '../base/errors.js';
import { sha256Hex } from '../base/hash.js';

/** What a signature can be about. */
export type SignedType = 'record' | 'talk' | 'accept' | 'letter' | 'mailbox' | 'relay' | 'session' | 'checkpoint' | 'cosignature' | 'release';

/** A signature with its key: `by` 32 bytes in hex, `sig` 64 bytes in base64. */
export interface Signature {
  readonly by: string;
  readonly sig: string;
}

// The JSON types are told apart by DSSE's payload type; the three note types by their own first line, which
// can begin neither the other nor a DSSE text. Witnesses cosign the checkpoints of any log, extension lines included.
const CHECKPOINT = /^3bot\/[0-9a-f]{32}\n(0|[1-9][0-9]{0,15})\n[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=\n$/;
const RELEASE = /^3bot release\nversion [0-9]{1,6}\.[0-9]{1,6}\.[0-9]{1,6}\nplatform [a-z0-9]{2,20}\/[a-z0-9_]{2,20}\nsize [1-9][0-9]{0,15}\nsha256 [0-9a-f]{64}\n$/;
const COSIGNATURE = /^cosignature\/v1\ntime (0|[1-9][0-9]{0,15})\n[^\n]+\n(0|[1-9][0-9]{0,15})\n[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=\n([^\n]+\n)*$/;

const RULES: Readonly<Record<SignedType, { dsse: string } | { fits: (text: string) => boolean }>> = {
  record: { dsse: 'application/vnd.3bot.record+json' },
  talk: { dsse: 'application/vnd.3bot.talk+json' },
  accept: { dsse: 'application/vnd.3bot.accept+json' },
  letter: { dsse: 'application/vnd.3bot.letter+json' },
  mailbox: { dsse: 'application/vnd.3bot.mailbox+json' },
  relay: { dsse: 'application/vnd.3bot.relay+json' },
  session: { dsse: 'application/vnd.3bot.session+json' },
  checkpoint: { fits: (text) => CHECKPOINT.test(text) },
  cosignature: { fits: (text) => COSIGNATURE.test(text) },
  release: { fits: (text) => RELEASE.test(text) },
};

/** What a record of version 2 has its signatures cover: its id, so that thousands of them do not each hash all of it. */
const RECORD_ID = 'application/vnd.3bot.record-id';
/** How such a record's canonical text ends: no other key of a record sorts behind `v`. */
const BY_ID = '"v":2}';

/**
 * The exact bytes that a signature of this type covers.
 *
 * `record`, `talk`, `accept`, `letter` (a letter's head), `mailbox` (a request of its owner), `relay` (who calls a relay, and what for), `session` (both ends' fresh keys and
 * what they are for): DSSE pre-authentication encoding of the payload (canonical JSON), payload type
 * `application/vnd.3bot.<type>+json`; but of a record whose `v` is 2 the payload is its id, SHA-256 in hex, and the
 * payload type `application/vnd.3bot.record-id`. `checkpoint`: the note text itself (C2SP tlog-checkpoint). `cosignature`: the
 * lines `cosignature/v1`, `time <seconds>` and the note text (C2SP tlog-cosignature). `release`: the note text itself.
 * @param payload canonical JSON or note text; bytes are taken as UTF-8
 * @throws Problem `malformed` where a checkpoint or cosignature does not have the form its type demands
 */
export function signingBytes(type: SignedType, payload: string | Uint8Array): Buffer {
  const rule = RULES[type];
  if (type === 'record' && isById(payload)) return byId(payload);
  if ('dsse' in rule) return preAuthentication(rule.dsse, payload);
  const text = typeof payload === 'string' ? payload : Buffer.from(payload).toString('utf8');
  if (!rule.fits(text)) throw new Problem('malformed', `this is no ${type} that may be signed`);
  return Buffer.from(text, 'utf8');
}

/** Whether a record says of itself that its signatures cover its id. @param payload its canonical text */
export function isById(payload: string | Uint8Array): boolean {
  return typeof payload === 'string' ? payload.endsWith(BY_ID) : Buffer.from(payload.subarray(-BY_ID.length)).toString('latin1') === BY_ID;
}

/** The text whose bytes were made last: thousands sign the same one. */
let last: { readonly payload: string; readonly bytes: Buffer } | undefined;

function byId(payload: string | Uint8Array): Buffer {
  if (typeof payload !== 'string') return preAuthentication(RECORD_ID, sha256Hex(payload));
  if (last?.payload !== payload) last = { payload, bytes: preAuthentication(RECORD_ID, sha256Hex(payload)) };
  return last.bytes;
}

/** DSSE v1 PAE: `DSSEv1 <length> <type> <length> <payload>`, lengths in bytes. */
function preAuthentication(type: string, payload: string | Uint8Array): Buffer {
  const head = (length: number): string => `DSSEv1 ${type.length} ${type} ${length} `;
  if (typeof payload === 'string') return Buffer.from(head(Buffer.byteLength(payload)) + payload, 'utf8');
  return Buffer.concat([Buffer.from(head(payload.length)), payload]);
}
