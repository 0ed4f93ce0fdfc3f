// What a value in a query means, by the field that it is compared with.
import { MAX_STROOPS } from '../../base/amount.js';
import { isProblem } from '../../base/errors.js';
import { parseKey } from '../../keys/did.js';
import { amountOf, type Value } from '../index/facts.js';
import type { Operator } from './expression.js';
import { isAmountPath } from './paths.js';
import { patternsOf } from './words.js';

/** A value that does not fit its field. */
export interface WrongValue {
  readonly wrong: string;
  readonly allowed: string;
}

const TIME = /^[0-9]{4}-[0-9]{2}(-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,3})?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?)?$/;
const INTEGER = /^(0|-?[1-9][0-9]{0,15})$/;

/**
 * Reads a value.
 * @param text as written, without quotes
 * @param quoted a quoted number is a text, where texts and numbers can both be meant
 */
export function valueOf(field: string, operator: Operator, text: string, quoted: boolean): Value | WrongValue {
  switch (field) {
    case 'at':
      return timeOf(text) ?? { wrong: `${JSON.stringify(text)} is no time`, allowed: 'ms since 1970, 2026-01-31, 2026-01-31T12:00Z' };
    case 'index':
      return /^(0|[1-9][0-9]{0,14})$/.test(text) ? BigInt(text) : { wrong: `${JSON.stringify(text)} is no number of a line`, allowed: '0, 1, 2 …' };
    case 'signer':
      return keyOf(text) ?? { wrong: `${JSON.stringify(text.slice(0, 80))} is no key`, allowed: '64 hex digits, G… or did:key:…' };
    case 'id':
      return (operator === 'prefix' ? /^[0-9a-f]{6,64}$/ : /^[0-9a-f]{64}$/).test(text) ? text : { wrong: `${JSON.stringify(text.slice(0, 80))} is no record id`, allowed: operator === 'prefix' ? '6 to 64 hex digits' : '64 hex digits; fewer with prefix' };
    case 'text':
      return patternsOf(text).length > 0 ? text : { wrong: 'no word to look for', allowed: 'words; the end of a word may be left open with * after at least 3 letters' };
    case 'chain':
    case 'kind':
    case 'tag':
      return text;
    default:
      return bodyValue(field, operator, text, quoted);
  }
}

function bodyValue(path: string, operator: Operator, text: string, quoted: boolean): Value | WrongValue {
  if (operator === 'prefix') return text;
  if (isAmountPath(path)) return amountOf(text) ?? { wrong: `${JSON.stringify(text.slice(0, 80))} is no amount`, allowed: `stroops (10^-7 TFT): an integer from 0 to ${MAX_STROOPS}` };
  if (quoted) return text;
  if (text === 'true' || text === 'false') return text === 'true';
  if (text === 'null') return { wrong: 'null is no value', allowed: `not ${path} exists` };
  if (INTEGER.test(text) && Number.isSafeInteger(Number(text))) return BigInt(text);
  return text;
}

/** ms since 1970; a time without a zone is UTC. */
function timeOf(text: string): bigint | undefined {
  if (/^(0|[1-9][0-9]{0,14})$/.test(text)) return BigInt(text);
  if (!TIME.test(text)) return undefined;
  const hasZone = !text.includes('T') || /(Z|[+-][0-9]{2}:[0-9]{2})$/.test(text);
  const time = Date.parse(hasZone ? text : `${text}Z`);
  return Number.isNaN(time) ? undefined : BigInt(time);
}

function keyOf(text: string): string | undefined {
  try {
    return parseKey(text);
  } catch (thrown) {
    if (isProblem(thrown)) return undefined;
    throw thrown;
  }
}
