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

function checkText(text: string): void {
  if (FORBIDDEN.test(text)) throw malformed('a string has control or bidirectional characters');
  if (!text.isWellFormed()) throw malformed('a string is not well-formed Unicode');
}

/**
 * Throws where a value has something that records may not hold; says whether all its keys are in order.
 * @param texts whether to look into strings too
 */
function checkValue(value: unknown, depth: number, texts: boolean): boolean {
  switch (typeof value) {
    case 'string':
      if (texts) checkText(value);
      return true;
    case 'number':
      if (!Number.isSafeInteger(value) || Object.is(value, -0)) throw malformed('a number is not an integer below 2^53');
      return true;
    case 'boolean':
      return true;
    case 'object': {
      if (value === null) return true;
      if (depth >= MAX_JSON_DEPTH) throw malformed(`deeper than ${MAX_JSON_DEPTH} levels`);
      let inOrder = true;
      if (Array.isArray(value)) {
        for (const item of value) inOrder = checkValue(item, depth + 1, texts) && inOrder;
        return inOrder;
      }
      let before = '';
      for (const key of Object.keys(value)) {
        if (!KEY.test(key)) throw malformed('a key is not [a-z][a-z0-9_]*');
        if (key <= before) inOrder = false;
        before = key;
        inOrder = checkValue((value as JsonObject)[key], depth + 1, texts) && inOrder;
      }
      return inOrder;
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
  // With keys in order JSON.stringify writes what RFC 8785 asks for (see parseCanonical); else the library sorts.
  const text = checkValue(value, 0, true) ? JSON.stringify(value) : canonicalize(value);
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
  // Without an escape the strings are spelled in the text as they are: one look at all of it serves for each.
  const isPlain = !text.includes('\\');
  if (isPlain) checkText(text);
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    throw malformed('this is no JSON');
  }
  if (!checkValue(value, 0, !isPlain)) throw malformed('keys are not in order');
  if (JSON.stringify(value) !== text) throw malformed('spaces, a double key, or another spelling of the same value');
  return value;
}
