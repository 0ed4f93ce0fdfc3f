// What the unlock agent lets money leave for: a cap for each record that it signs, and one for a day.
//
// It counts signatures, not payments: a signed record may be handed in by whoever has it. Nothing of it outlives the
// agent: a new one begins at nothing, and to start one takes the passphrase, with which everything can be spent anyhow.
import { formatTft } from '../base/amount.js';
import { Problem } from '../base/errors.js';
import type { Clock } from '../base/clock.js';
import { sha256Hex } from '../base/hash.js';
import { MAX_AGENT_SPENDINGS } from '../base/limits.js';

/** Caps in stroops, as decimal strings, so that they pass through JSON; null: none. */
export interface Caps {
  /** For one record: what a command signs. */
  readonly per_command_stroops: string | null;
  /** For all records of any 24 hours. */
  readonly per_day_stroops: string | null;
}

/** Caps, and what may be signed away right now. */
export interface CapState extends Caps {
  readonly left_stroops: string | null;
}

export const NO_CAPS: Caps = { per_command_stroops: null, per_day_stroops: null };

const DAY_MS = 24 * 3_600_000;

/** A record as far as money goes; `checkPayload` has seen that it has this shape. */
interface Paying {
  readonly kind: string;
  readonly body: { readonly payers?: readonly { readonly account: string; readonly amount_stroops: string }[] };
}

/** Counts what one agent signs away. */
export class Spending {
  readonly #caps: Caps;
  readonly #clock: Clock;
  /** By record id: the same record again costs nothing. */
  readonly #signed = new Map<string, { readonly at: number; readonly amount: bigint }>();

  constructor(caps: Caps, clock: Clock) {
    this.#caps = caps;
    this.#clock = clock;
  }

  /**
   * Counts a record that is about to be signed.
   * @param payload of a record in good shape
   * @param key that signs, hex
   * @param isAccount whether the key is an account's: it may be one of several keys of any payer, so all of them count
   * @throws Problem `over_limit`, reason `cap`
   */
  allow(payload: string, key: string, isAccount: boolean): void {
    const { per_command_stroops: most, per_day_stroops: daily } = this.#caps;
    if (most === null && daily === null) return;
    const { kind, body } = JSON.parse(payload) as Paying;
    if (kind === 'account@1') throw overCap('under a cap the agent does not change who spends an account');
    const amount = (body.payers ?? []).reduce((sum, payer) => (isAccount || payer.account === key ? sum + BigInt(payer.amount_stroops) : sum), 0n);
    const id = sha256Hex(payload);
    if (amount === 0n || this.#signed.has(id)) return;
    if (most !== null && amount > BigInt(most)) throw overCap(`${formatTft(amount)} TFT is above the cap for a command, ${formatTft(BigInt(most))} TFT`);
    const spent = this.#lastDay();
    if (daily !== null && spent + amount > BigInt(daily)) throw overCap(`${formatTft(amount)} TFT is above what is left of the cap for a day: ${formatTft(spent)} of ${formatTft(BigInt(daily))} TFT are signed away`);
    if (this.#signed.size >= MAX_AGENT_SPENDINGS) throw overCap(`${MAX_AGENT_SPENDINGS} payments in a day; no more are counted`);
    this.#signed.set(id, { at: this.#clock(), amount });
  }

  get state(): CapState {
    const { per_command_stroops: most, per_day_stroops: daily } = this.#caps;
    const rest = daily === null ? null : BigInt(daily) - this.#lastDay();
    const left = rest === null || (most !== null && BigInt(most) < rest) ? most : rest.toString();
    return { ...this.#caps, left_stroops: left };
  }

  /** What was signed away within 24 hours; what is older is forgotten. */
  #lastDay(): bigint {
    const since = this.#clock() - DAY_MS;
    let sum = 0n;
    for (const [id, { at, amount }] of this.#signed) {
      if (at <= since) this.#signed.delete(id);
      else sum += amount;
    }
    return sum;
  }
}

/**
 * Says before anything is negotiated what the agent would say to the signature.
 * @throws Problem `over_limit`, reason `cap`
 */
export function checkCap({ left_stroops: left }: CapState, amount: bigint): void {
  if (left !== null && amount > BigInt(left)) throw overCap(`${formatTft(amount)} TFT is above what the unlock agent may sign away now, ${formatTft(BigInt(left))} TFT`);
}

function overCap(message: string): Problem {
  return new Problem('over_limit', `${message}; nothing was signed`, { reason: 'cap', hint: '3bot lock, and give the passphrase; or 3bot unlock with higher caps' });
}
