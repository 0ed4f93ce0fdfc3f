// A record as commands show it.
import type { JsonObject } from '../../src/base/canonical.js';
import { iso } from '../../src/base/clock.js';
import type { Found } from '../../src/bcdb/record-at.js';
import type { Payload } from '../../src/schema/types.js';

/** A record, opened. */
export interface Shown {
  readonly index: number;
  readonly id: string;
  /** When the home took it in, ISO 8601. */
  readonly at: string;
  readonly kind: string;
  readonly chain: string;
  readonly height: number;
  readonly signers: readonly string[];
  readonly body: JsonObject;
}

/** Opens a record that was found in the book. */
export function shown({ index, id, at, payload, signatures }: Found): Shown {
  const { kind, chain, height, body } = JSON.parse(payload) as Payload;
  return { index, id, at: iso(at), kind, chain, height, signers: signatures.map(({ by }) => by), body: body as JsonObject };
}
