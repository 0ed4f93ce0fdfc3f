// Checks the signatures of many records; the workers are to come.
import type { SignedRecord } from '../schema/types.js';
import { verifyBytes } from './ed25519.js';
import { signingBytes } from './signed.js';

/** Checks signatures in batches. */
export class SignaturePool implements AsyncDisposable {
  /** Whether every signature of each record holds, in order. */
  async check(records: readonly SignedRecord[]): Promise<boolean[]> {
    return records.map(({ payload, signatures }) => signatures.every(({ by, sig }) => verifyBytes(by, signingBytes('record', payload), sig)));
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
