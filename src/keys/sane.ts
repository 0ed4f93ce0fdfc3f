// What the unlock agent demands of bytes before it signs them: that they are what their type says.
import { parseCanonical, type JsonObject } from '../base/canonical.js';
import { Problem } from '../base/errors.js';
import { MAX_RECORD_BYTES } from '../base/limits.js';
import { hasSchema, shapeError } from '../schema/validate.js';
import { signingBytes, type SignedType } from './signed.js';

/** Completes the shape of what is signed without its signature. */
const ANY_SIGNATURE = `${'A'.repeat(86)}==`;

function demandShape(wrong: string | null, what: string): void {
  if (wrong !== null) throw new Problem('malformed', `not ${what} that may be signed: ${wrong}`);
}

function object(payload: string): JsonObject {
  const value = parseCanonical(payload);
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new Problem('malformed', 'not a JSON object');
  return value;
}

/**
 * Checks that a payload is canonical and has the shape of its type: a record with the body of its kind, a sealed
 * message, letter, request to a mailbox, call to a relay or session by this very key, the acceptance of one record, a checkpoint or cosignature of a grid's log.
 * @param payload hostile: any program of this user may ask
 * @param key the key that would sign, hex
 * @throws Problem `malformed`
 */
export function checkPayload(type: SignedType, payload: string, key: string): void {
  switch (type) {
    case 'record': {
      if (Buffer.byteLength(payload) > MAX_RECORD_BYTES) throw new Problem('malformed', 'the record is too large');
      const record = object(payload);
      demandShape(shapeError('record@1', record), 'a record');
      const kind = String(record['kind']);
      if (!hasSchema(kind)) throw new Problem('malformed', `not a record that may be signed: its kind ${kind} is unknown here`);
      demandShape(shapeError(kind, record['body']), 'a record');
      return;
    }
    case 'talk': {
      const message = object(payload);
      // What is signed is the sealed message without its signature; any signature completes the shape.
      demandShape(shapeError('sealed@1', { ...message, sig: ANY_SIGNATURE }), 'a message');
      if ('sig' in message || message['by'] !== key) throw new Problem('malformed', 'not a message that may be signed: it is by another key');
      return;
    }
    case 'letter': {
      const head = object(payload);
      demandShape(shapeError('letter_head@1', head), 'a letter');
      if (head['by'] !== key) throw new Problem('malformed', 'not a letter that may be signed: it is by another key');
      return;
    }
    case 'mailbox': {
      const request = object(payload);
      demandShape(shapeError('mailbox@1', request), 'a request to a mailbox');
      if (request['by'] !== key) throw new Problem('malformed', 'not a request to a mailbox that may be signed: it is by another key');
      return;
    }
    case 'relay': {
      const hello = object(payload);
      demandShape(shapeError('relay_hello@1', { hello, sig: ANY_SIGNATURE }), 'a call to a relay');
      if (hello['by'] !== key) throw new Problem('malformed', 'not a call to a relay that may be signed: it is by another key');
      return;
    }
    case 'session': {
      const ends = object(payload);
      demandShape(shapeError('relay_ends@1', ends), 'a session');
      if (ends[ends['role'] === 'node' ? 'node' : 'by'] !== key) throw new Problem('malformed', 'not a session that may be signed: it is by another key');
      return;
    }
    case 'accept': {
      const record = object(payload)['record'];
      if (typeof record !== 'string' || !/^[0-9a-f]{64}$/.test(record)) throw new Problem('malformed', 'not an acceptance: it names no record');
      return;
    }
    case 'checkpoint':
    case 'cosignature':
      signingBytes(type, payload);
  }
}
