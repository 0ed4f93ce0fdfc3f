// A payment request as a text: whom to pay, how much, on which grid, until when. Shaped as SEP-0007's `pay`, under a
// scheme of its own, so that no Stellar wallet takes it for a request of Stellar's TFT.
import { formatTft, parseTft } from '../base/amount.js';
import { canonical } from '../base/canonical.js';
import { iso } from '../base/clock.js';
import { isProblem, Problem } from '../base/errors.js';
import { MAX_REQUEST_CHARS } from '../base/limits.js';
import { addressOf, parseKey } from '../keys/did.js';

/** What is asked for. */
export interface PaymentRequest {
  /** Id of the grid, hex. */
  readonly grid: string;
  /** Account key, hex. */
  readonly to: string;
  /** Stroops, above 0. */
  readonly amount: bigint;
  readonly memo: string;
  /** ms since 1970; null: no end. */
  readonly expires: number | null;
  /** 32 hex digits: the same request is paid once. */
  readonly id: string;
}

const SCHEME = 'web+3bot:pay?';
const FIELDS = ['grid', 'destination', 'amount', 'memo', 'expires', 'id'] as const;

/** `web+3bot:pay?grid=…&destination=G…&amount=2.5000000&memo=…&expires=…&id=…` */
export function requestText({ grid, to, amount, memo, expires, id }: PaymentRequest): string {
  const values = { grid, destination: addressOf(to), amount: formatTft(amount), memo, expires: expires === null ? '' : iso(expires), id };
  return SCHEME + FIELDS.filter((name) => values[name] !== '').map((name) => `${name}=${encodeURIComponent(values[name])}`).join('&');
}

/**
 * Reads a request: size → scheme → fields, each known and once → grid, address with its checksum, exact amount, memo,
 * time, id.
 * @param text hostile
 * @throws Problem `malformed`, reason `request`
 */
export function parseRequest(text: string): PaymentRequest {
  if (text.length > MAX_REQUEST_CHARS) throw malformed(`it has more than ${MAX_REQUEST_CHARS} characters`);
  if (/^web\+stellar:/i.test(text)) throw malformed("it asks for money on Stellar (SEP-0007), and TFT here is a grid's own");
  if (!text.startsWith(SCHEME)) throw malformed(`it does not begin with ${SCHEME}`);
  const fields = fieldsOf(text.slice(SCHEME.length));
  const value = (name: (typeof FIELDS)[number]): string => {
    const found = fields.get(name);
    if (found === undefined) throw malformed(`it has no ${name}`);
    return found;
  };
  const [grid, address, id, memo] = [value('grid'), value('destination'), value('id'), fields.get('memo') ?? ''];
  if (!/^[0-9a-f]{64}$/.test(grid)) throw malformed('its grid is no id');
  if (!/^[0-9a-f]{32}$/.test(id)) throw malformed('its id is not 32 hex digits');
  if (!address.startsWith('G')) throw malformed('its destination is no address');
  const to = checked('destination', () => parseKey(address));
  const amount = checked('amount', () => parseTft(value('amount')));
  if (amount === 0n) throw malformed('it asks for nothing');
  checked('memo', () => canonical(memo));
  if (memo.length > 100) throw malformed('its memo has more than 100 characters');
  return { grid, to, amount, memo, expires: timeOf(fields.get('expires')), id };
}

function fieldsOf(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const part of text.split('&')) {
    const [name = '', raw, more] = part.split('=');
    if (raw === undefined || more !== undefined || !(FIELDS as readonly string[]).includes(name)) throw malformed(`it says ${JSON.stringify(part.slice(0, 50))}, which is not known here`);
    if (fields.has(name)) throw malformed(`it says ${name} twice`);
    fields.set(name, checked(name, () => decodeURIComponent(raw)));
  }
  return fields;
}

function timeOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  const time = Date.parse(text);
  if (Number.isNaN(time) || iso(time) !== text) throw malformed('its expires is no time as 2026-01-31T12:00:00.000Z');
  return time;
}

function checked<T>(field: string, read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    if (isProblem(thrown)) throw malformed(`its ${field}: ${thrown.message}`);
    if (thrown instanceof URIError) throw malformed(`its ${field} is not well encoded`);
    throw thrown;
  }
}

function malformed(why: string): Problem {
  return new Problem('malformed', `not a payment request: ${why}`, { reason: 'request', hint: '3bot wallet request prints one' });
}
