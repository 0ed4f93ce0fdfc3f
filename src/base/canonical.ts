// Canonical JSON, RFC 8785, narrowed: keys [a-z][a-z0-9_]*, integers below 2^53, well-formed strings
// without control or bidirectional-formatting characters, bounded depth.
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

/** Whether a text is ASCII without DEL: with no control below it either, which JSON.parse sees to, nothing is forbidden. */
function isPlainAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length && !text.includes('\x7f');
}

function checkText(text: string): void {
  if (FORBIDDEN.test(text)) throw malformed('a string has control or bidirectional characters');
  if (!text.isWellFormed()) throw malformed('a string is not well-formed Unicode');
}

/** Keys that were found good: a book has a few hundred, and a hostile writer's are not worth remembering. */
const goodKeys = new Set<string>();
const MAX_GOOD_KEYS = 2_000;

function checkKey(key: string): void {
  if (goodKeys.has(key)) return;
  if (!KEY.test(key)) throw malformed('a key is not [a-z][a-z0-9_]*');
  if (goodKeys.size < MAX_GOOD_KEYS) goodKeys.add(key);
}

/** What a walk over a value finds. */
class Walk {
  /** Whether all keys of all objects are in order. */
  inOrder = true;
  /** UTF-16 units of the canonical text, where no string needs an escape. */
  length = 0;
  /** A number that JSON can also spell in as few characters, with an exponent: 100 is 1e2, 5000 is 5e3. */
  hasRound = false;
  readonly #texts: boolean;

  /** @param texts whether to look into strings too */
  constructor(texts: boolean) {
    this.#texts = texts;
  }

  /** Throws where a value has something that records may not hold. */
  take(value: unknown, depth = 0): void {
    switch (typeof value) {
      case 'string':
        if (this.#texts) checkText(value);
        this.length += value.length + 2;
        return;
      case 'number':
        if (!Number.isSafeInteger(value) || Object.is(value, -0)) throw malformed('a number is not an integer below 2^53');
        if (value % 100 === 0 && value !== 0) this.hasRound = true;
        this.length += String(value).length;
        return;
      case 'boolean':
        this.length += value ? 4 : 5;
        return;
      case 'object':
        if (value === null) {
          this.length += 4;
          return;
        }
        if (depth >= MAX_JSON_DEPTH) throw malformed(`deeper than ${MAX_JSON_DEPTH} levels`);
        if (Array.isArray(value)) this.#takeArray(value, depth + 1);
        else this.#takeObject(value as JsonObject, depth + 1);
        return;
      default:
        throw malformed(`a ${typeof value} has no place in JSON`);
    }
  }

  #takeArray(items: readonly unknown[], depth: number): void {
    this.length += 1 + Math.max(1, items.length);
    for (const item of items) this.take(item, depth);
  }

  #takeObject(object: JsonObject, depth: number): void {
    let before = '';
    let count = 0;
    for (const key of Object.keys(object)) {
      checkKey(key);
      if (key <= before) this.inOrder = false;
      before = key;
      count += 1;
      this.length += key.length + 3; // quotes and colon
      this.take(object[key], depth);
    }
    this.length += 1 + Math.max(1, count); // brackets and commas
  }
}

/**
 * The canonical text of a value.
 * @throws Problem `malformed` where the value has something that records may not hold
 * @example canonical({ b: 1, a: 'x' }) // '{"a":"x","b":1}'
 */
export function canonical(value: unknown): string {
  const walk = new Walk(true);
  walk.take(value);
  // With keys in order JSON.stringify writes what RFC 8785 asks for (see parseCanonical).
  return JSON.stringify(walk.inOrder ? value : sorted(value as Json));
}

/** A copy with keys in order; none can look like an integer, which would come first whatever the order, or be `__proto__`. */
function sorted(value: Json): Json {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(sorted);
  const copy: JsonObject = {};
  for (const key of Object.keys(value).sort()) copy[key] = sorted(value[key] as Json);
  return copy;
}

/**
 * Reads text that must be canonical already: the one spelling that `canonical` would give.
 *
 * JSON.stringify writes numbers and strings as RFC 8785 does, keys are checked to be in order, and none can look
 * like an integer; so one round trip that gives the same text (which also finds double keys) shows it canonical.
 * Mostly the length alone shows it: in a text without backslashes a space, a double key or another spelling of a number
 * makes it longer than the canonical one, unless that number is round.
 * A test holds this against the `canonicalize` package.
 * @param text hostile
 * @throws Problem `malformed`
 */
export function parseCanonical(text: string): Json {
  // Without an escape the strings are spelled in the text as they are: one look at all of it serves for each.
  const isPlain = !text.includes('\\');
  if (isPlain && !isPlainAscii(text)) checkText(text);
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    throw malformed('this is no JSON');
  }
  const walk = new Walk(!isPlain);
  walk.take(value);
  if (!walk.inOrder) throw malformed('keys are not in order');
  const isSame = isPlain && !walk.hasRound ? walk.length === text.length : JSON.stringify(value) === text;
  if (!isSame) throw malformed('spaces, a double key, or another spelling of the same value');
  return value;
}
