// Canonical JSON, RFC 8785, narrowed: keys [a-z][a-z0-9_]*, integers below 2^53, well-formed strings
// without control or bidirectional-formatting characters, bounded depth.
import canonicalize from 'canonicalize';
import { Problem } from './errors.js';
import { MAX_JSON_DEPTH } from './limits.js';

/** A value that canonical JSON can hold here. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
/** A JSON object. */
export type JsonObject = { [key: string]: Json };

const KEY = /^[a-z][a-z0-9_]*$/;
// C0, DEL, C1; the bidirectional controls that make text read other than it is (Trojan Source); line and paragraph separators.
const FORBIDDEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;

function malformed(what: string): Problem {
  return new Problem('malformed', `not canonical: ${what}`);
}

function checkString(text: string): void {
  if (FORBIDDEN.test(text)) throw malformed('a string has control or bidirectional characters');
  if (!text.isWellFormed()) throw malformed('a string is not well-formed Unicode');
}

/** Throws where a value has something that records may not hold; also demands sorted keys. */
function checkValue(value: unknown, depth: number, sorted: boolean): void {
  switch (typeof value) {
    case 'string':
      checkString(value);
      return;
    case 'number':
      if (!Number.isSafeInteger(value) || Object.is(value, -0)) throw malformed('a number is not an integer below 2^53');
      return;
    case 'boolean':
      return;
    case 'object': {
      if (value === null) return;
      if (depth >= MAX_JSON_DEPTH) throw malformed(`deeper than ${MAX_JSON_DEPTH} levels`);
      if (Array.isArray(value)) {
        for (const item of value) checkValue(item, depth + 1, sorted);
        return;
      }
      let before = '';
      for (const key of Object.keys(value)) {
        if (!KEY.test(key)) throw malformed('a key is not [a-z][a-z0-9_]*');
        if (sorted && key <= before) throw malformed('keys are not in order');
        before = key;
        checkValue((value as JsonObject)[key], depth + 1, sorted);
      }
      return;
    }
    default:
      throw malformed(`a ${typeof value} has no place in JSON`);
  }
}

/**
 * The canonical text of a value.
 * @throws Problem `malformed` where the value has something that records may not hold
 * @example canonical({ b: 1, a: 'x' }) // '{"a":"x","b":1}'
 */
export function canonical(value: unknown): string {
  checkValue(value, 0, false);
  const text = canonicalize(value);
  if (text === undefined) throw malformed('nothing to write');
  return text;
}

/**
 * Reads text that must be canonical already: the one spelling that `canonical` would give.
 *
 * JSON.stringify writes numbers and strings as RFC 8785 does, keys are checked to be in order, and none can look
 * like an integer; so one round trip that gives the same text (which also finds double keys) shows it canonical.
 * A test holds this against the `canonicalize` package.
 * @param text hostile
 * @throws Problem `malformed`
 */
export function parseCanonical(text: string): Json {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    throw malformed('this is no JSON');
  }
  checkValue(value, 0, true);
  if (JSON.stringify(value) !== text) throw malformed('spaces, a double key, or another spelling of the same value');
  return value;
}
